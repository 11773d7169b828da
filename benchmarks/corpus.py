"""The texts to measure on: parallel files, one sentence a line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.results import DataSet
from service.errors import InvalidInput

FLORES_FOLDER: Final = "flores200-devtest"
# FLORES-200 names its files by ISO 639-3; its `por` is Brazilian.
FLORES_CODES: Final[Mapping[str, str]] = {"pt": "por", "en": "eng"}
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
    """Read the first `limit` sentences of each language from `folder`.

    `folder` holds FLORES-200 (`flores200-devtest/por.devtest`, or the files themselves) or files of the kind that are
    shipped (`sentences.pt.txt`). None means the evaluation data beside the checkout where it is, else the sentences
    that are shipped. Raises InvalidInput naming the file that is missing or wrong.
    """
    if folder is None:
        folder = BESIDE_CHECKOUT if _flores(BESIDE_CHECKOUT) is not None else OWN_FOLDER
    flores = _flores(folder)
    if flores is not None:
        unknown = [language for language in languages if language not in FLORES_CODES]
        if unknown:
            raise InvalidInput(f"--direction: no FLORES-200 file is known for {unknown[0]}", field="--direction")
        files = {language: flores / f"{FLORES_CODES[language]}.devtest" for language in languages}
        return _read("FLORES-200 devtest", files, limit)
    files = {language: folder / f"sentences.{language}.txt" for language in languages}
    if not any(path.is_file() for path in files.values()):
        wanted = " or ".join((f"{FLORES_FOLDER}/por.devtest", files[languages[0]].name))
        raise InvalidInput(f"--data: {folder} has no {wanted}", field="--data")
    name = "own sentences" if folder.resolve() == OWN_FOLDER else folder.name
    return _read(name, files, limit)


def words(lines: Iterable[str]) -> int:
    """Words as white space separates them, the unit of all throughputs here."""
    return sum(len(line.split()) for line in lines)


def _flores(folder: Path) -> Path | None:
    for candidate in (folder / FLORES_FOLDER, folder):
        if any((candidate / f"{code}.devtest").is_file() for code in FLORES_CODES.values()):
            return candidate
    return None


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
