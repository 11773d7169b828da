"""Mozilla's model records: which students there are, and where their files lie.

The records are a Remote Settings collection (`translations-models-v2`): `{"data": [record, ...]}`, each record a file
with `fileType` (`model`, `lex`, `vocab`, or `srcvocab` and `trgvocab`), `sourceLanguage`, `targetLanguage`, `version`,
`architecture`, `decompressedHash`, and an `attachment` of `location`, `hash` (SHA-256 of the bytes as served) and
`size`. The server's root document says which address locations are relative to
(`capabilities.attachments.base_url`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

from service.errors import ModelMissing, UnknownLanguage
from service.languages import normalise
from service.models.catalog import is_embedded
from service.models.conversion import MODEL, SHORTLIST, SOURCE_VOCABULARY, TARGET_VOCABULARY, VOCABULARY
from service.models.download import Downloader, RemoteFile
from service.models.entry import ModelEntry, is_model_id, language_key
from service.models.offers import Offer
from service.models.pairs import parse_pair
from service.models.sources import FIREFOX, OPUS, Report

RECORDS_PATH: Final = "/v1/buckets/main/collections/translations-models-v2/records"
# The major version of the format that the student engine reads; Mozilla's own engine takes the same one.
MAJOR_VERSION: Final = 3
_ONE_VOCABULARY: Final = {"model": MODEL, "vocab": VOCABULARY, "lex": SHORTLIST}
_TWO_VOCABULARIES: Final = {
    "model": MODEL,
    "srcvocab": SOURCE_VOCABULARY,
    "trgvocab": TARGET_VOCABULARY,
    "lex": SHORTLIST,
}
_KINDS: Final = _ONE_VOCABULARY.keys() | _TWO_VOCABULARIES.keys()
_VERSION: Final = re.compile(r"(\d+)\.(\d+)")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

# Source, target, architecture.
_Key = tuple[str, str, str]
_Files = dict[str, Mapping[str, Any]]


def firefox_offers(download: Downloader, base_url: str, report: Report) -> tuple[Offer, ...]:
    """The newest released version of every student of the records; tells `report` what it leaves out.

    Raises ModelMissing when the records cannot be had.
    """
    root, _ = download.document(f"{base_url}/v1/")
    body, _ = download.document(base_url + RECORDS_PATH)
    try:
        attachments = urljoin(f"{base_url}/v1/", str(root["capabilities"]["attachments"]["base_url"]))
        records = list(body["data"])
    except (KeyError, TypeError) as error:
        raise ModelMissing(f"{base_url} does not answer as a records server ({error})", model_id=FIREFOX) from error
    versions: dict[_Key, dict[tuple[int, int], _Files]] = {}
    ignored = 0
    for record in records:
        placed = _place(record)
        if placed is None:
            ignored += 1
            continue
        key, version, kind = placed
        versions.setdefault(key, {}).setdefault(version, {})[kind] = record
    if ignored:
        report(f"{base_url}: {ignored} of {len(records)} records are of another version or of no use here")
    offers = (_offer(key, found, attachments) for key, found in sorted(versions.items()))
    return tuple(offer for offer in offers if offer is not None)


def choose_firefox(offers: tuple[Offer, ...], what: str) -> Offer:
    """The offer of a model id, or the largest of a pair; raises ModelMissing naming what was looked for."""
    matching = [offer for offer in offers if offer.entry.model_id == what]
    pair = parse_pair(what)
    if not matching and pair is not None:
        wanted = tuple(map(language_key, pair))
        matching = [offer for offer in offers if (offer.entry.source, offer.entry.target) == wanted]
    if matching:
        return max(matching, key=lambda offer: (offer.obstacle is None, offer.bytes, offer.entry.model_id))
    hint = ""
    if pair is not None:
        pairs = {offer.entry.pair for offer in offers}
        legs = [f"{language_key(pair[0])}-en", f"en-{language_key(pair[1])}"]
        if set(legs) <= pairs:
            hint = f"; {legs[0]} and {legs[1]} are there and are used one after the other"
    raise ModelMissing(f"{what}: there is no such student among the {len(offers)} of the records{hint}", model_id=what)


def _place(record: Any) -> tuple[_Key, tuple[int, int], str] | None:
    """Which model a record is a file of; None for what this reader has no use for."""
    try:
        version = _VERSION.fullmatch(str(record["version"]))
        kind = str(record["fileType"])
        source, target = (normalise(str(record[name]), field=name) for name in ("sourceLanguage", "targetLanguage"))
        attachment = record["attachment"]
        usable = _SHA256.fullmatch(attachment["hash"]) and int(attachment["size"]) > 0 and attachment["location"]
    except (KeyError, TypeError, ValueError, UnknownLanguage):
        return None
    if not usable or version is None or int(version[1]) != MAJOR_VERSION or kind not in _KINDS:
        return None
    return (source, target, str(record.get("architecture") or "tiny")), (int(version[1]), int(version[2])), kind


def _offer(key: _Key, versions: Mapping[tuple[int, int], _Files], attachments: str) -> Offer | None:
    source, target, architecture = key
    complete = [version for version, files in versions.items() if {"model", "lex"} <= files.keys()]
    if not complete:
        return None
    newest = max(complete)
    records = versions[newest]
    model_id = f"firefox-{architecture}-{source}-{target}"
    number = ".".join(map(str, newest))
    if is_embedded(model_id):
        model_id += f"-v{number}"
    if not is_model_id(model_id):
        return None
    roles = _ONE_VOCABULARY if "vocab" in records else _TWO_VOCABULARIES
    files = tuple(_file(records[kind], role, attachments) for kind, role in roles.items() if kind in records)
    entry = ModelEntry(
        model_id=model_id,
        sources=(source,),
        targets=(language_key(target),),
        revision=f"{number}+{records['model']['attachment']['hash'][:8]}",
        origin=f"Firefox Translations student ({architecture})",
        target_variant=None if target == language_key(target) else target,
    )
    missing = [kind for kind in roles if kind not in records]
    return Offer(entry, MODEL, files, obstacle=_obstacle(entry, missing) if missing else None)


def _obstacle(entry: ModelEntry, missing: list[str]) -> str:
    return (
        f"{entry.model_id}: the records have no {' and no '.join(missing)} of version {entry.revision}; "
        f"run 'manchete models pull {entry.pair} --source {OPUS}'"
    )


def _file(record: Mapping[str, Any], role: str, attachments: str) -> RemoteFile:
    attachment = record["attachment"]
    content = str(record.get("decompressedHash") or "")
    return RemoteFile(
        name=role,
        url=urljoin(attachments, quote(str(attachment["location"]))),
        size=int(attachment["size"]),
        sha256=str(attachment["hash"]),
        content_sha256=content if _SHA256.fullmatch(content) else None,
    )
