"""`--lines`: every line of the input is a text and gives exactly one line of output, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec.structs import replace

from service.api.render import render_detection
from service.cli.endurance import settle_in
from service.cli.exits import bare_sentence, complain
from service.cli.inputs import Line, open_input, read_chunks
from service.errors import (
    EngineFailure,
    InvalidInput,
    MancheteError,
    UndetectedLanguage,
    UnknownLanguage,
    UnsupportedPair,
)
from service.pipeline import Pipeline
from service.types import Detection, Priority, RequestContext, TranslateRequest, TranslateResult


class LineInput(msgspec.Struct, frozen=True):
    """Where lines come from (a path, or `-` for standard input) and how many characters one may have."""

    file: str
    char_limit: int


class _Outcome(msgspec.Struct, frozen=True):
    number: int
    output: str
    error: str | None = None
    notes: tuple[str, ...] = ()


def translate_lines(pipeline: Pipeline, lines: LineInput, pattern: TranslateRequest) -> int:
    """Translate line by line; returns how many lines failed. A line that fails gives an empty line.

    `pattern` says for every line what is asked. Without a source, each line's language is detected; a line that gives
    too little evidence is passed through and reported. Raises what is wrong with every line alike: the languages, or a
    model.
    """

    def answer(chunk: list[Line]) -> Iterator[_Outcome]:
        usable = [line for line in chunk if line.error is None]
        requests = [replace(pattern, text=line.text) for line in usable]
        results = iter(pipeline.translate_many(requests, RequestContext("cli", priority=Priority.BULK)))
        for line in chunk:
            if line.error is None:
                yield _translated(line, next(results), pattern.source)
            else:
                yield _Outcome(line.number, "", error=line.error)

    return _run(lines, answer)


def detect_lines(pipeline: Pipeline, lines: LineInput, *, as_json: bool) -> int:
    """Detect line by line; returns how many lines failed. A line that cannot be read gives `und`."""

    def answer(chunk: list[Line]) -> Iterator[_Outcome]:
        for line in chunk:
            detection = pipeline.detect(line.text, field=f"line {line.number}")
            yield _Outcome(line.number, format_detection(detection, as_json=as_json), error=line.error)

    return _run(lines, answer)


def format_detection(detection: Detection, *, as_json: bool) -> str:
    """A detection on one line: as JSON, or the language and the confidence with a tab between."""
    if not as_json:
        return f"{detection.language}\t{detection.confidence:.4f}"
    rendered = render_detection(detection)
    shown = {
        "language": rendered["language"],
        "confidence": rendered["confidence"],
        "candidates": rendered["candidates"],
    }
    return json.dumps(shown, ensure_ascii=False)


def _run(lines: LineInput, answer: Callable[[list[Line]], Iterable[_Outcome]]) -> int:
    # It may be many lines: garbage is collected, which a short command does without.
    settle_in()
    failed = 0
    with open_input(lines.file) as stream:
        for chunk in read_chunks(stream, lines.char_limit):
            for outcome in answer(chunk):
                sys.stdout.write(outcome.output + "\n")
                for note in outcome.notes:
                    complain(f"line {outcome.number}: {note}")
                if outcome.error is not None:
                    failed += 1
                    complain(f"line {outcome.number}: {outcome.error}")
            sys.stdout.flush()
            _show_progress(chunk[-1].number)
    return failed


def _translated(line: Line, result: TranslateResult | MancheteError, source: str | None) -> _Outcome:
    if isinstance(result, TranslateResult):
        translation = result.translation
        notes = tuple(f"{notice.code}: {notice.message}" for notice in translation.warnings)
        # Whatever the model wrote: one line in, one line out.
        return _Outcome(line.number, translation.text.replace("\n", " "), notes=notes)
    if isinstance(result, UndetectedLanguage):
        return _Outcome(line.number, line.text, notes=("language not detected, passed through untranslated",))
    about_pair = isinstance(result, UnsupportedPair) or (isinstance(result, InvalidInput) and result.field == "model")
    same_for_all = isinstance(result, UnknownLanguage) or (about_pair and source is not None)
    if isinstance(result, InvalidInput | EngineFailure) and not same_for_all:
        return _Outcome(line.number, "", error=bare_sentence(result))
    raise result


def _show_progress(number: int) -> None:
    if sys.stderr.isatty() and not sys.stdout.isatty():
        sys.stderr.write(f"\r{number} lines")
        sys.stderr.flush()
