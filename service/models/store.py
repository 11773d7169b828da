"""Models on disk: each converted once, verified, whole or absent.

    <root>/<model_id>/manifest.json   what is in the folder and what it was made from
    <root>/<model_id>/encoder.onnx ... the files the engine loads
    <root>/.<model_id>.lock           held by the process that pulls or converts
    <root>/.<model_id>.download/      files under way from a source, kept for the next try
    <root>/.<model_id>-*.partial      a conversion under way, or one that was killed

A folder appears under its final name by one rename, after everything in it is on disk. Whoever holds the lock removes
what a killed process left behind. Nothing here touches the network.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import msgspec

from service.engines.loading import StudentFiles
from service.errors import ModelCorrupt, ModelMissing
from service.models.catalog import REINSTALL, Catalog, ModelEntry, SourceFile
from service.models.conversion import (
    MODEL,
    SHORTLIST,
    VOCABULARY,
    convert_into,
    converter_version,
    keep_published,
    published_in,
    student_files,
)
from service.models.entry import base_id, is_model_id
from service.models.files import (
    locked,
    partial_folder,
    partial_folders,
    remove_folder,
    size_of,
    swap,
    writing,
)
from service.models.manifest import MANIFEST_FILE, Manifest, read_manifest, sha256_of, stored_files
from service.models.sources import Report

__all__ = ["MANIFEST_FILE", "InstalledModel", "Manifest", "ModelStore", "Report", "sha256_of"]

REPAIR: Final = "manchete models prepare --force"


class InstalledModel(msgspec.Struct, frozen=True):
    """A converted model whose files were verified when this was made."""

    entry: ModelEntry
    folder: Path
    vocabulary_size: int


class Published(msgspec.Struct, frozen=True):
    """A model's published files on this disk, by role or by name, verified; and the command that brings them again."""

    files: Mapping[str, Path]
    weights_sha256: str
    repair: str


