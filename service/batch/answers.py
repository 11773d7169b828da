"""A portion of records to lines of the result: what is asked of the pipeline, and how its answers are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from service.api.limits import check_filled, check_text
from service.batch.records import Record
from service.errors import EngineFailure, InvalidInput, MancheteError
from service.languages import normalise
from service.pipeline import Pipeline
from service.types import DigestRequest, DigestResult, RequestContext, SummaryLength

# Columns that a result adds. A column of the input that is called like one of them is kept as `input_NAME`.
RESULT_COLUMNS: Final = ("detected_language", "translated_title", "translated_text", "summary", "warnings", "error")
_TYPES: Final = {bool: "a truth value", int: "a number", float: "a number", list: "a list", dict: "an object"}


class Fields(msgspec.Struct, frozen=True):
    """The columns that hold a record's text, title and language."""

    text: str = "text"
    title: str = "title"
    source: str = "source"


class Task(msgspec.Struct, frozen=True):
    """What is to be done with every record; `length` None asks for no summary."""

    target: str
    source: str | None = None
    fields: Fields = Fields()
    length: SummaryLength | None = None
    quality: str | None = None
    model: str | None = None


class Portion(msgspec.Struct, frozen=True):
    """Records of a portion as lines of the result (UTF-8 JSON), and what failed of them: number and reason."""

    lines: bytes
    records: int
    end: int
    failures: tuple[tuple[int, str], ...]


def answer(
    pipeline: Pipeline, records: Sequence[Record], task: Task, char_limit: int, context: RequestContext
) -> Portion:
    """Do the task with some records, in order; a record that cannot be served gets its error in its place.

    Raises what is wrong with all records alike: a model, or the end of the service.
    """
    requests: dict[int, DigestRequest] = {}
    errors: dict[int, str] = {}
    for record in records:
        try:
            requests[record.number] = _request(record, task, char_limit)
        except InvalidInput as error:
            errors[record.number] = error.message
    summarized = task.length is not None
    results = pipeline.digest_many(list(requests.values()), context, summarized=summarized)
    answered: dict[int, DigestResult] = {}
    for number, result in zip(requests, results, strict=True):
        if isinstance(result, DigestResult):
            answered[number] = result
        else:
            errors[number] = _told(result, task)
    lines = [_line(record, answered.get(record.number), errors.get(record.number), task) for record in records]
    failures = tuple((number, errors[number]) for number in sorted(errors))
    return Portion(b"".join(lines), len(records), records[-1].end, failures)


def _request(record: Record, task: Task, char_limit: int) -> DigestRequest:
    if record.error is not None:
        raise InvalidInput(record.error)
    fields = task.fields
    if fields.text not in record.columns:
        raise InvalidInput(f"{fields.text}: is missing")
    text = check_filled(_string(record, fields.text) or "", fields.text, char_limit)
    title = _string(record, fields.title)
    title = check_text(title, fields.title, char_limit) if title and not title.isspace() else None
    source = (_string(record, fields.source) or "").strip()
    language = task.source if source in ("", "auto") else normalise(source, field=fields.source)
    length = task.length or SummaryLength()
    return DigestRequest(text, task.target, language, title, length, task.quality, task.model)


def _string(record: Record, field: str) -> str | None:
    value = record.columns.get(field)
    if value is None or isinstance(value, str):
        return value
    raise InvalidInput(f"{field}: must be text, not {_TYPES.get(type(value), 'something else')}")


def _told(error: MancheteError, task: Task) -> str:
    if not isinstance(error, InvalidInput | EngineFailure):
        raise error
    names = {"text": task.fields.text, "title": task.fields.title, "source": task.fields.source, "target": "--to"}
    field, message = error.field, " ".join(error.message.split())
    if field not in names:
        return message
    return f"{names[field]}: {message.removeprefix(f'{field}: ')}"


def _line(record: Record, result: DigestResult | None, error: str | None, task: Task) -> bytes:
    columns = _kept(record.columns)
    if result is not None:
        notices = [*result.translation.warnings, *result.summary.warnings]
        columns["detected_language"] = result.detected.language
        if result.title is not None:
            columns["translated_title"] = result.title
        columns["translated_text"] = result.translation.text
        if task.length is not None:
            columns["summary"] = result.summary.text
        columns["warnings"] = [f"{notice.code}: {' '.join(notice.message.split())}" for notice in notices]
    columns["error"] = error
    return json.dumps(columns, ensure_ascii=False).encode("utf-8") + b"\n"


def kept_name(name: str, taken: Mapping[str, Any]) -> str:
    """What a column of the input is called in the result, of which `taken` are the other columns of the input."""
    if name not in RESULT_COLUMNS:
        return name
    kept = f"input_{name}"
    while kept in taken:
        kept = f"input_{kept}"
    return kept


def _kept(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {kept_name(name, columns): value for name, value in columns.items()}
