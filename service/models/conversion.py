"""From a model's published files to what its engine loads: one place that knows the kinds of engine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service.engines.loading import CONVERTER_VERSION, StudentFiles, convert, convert_ctranslate2
from service.errors import ModelMissing
from service.models.entry import ModelEntry

# The roles of a student's files. Files of other models go by their published names.
MODEL, VOCABULARY, SHORTLIST = "model", "vocabulary", "shortlist"
# In the place of `VOCABULARY` where the two languages have one each.
SOURCE_VOCABULARY, TARGET_VOCABULARY = "source-vocabulary", "target-vocabulary"
_VOCABULARIES: Final = ((VOCABULARY,), (SOURCE_VOCABULARY, TARGET_VOCABULARY))
# A pulled student keeps its published weights beside the converted ones: its vocabularies and shortlist are kept as
# published already, so a later version of the converter needs no network.
_PUBLISHED: Final[Mapping[str, str]] = {
    MODEL: "model.bin",
    VOCABULARY: "vocab.spm",
    SOURCE_VOCABULARY: "srcvocab.spm",
    TARGET_VOCABULARY: "trgvocab.spm",
    SHORTLIST: "lex.bin",
}
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
        return convert(student_files(entry, files), folder, entry.model_id)
    if entry.kind == "ctranslate2":
        return convert_ctranslate2(_given(files, "config.json", entry).parent, folder, entry.model_id)
    for name, path in files.items():
        shutil.copyfile(path, folder / name)
    return 0


def student_files(entry: ModelEntry, files: Mapping[str, Path]) -> StudentFiles:
    """A student's published files out of those by role; raises ModelMissing naming one that is not among them."""
    roles = _vocabulary_roles(files)
    vocabularies = tuple(_given(files, role, entry) for role in roles)
    return StudentFiles(_given(files, MODEL, entry), vocabularies, _given(files, SHORTLIST, entry))


def keep_published(folder: Path, entry: ModelEntry, files: Mapping[str, Path]) -> None:
    """Keep the weights of a pulled student, so that it can be converted again."""
    if entry.kind == "student":
        shutil.copyfile(files[MODEL], folder / _PUBLISHED[MODEL])


def published_in(folder: Path, entry: ModelEntry) -> dict[str, Path] | None:
    """The published files in an installed model's folder; None where it does not keep them all."""
    if entry.kind != "student":
        return None
    files = {role: folder / name for role, name in _PUBLISHED.items() if (folder / name).is_file()}
    return files if {MODEL, SHORTLIST, *_vocabulary_roles(files)} <= files.keys() else None


def _vocabulary_roles(files: Mapping[str, Path]) -> tuple[str, ...]:
    """The roles of the vocabularies that a student with these files has or lacks."""
    one, two = _VOCABULARIES
    return two if any(role in files for role in two) else one


def _given(files: Mapping[str, Path], name: str, entry: ModelEntry) -> Path:
    if name not in files:
        raise ModelMissing(f"{entry.model_id}: {name} is not among its files", model_id=entry.model_id)
    return files[name]
