"""Models on disk: each converted once, verified, whole or absent.

    <root>/<model_id>/manifest.json   what is in the folder and what it was made from
    <root>/<model_id>/encoder.onnx ... the files the engine loads
    <root>/.<model_id>.lock           held by the process that converts
    <root>/.<model_id>-*.partial      a conversion under way, or one that was killed

A folder appears under its final name by one rename, after everything in it is on disk. Whoever holds the lock removes
what a killed process left behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.engines.loading import CONVERTER_VERSION, SHORTLIST_FILE, WEIGHTS_FILE, convert
from service.errors import ConfigurationError, ModelCorrupt
from service.models.catalog import REINSTALL, Catalog, ModelEntry, SourceFile

MANIFEST_FILE: Final = "manifest.json"
REPAIR: Final = "manchete models prepare --force"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A converted model whose files were verified when this was made."""

    entry: ModelEntry
    folder: Path
    vocabulary_size: int


class ModelStore:
    """The folder of converted models. Safe to use from several processes at once."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self._root = root
        self._catalog = catalog

    def ensure(self, entry: ModelEntry, *, force: bool = False, report: Report | None = None) -> InstalledModel:
        """The converted model, converting it first where it is absent, of another revision, or `force` is given.

        Raises ModelMissing or ModelCorrupt naming the file at fault and the command that repairs it, and
        ConfigurationError when the folder cannot be written.
        """
        say = report or _silent
        if not force and self._manifest(entry) is not None:
            say(f"{entry.model_id}: ready in {self.folder(entry)}")
            return self.verified(entry)
        with self._lock(entry):
            # Another process may have converted it while this one waited.
            if force or self._manifest(entry) is None:
                say(f"{entry.model_id}: converting ({entry.origin})")
                self._convert(entry)
                say(f"{entry.model_id}: ready in {self.folder(entry)}")
        return self.verified(entry)

    def folder(self, entry: ModelEntry) -> Path:
        """Where the converted model is or will be."""
        return self._root / entry.model_id

    def sizes(self, entry: ModelEntry) -> tuple[int, int] | None:
        """Bytes of the converted model's weights and of its shortlist; None where there is no converted model."""
        try:
            weights, shortlist = ((self.folder(entry) / name).stat().st_size for name in (WEIGHTS_FILE, SHORTLIST_FILE))
        except OSError:
            return None
        return weights, shortlist

    def verified(self, entry: ModelEntry) -> InstalledModel:
        """The converted model, every file checked against the manifest; raises ModelCorrupt naming the file."""
        folder = self.folder(entry)
        manifest = self._manifest(entry)
        if manifest is None:
            raise _corrupt(entry, folder / MANIFEST_FILE, "is missing or of another revision")
        for name, expected in manifest.files.items():
            path = folder / name
            if not path.is_file():
                raise _corrupt(entry, path, "is missing")
            if sha256_of(path) != expected:
                raise _corrupt(entry, path, "has the wrong SHA-256 checksum")
        return InstalledModel(entry, folder, manifest.vocabulary_size)

    def checked_source(self, entry: ModelEntry, file: SourceFile) -> Path:
        """A published file of the model, its checksum verified; raises ModelMissing or ModelCorrupt."""
        path = self._catalog.locate(entry, file)
        if sha256_of(path) != file.sha256:
            raise ModelCorrupt(f"{path} has the wrong SHA-256 checksum; run '{REINSTALL}'", model_id=entry.model_id)
        return path

    def _convert(self, entry: ModelEntry) -> None:
        """Convert into a folder beside the final one, then rename; the caller holds the lock."""
        for leftover in self._root.glob(f".{entry.model_id}-*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)
        sources = [self.checked_source(entry, file) for file in (entry.model, entry.vocabulary, entry.shortlist)]
        partial = Path(tempfile.mkdtemp(prefix=f".{entry.model_id}-", suffix=".partial", dir=self._root))
        try:
            vocabulary_size = convert(*sources, destination=partial, model_id=entry.model_id)
            files = {path.name: sha256_of(path) for path in sorted(partial.iterdir())}
            manifest = Manifest(entry.revision, entry.model.sha256, CONVERTER_VERSION, vocabulary_size, files)
            (partial / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
            _flush(partial)
            partial.chmod(0o755)
            self._swap(partial, self.folder(entry))
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise

    def _swap(self, partial: Path, final: Path) -> None:
        if final.exists():
            # Renamed aside first: a folder that is not empty cannot be replaced by a rename.
            old = Path(tempfile.mkdtemp(prefix=f".{final.name}-", suffix=".partial", dir=self._root))
            final.rename(old / "old")
            partial.rename(final)
            shutil.rmtree(old, ignore_errors=True)
        else:
            partial.rename(final)

    def _manifest(self, entry: ModelEntry) -> Manifest | None:
        """The manifest of a conversion that is current, None when there is none."""
        try:
            manifest = Manifest.from_json((self.folder(entry) / MANIFEST_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        current = (entry.revision, entry.model.sha256, CONVERTER_VERSION)
        return manifest if (manifest.revision, manifest.source_sha256, manifest.converter) == current else None

    @contextmanager
    def _lock(self, entry: ModelEntry) -> Iterator[None]:
        # Imported here: it brings asyncio along, and most processes find their models converted.
        from filelock import FileLock

        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with FileLock(self._root / f".{entry.model_id}.lock"):
                yield
        except OSError as error:
            raise ConfigurationError(
                f"MANCHETE_HOME: {self._root} cannot be written ({error.strerror or error}); "
                "free some space or set MANCHETE_HOME to a folder that can",
                field="MANCHETE_HOME",
            ) from error


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a converted model's folder holds: file name to SHA-256, and what it was made from and by."""

    revision: str
    source_sha256: str
    converter: int
    vocabulary_size: int
    files: dict[str, str]

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read `manifest.json`; raises ValueError when it is not one."""
        fields = json.loads(text)
        if not isinstance(fields, dict) or set(fields) != set(cls.__slots__):
            raise ValueError("not a manifest")
        files = fields["files"]
        if not isinstance(files, dict) or any(Path(str(name)).name != name for name in files):
            raise ValueError("not a manifest")
        return cls(**fields)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _corrupt(entry: ModelEntry, path: Path, what: str) -> ModelCorrupt:
    return ModelCorrupt(f"{path} {what}; run '{REPAIR}'", model_id=entry.model_id)


def _flush(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _silent(message: str) -> None:
    del message
