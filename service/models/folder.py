"""Models in a folder that the user names: a student's files, or a folder in the layout of Hugging Face."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from service.errors import InvalidInput, ModelMissing
from service.models.conversion import MODEL, SHORTLIST, SOURCE_VOCABULARY, TARGET_VOCABULARY, VOCABULARY
from service.models.entry import EngineKind, ModelEntry, language_key
from service.models.hub import REQUIRED, WEIGHTS
from service.models.manifest import sha256_of
from service.models.offers import Offer
from service.models.pairs import parse_pair

# By role, what Mozilla calls the files: `model.esen.intgemm.alphas.bin`, `vocab.esen.spm`, `lex.50.50.esen.s2t.bin`;
# `srcvocab.enja.spm` and `trgvocab.enja.spm` where the languages have a vocabulary each.
_STUDENT: Final = {MODEL: "model*.bin", SHORTLIST: "lex*.bin"}
_ONE_VOCABULARY: Final = {VOCABULARY: "vocab*.spm"}
_TWO_VOCABULARIES: Final = {SOURCE_VOCABULARY: "srcvocab*.spm", TARGET_VOCABULARY: "trgvocab*.spm"}
# What is taken from the folder of a model that is no Marian: no format that runs code when it is read.
_TAKEN: Final = frozenset({".json", ".safetensors", ".model", ".spm", ".txt"})


def folder_offer(folder: Path, what: str) -> Offer:
    """The model in `folder` for the pair `what`.

    Raises InvalidInput when `what` is no pair, ModelMissing naming the file that is not in the folder.
    """
    pair = parse_pair(what)
    if pair is None:
        raise InvalidInput(
            f"pair: {what[:80]} is not a pair such as es-en; a folder does not say its own", field="pair"
        )
    if not folder.is_dir():
        raise ModelMissing(f"{folder} is not a folder", model_id=what)
    if any(folder.glob(_STUDENT[MODEL])) and not (folder / "config.json").is_file():
        return _offer(folder, pair, _student(folder, what), MODEL, "student")
    if not (folder / WEIGHTS).is_file():
        others = ", ".join(sorted(path.name for path in folder.glob("pytorch_model*"))) or "nothing that is read"
        raise ModelMissing(f"{folder} has no {WEIGHTS} but {others}; save it in safetensors", model_id=what)
    files = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in _TAKEN and path.is_file()}
    missing = [name for name in ("config.json", *REQUIRED) if name not in files]
    if "config.json" in missing or (missing and '"marian"' in files["config.json"].read_text(errors="replace")):
        raise ModelMissing(f"{folder} has no {', '.join(dict.fromkeys(missing))}", model_id=what)
    return _offer(folder, pair, files, WEIGHTS, "ctranslate2")


def _student(folder: Path, what: str) -> dict[str, Path]:
    """A student's files by role; raises ModelMissing naming the patterns that do not match one file each."""
    separate = any(any(folder.glob(pattern)) for pattern in _TWO_VOCABULARIES.values())
    patterns = _STUDENT | (_TWO_VOCABULARIES if separate else _ONE_VOCABULARY)
    found = {role: sorted(folder.glob(pattern)) for role, pattern in patterns.items()}
    wrong = [patterns[role] for role, paths in found.items() if len(paths) != 1]
    if wrong:
        raise ModelMissing(f"{folder} has not exactly one {', '.join(wrong)}", model_id=what)
    return {role: paths[0] for role, paths in found.items()}


def _offer(folder: Path, pair: tuple[str, str], files: dict[str, Path], weights: str, kind: EngineKind) -> Offer:
    source, target = pair
    name = re.sub(r"[^A-Za-z0-9_]+", "-", folder.resolve().name).strip("-")[:64]
    plain = language_key(target)
    entry = ModelEntry(
        model_id=f"local-{name}",
        sources=(source,),
        targets=(plain,) if kind == "student" else (target,),
        revision=sha256_of(files[weights])[:12],
        origin=f"the folder {folder.name}",
        kind=kind,
        target_variant=None if plain == target else target,
        parameters=files[weights].stat().st_size // (1 if kind == "student" else 4),
    )
    return Offer(entry, weights, folder_files=tuple(files.items()))
