"""From the finished part, lines of JSON, to the file that was asked for; in constant memory, whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from service.batch.answers import RESULT_COLUMNS, kept_name
from service.batch.parquet import open_parquet, read_batches
from service.batch.sources import output_format

_BATCH_ROWS: Final = 256


def finish(part: Path, source: Path, output: Path) -> None:
    """Make the output of the part and remove the part; `source` is the input, whose columns a table keeps.

    Raises ConfigurationError when the format needs a library that is not installed.
    """
    kind = output_format(output)
    if kind == "jsonl":
        part.replace(output)
        return
    fresh = output.with_name(f"{output.name}.new")
    if kind == "csv":
        _write_csv(part, fresh, "\t" if output.suffix.lower() == ".tsv" else ",")
    elif output_format(source) == "parquet":
        _write_parquet_beside(part, source, fresh)
    else:
        _write_parquet(part, fresh)
    with fresh.open("r+b") as stream:
        os.fsync(stream.fileno())
    fresh.replace(output)
    part.unlink()


def _write_csv(part: Path, fresh: Path, delimiter: str) -> None:
    names = list(_columns(part))
    with fresh.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerow(names)
        for row in _rows(part):
            writer.writerow([_cell(row.get(name)) for name in names])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False)


def _write_parquet(part: Path, fresh: Path) -> None:
    """Columns of one JSON type keep it; those of several, and objects, become JSON text."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    kinds = _columns(part)
    types = {"str": pyarrow.string(), "bool": pyarrow.bool_(), "int": pyarrow.int64(), "float": pyarrow.float64()}
    fields = {name: types.get(kind, pyarrow.string()) for name, kind in kinds.items()}
    fields["warnings"] = pyarrow.list_(pyarrow.string())
    schema = pyarrow.schema(list(fields.items()))
    as_text = {name for name, kind in kinds.items() if kind not in types and name != "warnings"}
    with ParquetWriter(fresh, schema) as writer:
        for rows in _batches(part):
            table = [{name: _text(value) if name in as_text else value for name, value in row.items()} for row in rows]
            writer.write_batch(pyarrow.RecordBatch.from_pylist(table, schema=schema))


def _write_parquet_beside(part: Path, source: Path, fresh: Path) -> None:
    """The input's own columns with the types that they have there, and those of the result behind them."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    with open_parquet(source) as file:
        schema = file.schema_arrow
    kept = [field.with_name(kept_name(field.name, dict.fromkeys(schema.names))) for field in schema]
    present = _columns(part)
    types = dict.fromkeys((name for name in RESULT_COLUMNS if name in present), pyarrow.string())
    types["warnings"] = pyarrow.list_(pyarrow.string())
    added = pyarrow.schema(list(types.items()))
    whole = pyarrow.schema([*kept, *added])
    rows = _rows(part)
    with ParquetWriter(fresh, whole) as writer:
        for batch in read_batches(source, rows=_BATCH_ROWS):
            results = [{name: row.get(name) for name in types} for row in islice(rows, batch.num_rows)]
            columns = pyarrow.RecordBatch.from_pylist(results, schema=added).columns
            writer.write_batch(pyarrow.RecordBatch.from_arrays([*batch.columns, *columns], schema=whole))


def _columns(part: Path) -> dict[str, str]:
    """The columns of the part in the order in which they first come, each with its type, `mixed` where it has several.

    Those of the result come last. A column that is empty throughout has none.
    """
    kinds: dict[str, str] = {}
    for row in _rows(part):
        for name, value in row.items():
            kind = _kind(value)
            known = kinds.setdefault(name, kind)
            if kind not in ("", known):
                kinds[name] = kind if not known else "float" if {kind, known} == {"int", "float"} else "mixed"
    own = {name: kind for name, kind in kinds.items() if name not in RESULT_COLUMNS}
    return own | {name: kinds[name] for name in RESULT_COLUMNS if name in kinds}


def _kind(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return "mixed"
    return type(value).__name__


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(part: Path) -> Iterator[dict[str, Any]]:
    with part.open("rb") as stream:
        for line in stream:
            yield json.loads(line)


def _batches(part: Path) -> Iterator[list[dict[str, Any]]]:
    rows = _rows(part)
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield batch
