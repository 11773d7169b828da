"""Brings a model from a source into the store. The only part of the service that fetches models.

Resolve what is offered -> lock -> fetch what is missing -> unpack -> convert -> one rename. What was fetched stays
until the model is installed, so a pull that broke off goes on where it was.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec.structs import replace

from service.errors import ConfigurationError, ModelCorrupt, ModelMissing
from service.models.conversion import MODEL
from service.models.download import Downloader, check_base_url
from service.models.entry import ModelEntry
from service.models.files import writing
from service.models.firefox import choose_firefox, firefox_offers
from service.models.folder import folder_offer
from service.models.hub import Hub
from service.models.manifest import sha256_of
from service.models.marian_folder import completed
from service.models.offers import Offer
from service.models.sources import FIREFOX, OPUS, Listener, Report, Sources
from service.models.store import ModelStore, Published
from service.models.unpack import unpack

# Fetched, unpacked, converted, and the published weights that are kept.
_ROOM = 4


def pull(store: ModelStore, sources: Sources, what: str, source: str, listener: Listener) -> ModelEntry:
    """Install the model that `what` names: a pair (`es-en`), or a model's id at its source.

    `source` is `firefox`, `opus` or the path of a folder. A model of the same revision whose files are whole is left as
    it is. Safe to call from several processes: the second waits and finds the work done.

    Raises InvalidInput when `what` names nothing, ModelMissing when the source has no such model or cannot be reached
    (naming the command that resumes), ModelCorrupt when a checksum or a format is wrong, ConfigurationError when
    offline, when an address is not HTTP, or when the store cannot be written.
    """
    command = f"manchete models pull {what} --source {source}"
    if source not in (FIREFOX, OPUS):
        offer = folder_offer(Path(source), what)
        return _install(store, offer, command, None, listener)
    with _downloader(sources, what, source, command) as download:
        if source == FIREFOX:
            base_url = check_base_url(sources.firefox_url, "MANCHETE_FIREFOX_URL")
            offer = choose_firefox(firefox_offers(download, base_url, listener.report), what)
        else:
            offer = Hub(download, check_base_url(sources.hub_url, "MANCHETE_HUB_URL"), listener.report).offer(what)
        if offer.obstacle is not None:
            raise ModelMissing(offer.obstacle, model_id=offer.entry.model_id)
        return _install(store, offer, command, download, listener)


def available(sources: Sources, source: str, report: Report) -> list[tuple[str, str, int]]:
    """What a source offers: model id, pair, bytes to fetch (0 where the source's list does not say).

    Raises as `pull`.
    """
    command = f"manchete models list --available --source {source}"
    with _downloader(sources, source, source, command) as download:
        if source == FIREFOX:
            base_url = check_base_url(sources.firefox_url, "MANCHETE_FIREFOX_URL")
            offers = firefox_offers(download, base_url, report)
            return [(offer.entry.model_id, offer.entry.pair, offer.bytes) for offer in offers if not offer.obstacle]
        hub = Hub(download, check_base_url(sources.hub_url, "MANCHETE_HUB_URL"), report)
        return [(name, name.removeprefix("opus-mt-"), 0) for name in sorted(hub.available())]


def _downloader(sources: Sources, wanted: str, source: str, command: str) -> Downloader:
    if sources.offline:
        raise ConfigurationError(
            f"MANCHETE_OFFLINE: {wanted} is not fetched from {source} while this is set; "
            f"run 'MANCHETE_OFFLINE=0 {command}' where there is a network",
            field="MANCHETE_OFFLINE",
        )
    return Downloader(wanted=wanted, command=command, first_pause_seconds=sources.first_pause_seconds)


def _install(
    store: ModelStore, offer: Offer, command: str, download: Downloader | None, listener: Listener
) -> ModelEntry:
    entry = offer.entry
    with store.lock(entry.model_id):
        ready = _ready(store, entry, listener.report)
        if ready is not None:
            return ready
        folder = store.download_folder(entry.model_id)
        if download is None:
            files = dict(offer.folder_files)
        else:
            _check_room(store, offer)
            with writing(store.root):
                files = _fetch(download, offer, folder, listener)
        if entry.kind == "student":
            # int8: one byte a weight.
            entry = replace(entry, parameters=files[MODEL].stat().st_size)
        else:
            entry = completed(entry, files, listener.report)
        listener.report(f"{entry.model_id}: converting ({entry.origin})")
        store.install(entry, Published(files, sha256_of(files[offer.weights]), command))
        shutil.rmtree(folder, ignore_errors=True)
    listener.report(f"{entry.model_id}: ready, {', '.join(sorted(_pairs(entry)))}")
    return entry


def _ready(store: ModelStore, entry: ModelEntry, report: Report) -> ModelEntry | None:
    """The installed model if it is of this revision and whole; the caller holds the lock."""
    manifest = store.manifest(entry.model_id)
    if manifest is None or manifest.entry.revision != entry.revision or store.current(manifest.entry) is None:
        return None
    try:
        store.verified(manifest.entry)
    except ModelCorrupt as error:
        report(error.message)
        return None
    report(f"{entry.model_id}: ready already")
    return manifest.entry


def _fetch(download: Downloader, offer: Offer, folder: Path, listener: Listener) -> dict[str, Path]:
    """The offer's files by name, decompressed."""
    folder.mkdir(exist_ok=True)
    expected = {f"{file.name}.{file.digest[:16]}.partial" for file in offer.files} | {one.name for one in offer.files}
    for leftover in folder.iterdir():
        # Of another revision: nothing here will go on with it.
        if leftover.name not in expected:
            leftover.unlink()
    files, before = {}, 0
    for file in offer.files:

        def progress(done: int, _: int, before: int = before) -> None:
            listener.progress(before + done, offer.bytes)

        path = download.file(file, folder, progress)
        files[file.name] = unpack(path, file, offer.entry.model_id)
        before += file.size
    return files


def _check_room(store: ModelStore, offer: Offer) -> None:
    free = shutil.disk_usage(store.root).free
    if free < _ROOM * offer.bytes:
        raise ConfigurationError(
            f"MANCHETE_HOME: {store.root} has {free} bytes free, {offer.entry.model_id} takes up to "
            f"{_ROOM * offer.bytes} while it is installed; free some space or set MANCHETE_HOME to another folder",
            field="MANCHETE_HOME",
        )


def _pairs(entry: ModelEntry) -> set[str]:
    if len(entry.sources) * len(entry.targets) > 20:
        return {f"{len(entry.sources)} languages to {len(entry.targets)}"}
    return {f"{source}-{target}" for source in entry.sources for target in entry.targets}
