"""`manifest.json`: what a model's folder in the store holds and what it was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from service.models.entry import ModelEntry

MANIFEST_FILE: Final = "manifest.json"


class StoredFile(msgspec.Struct, frozen=True):
    """A file of an installed model: SHA-256 in hexadecimal, size in bytes."""

    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """The entry, the SHA-256 of its published weights, the converter's version, the files, and what repairs them."""

    entry: ModelEntry
    source_sha256: str
    converter: int
    vocabulary_size: int
    files: Mapping[str, StoredFile]
    repair: str

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files.values())

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        files = {name: {"sha256": file.sha256, "bytes": file.bytes} for name, file in self.files.items()}
        fields = {
            "entry": self.entry.to_fields(),
            "source_sha256": self.source_sha256,
            "converter": self.converter,
            "vocabulary_size": self.vocabulary_size,
            "files": files,
            "repair": self.repair,
        }
        return json.dumps(fields, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read `manifest.json`; raises ValueError when it is not one."""
        fields: Any = json.loads(text)
        try:
            files = {str(name): StoredFile(**file) for name, file in fields.pop("files").items()}
            manifest = cls(entry=ModelEntry.from_fields(fields.pop("entry")), files=files, **fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("not a manifest") from error
        # A name that led out of the folder would have other files read as this model's.
        if not files or any(Path(name).name != name or not isinstance(files[name].bytes, int) for name in files):
            raise ValueError("not a manifest")
        return manifest


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a model's folder; None where there is none that can be read."""
    try:
        return Manifest.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def stored_files(folder: Path) -> dict[str, StoredFile]:
    """What is in a folder, by name."""
    return {path.name: StoredFile(sha256_of(path), path.stat().st_size) for path in sorted(folder.iterdir())}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    # Imported here: a model that is converted already is not summed up again.
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
