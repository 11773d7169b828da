"""A glossary from a file and from options: JSON, CSV or TSV, by the name of the file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from service.errors import InvalidInput
from service.markup.glossary import Terms, checked

_OPTION: Final = "--glossary"
_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_BOM: Final = "\ufeff"


def read_glossary(file: str | None, terms: Sequence[str]) -> Terms:
    """The entries of a file (an object of strings, or two columns), then those of `TERM=RENDERING` options.

    An option replaces the file's entry of the same term. Raises InvalidInput naming the option, and the line or the
    entry at fault; TooLarge over a limit.
    """
    entries = {} if file is None else _read(file)
    for term in terms:
        name, sign, rendering = term.partition("=")
        if not sign:
            raise InvalidInput(f"--term: must be TERM=RENDERING, not {term[:40]}", field="--term")
        entries |= dict(checked({name: rendering}, "--term"))
    return checked(entries, _OPTION)


def _read(file: str) -> dict[str, str]:
    kind = Path(file).suffix.lower()
    if kind != ".json" and kind not in _DELIMITERS:
        raise InvalidInput(f"{_OPTION}: {file} must end in .json, .csv or .tsv", field=_OPTION)
    try:
        text = Path(file).read_bytes().decode("utf-8").removeprefix(_BOM)
    except OSError as error:
        raise InvalidInput(f"{_OPTION}: cannot read {file}: {error.strerror or error}", field=_OPTION) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{_OPTION}: {file} is not valid UTF-8 at byte {error.start}", field=_OPTION) from error
    if kind == ".json":
        return _gathered(file, _json_entries(file, text))
    return _gathered(file, _rows(file, text, _DELIMITERS[kind]))


def _json_entries(file: str, text: str) -> Iterator[tuple[str, str, str]]:
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{_OPTION}: {file} is not valid JSON: {error}", field=_OPTION) from error
    if not isinstance(pairs, _Pairs):
        raise InvalidInput(f"{_OPTION}: {file} must hold an object of strings", field=_OPTION)
    for term, rendering in pairs:
        if not isinstance(rendering, str):
            raise InvalidInput(f"{_OPTION}.{term[:40]}: must be a string", field=_OPTION)
        yield f"entry {term[:40]}", term, rendering


class _Pairs(list[tuple[str, object]]):
    """An object's entries, so that one given twice is seen."""


def _rows(file: str, text: str, delimiter: str) -> Iterator[tuple[str, str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            if len(row) != 2:
                message = f"{_OPTION}: {file} line {reader.line_num}: must have two columns, has {len(row)}"
                raise InvalidInput(message, field=_OPTION)
            yield f"line {reader.line_num}", row[0], row[1]
    except csv.Error as error:
        raise InvalidInput(f"{_OPTION}: {file} line {reader.line_num}: {error}", field=_OPTION) from error


def _gathered(file: str, entries: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    gathered: dict[str, str] = {}
    for place, term, rendering in entries:
        if gathered.setdefault(term, rendering) != rendering:
            raise InvalidInput(f"{_OPTION}: {file} {place}: {term[:40]} has two renderings", field=_OPTION)
    return gathered
