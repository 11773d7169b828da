"""Which format a file has, by its name, and what reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from service.batch.records import Source, line_limit
from service.errors import InvalidInput

Format = Literal["jsonl", "csv", "parquet"]
_FORMATS: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}


def open_source(path: Path, char_limit: int) -> Source:
    """The reader of an input file; raises InvalidInput when there is none for it, or the file cannot be opened."""
    kind = _format(path, "--in")
    if not path.is_file():
        # To go on after a kill, a run has to find the same records in the same place.
        raise InvalidInput(f"--in: {path} is not a file", field="--in")
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidInput(f"--in: cannot read {path}: {error.strerror or error}", field="--in") from error
    # Each brings a library of its own along.
    if kind == "jsonl":
        from service.batch.jsonl import JsonLines

        return JsonLines(path, line_limit(char_limit))
    if kind == "csv":
        from service.batch.csv_file import CsvFile

        return CsvFile(path, line_limit(char_limit))
    from service.batch.parquet import ParquetTable

    return ParquetTable(path)


def output_format(path: Path) -> Format:
    """The format of an output file; raises InvalidInput when its name tells none or its folder is missing."""
    if not path.resolve().parent.is_dir():
        raise InvalidInput(f"--out: the folder of {path} does not exist", field="--out")
    return _format(path, "--out")


def _format(path: Path, option: str) -> Format:
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InvalidInput(f"{option}: {path.name} must end in one of {', '.join(_FORMATS)}", field=option)
    return kind
