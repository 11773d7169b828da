"""Published scores to put beside measured ones, read from CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.results import Published
from service.errors import InvalidInput

_FIELD: Final = "--published"
_PAIR, _SCORE, _METRIC = "pair", "score", "metric"
_TEST_SETS: Final = ("dataset", "testset")
_SYSTEMS: Final = ("system", "model")
# Columns that hold a score each, where there is no column `score`.
_SCORES: Final = ("bleu", "chrf", "ter", "comet")
# Leaderboards call languages by their three letters.
_TWO_LETTERS: Final[Mapping[str, str]] = {
    "por": "pt",
    "eng": "en",
    "spa": "es",
    "fra": "fr",
    "deu": "de",
    "ita": "it",
    "nld": "nl",
}
_FRACTIONS: Final = frozenset({"chrf"})


def read_published(
    paths: Sequence[Path], directions: Iterable[str], test_sets: Sequence[str] = ()
) -> tuple[Published, ...]:
    """The scores of the files that are of these directions and, where some are given, of test sets of these names.

    A file has the columns `pair` (`pt-en`, `por-eng`), `dataset` or `testset`, `system` or `model`, and either `metric`
    and `score` or a column for each of `bleu`, `chrf`, `ter`, `comet`. A chrF below 1 is taken for a fraction. Raises
    InvalidInput naming the file and the line.
    """
    wanted = set(directions)
    found = []
    for path in paths:
        for number, row in _rows(path):
            pair = "-".join(_TWO_LETTERS.get(code, code) for code in row.get(_PAIR, "").split("-"))
            name = _first(row, _TEST_SETS)
            if pair in wanted and (not test_sets or name in test_sets):
                found += [
                    Published(_first(row, _SYSTEMS), pair, name, metric, value, path.name)
                    for metric, value in _values(row, path, number)
                ]
    return tuple(found)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            rows = [(reader.line_num, {key: value or "" for key, value in row.items() if key}) for row in reader]
    except OSError as error:
        raise InvalidInput(f"{_FIELD}: {path} cannot be read ({error.strerror or error})", field=_FIELD) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{_FIELD}: {path} is not a CSV file in UTF-8", field=_FIELD) from error
    scored = {_METRIC, _SCORE} <= columns or bool(columns.intersection(_SCORES))
    if _PAIR not in columns or not columns.intersection(_SYSTEMS) or not scored:
        raise InvalidInput(
            f"{_FIELD}: {path} needs the columns pair, system or model, and metric and score or one of "
            f"{', '.join(_SCORES)}",
            field=_FIELD,
        )
    return rows


def _values(row: Mapping[str, str], path: Path, number: int) -> list[tuple[str, float]]:
    cells = {row[_METRIC]: row[_SCORE]} if _METRIC in row else {name: row[name] for name in _SCORES if name in row}
    values = []
    for metric, cell in cells.items():
        if not cell.strip():
            continue
        try:
            value = float(cell)
        except ValueError as error:
            raise InvalidInput(f"{_FIELD}: {path}, line {number}: {metric} is no number", field=_FIELD) from error
        values.append((metric, 100 * value if metric in _FRACTIONS and value <= 1 else value))
    return values


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name] for name in names if name in row), "")
