"""The texts to measure on: parallel files, one sentence a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.results import DataSet
from service.errors import InvalidInput

FLORES_FOLDER: Final = "flores200-devtest"
# FLORES-200 names its files by ISO 639-3; its `por` is Brazilian.
FLORES_CODES: Final[Mapping[str, str]] = {
    "ar": "ara",
    "de": "deu",
    "en": "eng",
    "es": "spa",
    "fr": "fra",
    "hi": "hin",
    "it": "ita",
    "ja": "jpn",
    "ko": "kor",
    "nl": "nld",
    "pl": "pol",
    "pt": "por",
    "ru": "rus",
    "sv": "swe",
    "tr": "tur",
    "uk": "ukr",
    "zh": "cmn_Hans",
}
OWN_FOLDER: Final = Path(__file__).resolve().parent / "data"
BESIDE_CHECKOUT: Final = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences by language, aligned: line `i` of one language is the translation of line `i` of another."""

    name: str
    lines: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(next(iter(self.lines.values())))

    @property
    def data_set(self) -> DataSet:
        """Its name, size and the SHA-256 of all its lines, language by language in alphabetical order."""
        digest = hashlib.sha256()
        for language in sorted(self.lines):
            digest.update("".join(f"{line}\n" for line in self.lines[language]).encode())
        return DataSet(self.name, len(self), digest.hexdigest())


def load_corpus(folder: Path | None, languages: Sequence[str], limit: int | None = None) -> Corpus:
    """Read the first `limit` sentences of each language from `folder`, the source language first.

    `folder` holds FLORES-200 (`flores200-devtest/por.devtest`, or the files themselves), files of the kind that are
    shipped (`sentences.pt.txt`), or one pair of files with the languages as their endings (`news.pt`, `news.en`, also
    with `.txt` after it). It may also be a file: JSON Lines with the languages as keys or with `source` and
    `reference`, or plain text, which has no references. None means the evaluation data beside the checkout where it
    is, else the sentences that are shipped. Raises InvalidInput naming the file that is missing or wrong.
    """
    if folder is None:
        folder = BESIDE_CHECKOUT if _flores(BESIDE_CHECKOUT) is not None else OWN_FOLDER
    if folder.is_file():
        return _read_file(folder, languages, limit)
    flores = _flores(folder)
    if flores is not None:
        unknown = [language for language in languages if language not in FLORES_CODES]
        if unknown:
            raise InvalidInput(f"--direction: no FLORES-200 file is known for {unknown[0]}", field="--direction")
        files = {language: flores / f"{FLORES_CODES[language]}.devtest" for language in languages}
        return _read("FLORES-200 devtest", files, limit)
    files = {language: folder / f"sentences.{language}.txt" for language in languages}
    if not any(path.is_file() for path in files.values()):
        files = _pair_of_files(folder, languages) or files
    if not any(path.is_file() for path in files.values()):
        wanted = " or ".join((f"{FLORES_FOLDER}/por.devtest", files[languages[0]].name))
        raise InvalidInput(f"--data: {folder} has no {wanted}", field="--data")
    name = "own sentences" if folder.resolve() == OWN_FOLDER else folder.name
    return _read(name, files, limit)


def words(lines: Iterable[str]) -> int:
    """Words as white space separates them, the unit of all throughputs here."""
    return sum(len(line.split()) for line in lines)


def _flores(folder: Path) -> Path | None:
    candidates = (folder / FLORES_FOLDER, folder)
    names = [f"{code}.devtest" for code in FLORES_CODES.values()]
    return next((one for one in candidates if any((one / name).is_file() for name in names)), None)


def _pair_of_files(folder: Path, languages: Sequence[str]) -> dict[str, Path] | None:
    """The files of the first stem that has one for every language."""
    endings = [(language, ending) for language in languages for ending in (f".{language}", f".{language}.txt")]
    stems: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        for language, ending in endings:
            if path.name.endswith(ending):
                stems.setdefault(path.name.removesuffix(ending), {})[language] = path
    return next((files for files in stems.values() if len(files) == len(languages)), None)


def _read_file(path: Path, languages: Sequence[str], limit: int | None) -> Corpus:
    lines = _lines(path)[:limit]
    if path.suffix not in {".jsonl", ".json"}:
        return Corpus(path.name, {languages[0]: tuple(lines)})
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=1)]
    keys: Mapping[str, str] = {language: language for language in languages}
    if rows and "source" in rows[0]:
        if len(languages) != 2:
            raise InvalidInput(f"--direction: {path} has one direction; name it", field="--direction")
        keys = {languages[0]: "source"} | ({languages[1]: "reference"} if "reference" in rows[0] else {})
    texts: dict[str, tuple[str, ...]] = {}
    for language, key in keys.items():
        for number, row in enumerate(rows, start=1):
            if not isinstance(row.get(key), str) or not row[key].strip():
                raise InvalidInput(f"--data: {path} has no text {key!r} in line {number}", field="--data")
        # A sentence is a line in every file that is made of it.
        texts[language] = tuple(" ".join(row[key].split()) for row in rows)
    return Corpus(path.name, texts)


def _row(path: Path, number: int, line: str) -> dict[str, str]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"--data: {path} is not JSON in line {number}", field="--data") from error
    if not isinstance(row, dict):
        raise InvalidInput(f"--data: {path} has no JSON object in line {number}", field="--data")
    return row


def _read(name: str, files: Mapping[str, Path], limit: int | None) -> Corpus:
    texts = {language: _lines(path) for language, path in files.items()}
    counts = {language: len(lines) for language, lines in texts.items()}
    if len(set(counts.values())) != 1:
        listed = ", ".join(f"{files[language].name} has {count} lines" for language, count in counts.items())
        raise InvalidInput(f"--data: the files are not aligned: {listed}", field="--data")
    return Corpus(name, {language: tuple(lines[:limit]) for language, lines in texts.items()})


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError as error:
        raise InvalidInput(f"--data: {path} is missing", field="--data") from error
    except OSError as error:
        raise InvalidInput(f"--data: {path} cannot be read ({error.strerror or error})", field="--data") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"--data: {path} is not valid UTF-8 at byte {error.start}", field="--data") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            raise InvalidInput(f"--data: {path} has no sentence in line {number}", field="--data")
    return lines