class ModelStore:
    """The folder of converted models. Safe to use from several processes at once."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self.root = root
        self._catalog = catalog

    def ensure(self, entry: ModelEntry, *, force: bool = False, report: Report | None = None) -> InstalledModel:
        """The converted model, converting it first where it is absent, of another revision, or `force` is given.

        Only what is on this machine is converted: a model that does not arrive with pip is pulled first.

        Raises ModelMissing or ModelCorrupt naming the file at fault and the command that repairs it, and
        ConfigurationError when the folder cannot be written.
        """
        say = report or _silent
        if not force and self.current(entry) is not None:
            say(f"{entry.model_id}: ready in {self.folder(entry)}")
            return self.verified(entry)
        with self.lock(entry.model_id):
            # Another process may have converted it while this one waited.
            if force or self.current(entry) is None:
                say(f"{entry.model_id}: converting ({entry.origin})")
                self.install(entry, self._published(entry))
                say(f"{entry.model_id}: ready in {self.folder(entry)}")
        return self.verified(entry)

    def folder(self, entry: ModelEntry) -> Path:
        """Where the converted model is or will be."""
        return self.root / base_id(entry.model_id)

    def download_folder(self, model_id: str) -> Path:
        """Where files of the model are kept while they are fetched."""
        return self.root / f".{model_id}.download"

    def lock(self, model_id: str) -> AbstractContextManager[bool]:
        """Held by whoever changes a model's folder; raises ConfigurationError where the store cannot be written."""
        return locked(self.root, model_id)

    def folders(self) -> tuple[Path, ...]:
        """The folders of what is installed, in order."""
        return tuple(sorted(path.parent for path in self.root.glob(f"[!.]*/{MANIFEST_FILE}")))

    def manifests(self) -> tuple[Manifest, ...]:
        """What is installed, by model id; folders without a readable manifest are not."""
        found = map(read_manifest, self.folders())
        return tuple(one for one in found if one is not None)

    def entries(self) -> tuple[ModelEntry, ...]:
        """The installed models that can be loaded and did not arrive with pip."""
        entries = (manifest.entry for manifest in self.manifests())
        return tuple(entry for entry in entries if not self._embedded(entry.model_id) and self._usable(entry))

    def manifest(self, model_id: str) -> Manifest | None:
        """The manifest of an installed model, of whatever revision; None where it is not installed."""
        base = base_id(model_id)
        return read_manifest(self.root / base) if is_model_id(base) else None

    def current(self, entry: ModelEntry) -> Manifest | None:
        """The manifest of a conversion that is current, None when there is none."""
        manifest = self.manifest(entry.model_id)
        if manifest is None or manifest.converter != converter_version(entry):
            return None
        same = manifest.entry.revision == entry.revision
        if entry.carried is not None:
            same = same and manifest.source_sha256 == entry.model.sha256
        return manifest if same else None

    def verified(self, entry: ModelEntry) -> InstalledModel:
        """The converted model, every file checked against the manifest; raises ModelCorrupt naming the file."""
        manifest = self.current(entry)
        if manifest is None:
            raise _corrupt(entry, self.folder(entry) / MANIFEST_FILE, "is missing or of another revision", REPAIR)
        self.check_files(manifest)
        return InstalledModel(entry, self.folder(entry), manifest.vocabulary_size)

    def check_files(self, manifest: Manifest) -> None:
        """Check every file of an installed model, whatever its converter; raises ModelCorrupt naming the file."""
        entry = manifest.entry
        for name, expected in manifest.files.items():
            path = self.folder(entry) / name
            if not path.is_file():
                raise _corrupt(entry, path, "is missing", manifest.repair)
            if sha256_of(path) != expected.sha256:
                raise _corrupt(entry, path, "has the wrong SHA-256 checksum", manifest.repair)

    def checked_source(self, entry: ModelEntry, file: SourceFile) -> Path:
        """A file of a model that arrives with pip, its checksum verified; raises ModelMissing or ModelCorrupt."""
        path = self._catalog.locate(entry, file)
        if sha256_of(path) != file.sha256:
            raise ModelCorrupt(f"{path} has the wrong SHA-256 checksum; run '{REINSTALL}'", model_id=entry.model_id)
        return path

    def student_files(self, entry: ModelEntry) -> StudentFiles:
        """A student's files as published, checked; raises ModelMissing or ModelCorrupt."""
        return student_files(entry, self._published(entry).files)

    def install(self, entry: ModelEntry, published: Published) -> None:
        """Convert into a folder beside the final one, then rename; the caller holds the lock.

        Raises ModelCorrupt naming the published file at fault, ConfigurationError when the store cannot be written.
        """
        with writing(self.root):
            for leftover in partial_folders(self.root, entry.model_id):
                shutil.rmtree(leftover, ignore_errors=True)
            partial = partial_folder(self.root, entry.model_id)
            try:
                vocabulary_size = convert_into(partial, entry, published.files)
                if entry.carried is None:
                    keep_published(partial, entry, published.files)
                manifest = Manifest(
                    entry,
                    published.weights_sha256,
                    converter_version(entry),
                    vocabulary_size,
                    stored_files(partial),
                    published.repair,
                )
                (partial / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
                swap(partial, self.folder(entry))
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise

    def remove(self, model_id: str) -> int:
        """Delete an installed model; returns the bytes freed.

        A process that has it in memory keeps it: its folder goes by a rename, and open files stay readable.
        Raises ModelMissing where it is not there, ConfigurationError when the store cannot be written.
        """
        folder = self.root / model_id
        if not is_model_id(model_id) or not folder.is_dir():
            known = ", ".join(manifest.entry.model_id for manifest in self.manifests()) or "none"
            raise ModelMissing(f"{model_id} is not in the store; there are: {known}", model_id=model_id)
        with self.lock(model_id), writing(self.root):
            freed = size_of(folder)
            remove_folder(folder)
        return freed

    def prune(self) -> dict[str, int]:
        """Delete what no engine can load: unfinished downloads and conversions, models of an older converter.

        Returns the bytes freed by name. What another process works on is left alone, as is a student of an older
        converter, which is converted again from its own published files when it is next used.
        Raises ConfigurationError when the store cannot be written.
        """
        freed = {}
        for path in sorted(self.root.glob("*")):
            owner = self._useless(path)
            if owner is None:
                continue
            with locked(self.root, owner, wait=False) as mine, writing(self.root):
                if mine and path.exists() and self._useless(path) is not None:
                    freed[path.name] = size_of(path)
                    shutil.rmtree(path)
        return freed

    def _useless(self, path: Path) -> str | None:
        """The model that a folder belongs to if no engine can load what is in it, else None."""
        if not path.is_dir():
            return None
        if path.name.startswith("."):
            owner = path.name.removesuffix(".download").removeprefix(".")
            if path.name.endswith(".partial"):
                owner = owner.rpartition("-")[0]
            return owner if is_model_id(owner) else None
        manifest = read_manifest(path)
        return None if manifest is not None and self._usable(manifest.entry) else path.name

    def _usable(self, entry: ModelEntry) -> bool:
        """Whether the model can be loaded with what is on this machine."""
        if self._embedded(entry.model_id) or self.current(entry) is not None:
            return True
        return published_in(self.folder(entry), entry) is not None

    def _embedded(self, model_id: str) -> bool:
        return any(entry.model_id == model_id and entry.carried is not None for entry in self._catalog)

    def _published(self, entry: ModelEntry) -> Published:
        if entry.carried is not None:
            roles = {MODEL: entry.model, VOCABULARY: entry.vocabulary, SHORTLIST: entry.shortlist}
            files = {role: self.checked_source(entry, file) for role, file in roles.items()}
            return Published(files, entry.model.sha256, REPAIR)
        manifest = self.manifest(entry.model_id)
        if manifest is None:
            command = f"manchete models pull {base_id(entry.model_id)}"
            raise ModelMissing(f"{entry.model_id} is not installed; run '{command}'", model_id=entry.model_id)
        folder = self.folder(entry)
        kept = published_in(folder, entry)
        if kept is None:
            raise _corrupt(entry, folder, "was converted by another version", manifest.repair)
        for path in kept.values():
            if sha256_of(path) != manifest.files[path.name].sha256:
                raise _corrupt(entry, path, "has the wrong SHA-256 checksum", manifest.repair)
        return Published(kept, manifest.source_sha256, manifest.repair)


def _corrupt(entry: ModelEntry, path: Path, what: str, repair: str) -> ModelCorrupt:
    return ModelCorrupt(f"{path} {what}; run '{repair}'", model_id=entry.model_id)


def _silent(message: str) -> None:
    del message
