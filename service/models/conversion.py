"""From a model's published files to what its engine loads: one place that knows the kinds of engine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service.engines.loading import CONVERTER_VERSION, convert, convert_ctranslate2
from service.errors import ModelMissing
from service.models.entry import ModelEntry

# The roles of a student's files. Files of other models go by their published names.
MODEL, VOCABULARY, SHORTLIST = "model", "vocabulary", "shortlist"
# A pulled student keeps its published weights beside the converted ones: its vocabulary and shortlist are kept as
# published already, so a later version of the converter needs no network.
PUBLISHED: Final[Mapping[str, str]] = {MODEL: "model.bin", VOCABULARY: "vocab.spm", SHORTLIST: "lex.bin"}
_VERSIONS: Final = {"student": CONVERTER_VERSION, "ctranslate2": 1, "seq2seq": 1}


def converter_version(entry: ModelEntry) -> int:
    """Raised when what `convert_into` writes for this kind of engine changes."""
    return _VERSIONS[entry.kind]


def convert_into(folder: Path, entry: ModelEntry, files: Mapping[str, Path]) -> int:
    """Write into `folder` what the engine of `entry` loads; returns the vocabulary size, 0 where the engine knows it.

    Raises ModelCorrupt naming the file that is not what it should be, ModelMissing naming one that is not among
    `files`, OSError when the disk refuses.
    """
    if entry.kind == "student":
        student = [_given(files, role, entry) for role in (MODEL, VOCABULARY, SHORTLIST)]
        return convert(*student, destination=folder, model_id=entry.model_id)
    if entry.kind == "ctranslate2":
        return convert_ctranslate2(_given(files, "config.json", entry).parent, folder, entry.model_id)
    for name, path in files.items():
        shutil.copyfile(path, folder / name)
    return 0


def keep_published(folder: Path, entry: ModelEntry, files: Mapping[str, Path]) -> None:
    """Keep the weights of a pulled student, so that it can be converted again."""
    if entry.kind == "student":
        shutil.copyfile(files[MODEL], folder / PUBLISHED[MODEL])


def published_in(folder: Path, entry: ModelEntry) -> dict[str, Path] | None:
    """The published files in an installed model's folder; None where it does not keep them all."""
    if entry.kind != "student":
        return None
    files = {role: folder / name for role, name in PUBLISHED.items()}
    return files if all(path.is_file() for path in files.values()) else None


def _given(files: Mapping[str, Path], name: str, entry: ModelEntry) -> Path:
    if name not in files:
        raise ModelMissing(f"{entry.model_id}: {name} is not among its files", model_id=entry.model_id)
    return files[name]
