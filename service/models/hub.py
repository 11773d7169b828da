"""OPUS-MT models on a Hugging Face hub, or on a mirror of one.

Endpoints, as the hub documents them: `/api/models/{repo}` and `/api/models/{repo}/revision/{revision}`, with
`?blobs=true` for sizes and checksums (`lfs.sha256` of large files, the git blob id of small ones);
`/api/models/{repo}/discussions`; `/{repo}/resolve/{commit}/{file}`, which may redirect; `/api/models?author=...`, whose
`Link` header leads to the next page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from msgspec.structs import replace

from service.errors import InvalidInput, ModelMissing
from service.languages import primary
from service.models.download import Downloader, RemoteFile
from service.models.entry import UNKNOWN_LICENCE, ModelEntry, is_model_id
from service.models.offers import Offer
from service.models.pairs import known_languages, parse_pair
from service.models.sources import Report

OWNER: Final = "Helsinki-NLP"
WEIGHTS: Final = "model.safetensors"
# Nothing else is fetched: weights in safetensors, vocabularies and JSON, none of which can run code when it is read.
REQUIRED: Final = ("config.json", WEIGHTS, "vocab.json", "source.spm", "target.spm")
OPTIONAL: Final = ("generation_config.json", "tokenizer_config.json")
# Who converts weights to safetensors on the hub; its proposals are taken where the repository itself has none.
CONVERTER: Final = "SFconvertbot"
# Sources that share one model, where a pair has none of its own.
_ROMANCE: Final = frozenset({"ca", "es", "fr", "gl", "it", "la", "oc", "pt", "ro", "sc", "scn", "vec"})
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_PREFIX: Final = re.compile(r"opus-mt-(tc-(big|base|bible-big)-)?")
_MAX_PAGES: Final = 20


class Hub(msgspec.Struct, frozen=True):
    """One hub: how it is reached, and who is told what is left out."""

    download: Downloader
    base_url: str
    report: Report

    def offer(self, what: str) -> Offer:
        """The model of a pair, or the one named by repository or id; raises ModelMissing naming what was looked for."""
        candidates = _candidates(what)
        for repository in candidates:
            found = self.download.find(f"{self.base_url}/api/models/{repository}?blobs=true")
            if found is not None:
                return self._offer(repository, found[0], parse_pair(what))
        raise ModelMissing(f"{what}: {self.base_url} has none of {', '.join(candidates)}", model_id=what)

    def available(self) -> Iterator[str]:
        """The repositories of OPUS-MT, by name; raises ModelMissing when the hub cannot be asked."""
        url = f"{self.base_url}/api/models?author={OWNER}&search=opus-mt&limit=1000"
        for _ in range(_MAX_PAGES):
            document, headers = self.download.document(url)
            for item in document:
                name = str(item.get("id") or item.get("modelId")) if isinstance(item, Mapping) else ""
                if name.startswith(f"{OWNER}/opus-mt-"):
                    yield name.removeprefix(f"{OWNER}/")
            following = httpx.Response(200, headers={"link": headers.get("link", "")}).links.get("next", {}).get("url")
            if following is None:
                return
            # Only the page's number is the hub's to say, not the host that is asked.
            url = f"{self.base_url}/api/models?{urlsplit(following).query}"
        self.report(f"{self.base_url}: only the first {_MAX_PAGES} pages are listed")

    def _offer(self, repository: str, document: Any, pair: tuple[str, str] | None) -> Offer:
        files, commit = self._files(repository, document)
        if WEIGHTS not in files:
            files, commit = self._converted(repository)
        missing = [name for name in REQUIRED if name not in files]
        if missing:
            raise ModelMissing(f"{repository} has no {', '.join(missing)}", model_id=repository)
        try:
            entry = self._entry(repository, document, pair)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._not_a_hub(repository, error) from error
        entry = replace(entry, revision=commit, parameters=entry.parameters or files[WEIGHTS].size // 4)
        if not is_model_id(entry.model_id):
            raise ModelMissing(f"{repository} has a name that cannot be that of a folder", model_id=repository)
        wanted = (*REQUIRED, *(name for name in OPTIONAL if name in files))
        return Offer(entry, WEIGHTS, tuple(files[name] for name in wanted))

    def _entry(self, repository: str, document: Any, pair: tuple[str, str] | None) -> ModelEntry:
        card = document.get("cardData") or {}
        total = (document.get("safetensors") or {}).get("total")
        return ModelEntry(
            model_id=repository.partition("/")[2],
            sources=self._sources(repository, card, pair),
            targets=_named_targets(repository),
            revision="",
            origin=f"{repository} of {urlsplit(self.base_url).netloc}",
            licence=str(card.get("license") or UNKNOWN_LICENCE),
            kind="ctranslate2",
            parameters=int(total or 0),
            score=_score(card),
        )

    def _not_a_hub(self, repository: str, error: Exception) -> ModelMissing:
        what = f"{self.base_url} does not answer about {repository} as a hub ({type(error).__name__}: {error})"
        return ModelMissing(what, model_id=repository)

    def _files(self, repository: str, document: Any) -> tuple[dict[str, RemoteFile], str]:
        """The files of one revision that may be fetched, by name, and the commit; raises ModelMissing."""
        try:
            commit = str(document["sha"])
            siblings = {str(item["rfilename"]): item for item in document["siblings"]}
            if _COMMIT.fullmatch(commit) is None:
                raise ValueError(commit)
            return {
                name: self._file(repository, commit, name, siblings[name])
                for name in (*REQUIRED, *OPTIONAL)
                if name in siblings
            }, commit
        except (KeyError, TypeError, ValueError) as error:
            raise self._not_a_hub(repository, error) from error

    def _file(self, repository: str, commit: str, name: str, sibling: Mapping[str, Any]) -> RemoteFile:
        lfs = sibling.get("lfs") or {}
        return RemoteFile(
            name=name,
            url=f"{self.base_url}/{repository}/resolve/{commit}/{name}",
            size=int(lfs.get("size", sibling["size"])),
            sha256=lfs.get("sha256"),
            git_sha1=sibling.get("blobId"),
        )

    def _converted(self, repository: str) -> tuple[dict[str, RemoteFile], str]:
        """The files of the proposal that adds weights in safetensors; raises ModelMissing where there is none."""
        url = f"{self.base_url}/api/models/{repository}"
        discussions, _ = self.download.document(f"{url}/discussions")
        for one in discussions.get("discussions") or ():
            author = one.get("author") or {}
            name = author.get("name") if isinstance(author, Mapping) else author
            if name == CONVERTER and one.get("isPullRequest") and one.get("status") in ("open", "merged"):
                revision = quote(f"refs/pr/{int(one['num'])}", safe="")
                document, _ = self.download.document(f"{url}/revision/{revision}?blobs=true")
                self.report(f"{repository}: the weights are those of {CONVERTER}'s proposal {one['num']}")
                return self._files(repository, document)
        raise ModelMissing(
            f"{repository} has no {WEIGHTS}, and weights in other formats are not read because reading them can run "
            "code; convert it and name the folder: 'manchete models pull PAIR --source DIR'",
            model_id=repository,
        )

    def _sources(self, repository: str, card: Mapping[str, Any], pair: tuple[str, str] | None) -> tuple[str, ...]:
        named = parse_pair(_pair_part(repository))
        if named is not None:
            return (named[0],)
        if not repository.partition("/")[2].startswith("opus-mt-"):
            raise InvalidInput(
                f"pair: the name of {repository} does not end in a pair of languages, so nothing says what it "
                "translates; download it and name the folder: 'manchete models pull PAIR --source DIR'",
                field="pair",
            )
        codes = card.get("language") or ()
        languages, unknown = known_languages([codes] if isinstance(codes, str) else codes)
        if unknown:
            self.report(f"{repository}: {len(unknown)} of its languages have no name here: {', '.join(unknown[:10])}")
        source, _, target = _pair_part(repository).rpartition("-")
        own, _ = known_languages([source])
        if own:
            return own
        written, _ = known_languages([target])
        asked = () if pair is None else (pair[0],)
        sources = tuple(dict.fromkeys((*asked, *(tag for tag in languages if tag not in written))))
        if not sources:
            raise InvalidInput(
                f"pair: {repository} does not say which languages it reads; name a pair such as es-en", field="pair"
            )
        return sources


def _candidates(what: str) -> list[str]:
    """Repositories to ask for, the likeliest first."""
    owner, slash, name = what.rpartition("/")
    if slash or what.startswith("opus-mt-"):
        owner = owner or OWNER
        if not (_PART.fullmatch(owner) and _PART.fullmatch(name)):
            raise InvalidInput(f"pair: {what[:80]} is not the name of a repository", field="pair")
        return [f"{owner}/{name}"]
    pair = parse_pair(what)
    if pair is None:
        if not _PART.fullmatch(what):
            raise InvalidInput(f"pair: {what[:80]} is neither a pair such as es-en nor a model", field="pair")
        return [f"{OWNER}/opus-mt-{what}"]
    source, target = map(primary, pair)
    names = [f"{source}-{target}", f"tc-big-{source}-{target}"]
    names += [f"ROMANCE-{target}"] if source in _ROMANCE and target == "en" else []
    names += [f"{source}-ROMANCE"] if target in _ROMANCE and source == "en" else []
    names += [f"mul-{target}"] if target == "en" else []
    names += [f"{source}-mul"] if source == "en" else []
    return [f"{OWNER}/opus-mt-{name}" for name in names]


def _pair_part(repository: str) -> str:
    return _PREFIX.sub("", repository.partition("/")[2], count=1)


def _named_targets(repository: str) -> tuple[str, ...]:
    """The target in the repository's name; of a group its code, until the vocabulary is here, which has the targets."""
    named = parse_pair(_pair_part(repository))
    if named is not None:
        return (named[1],)
    code = _pair_part(repository).rpartition("-")[2]
    return known_languages([code])[0] or (code,)


def _score(card: Mapping[str, Any]) -> float | None:
    """The mean BLEU on FLORES that the model's card gives, None where it gives none."""
    values = [
        float(metric["value"])
        for model in card.get("model-index") or ()
        for result in model.get("results") or ()
        if "flores" in str((result.get("dataset") or {}).get("name", "")).lower()
        for metric in _metrics(result)
        if str(metric.get("type", "")).lower() == "bleu"
    ]
    return round(sum(values) / len(values), 2) if values else None


def _metrics(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [metric for metric in result.get("metrics") or () if isinstance(metric.get("value"), float | int)]
