"""Parquet files, through pyarrow, which the extra `batch` brings."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.batch.records import Place, Record
from service.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

_BATCH_ROWS: Final = 256


class ParquetTable:
    """A Parquet file whose rows are the records; values that JSON does not know become text."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        """Rows of the file."""
        with open_parquet(self._path) as file:
            rows: int = file.metadata.num_rows
        return rows

    def records(self, start: Place) -> Iterator[Record]:
        """The rows from a place on."""
        number = start.records
        for batch in read_batches(self._path, start.records):
            for row in batch.to_pylist():
                number += 1
                yield Record(number, {name: _plain(value) for name, value in row.items()}, number)


def check_parquet() -> None:
    """Raise ConfigurationError unless pyarrow is installed."""
    if find_spec("pyarrow") is None:
        raise ConfigurationError("Parquet needs pyarrow, which is not installed: pip install 'manchete[batch]'")


@contextmanager
def open_parquet(path: Path) -> Iterator[ParquetFile]:
    """Open a file; raises ConfigurationError without pyarrow, InvalidInput when it is no Parquet file."""
    check_parquet()
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            yield file
    except (pyarrow.ArrowException, OSError) as error:
        raise InvalidInput("--in: the file cannot be read as Parquet", field="--in") from error


def read_batches(path: Path, skip: int = 0, rows: int = _BATCH_ROWS) -> Iterator[RecordBatch]:
    """Batches of at most `rows` rows, without the first `skip` rows; whole row groups of these are not read."""
    with open_parquet(path) as file:
        groups = [file.metadata.row_group(index).num_rows for index in range(file.metadata.num_row_groups)]
        first = 0
        while first < len(groups) and skip >= groups[first]:
            skip -= groups[first]
            first += 1
        if first == len(groups):
            return
        for batch in file.iter_batches(batch_size=rows, row_groups=range(first, len(groups))):
            if skip < batch.num_rows:
                yield batch.slice(skip)
            skip = max(0, skip - batch.num_rows)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return str(value)
