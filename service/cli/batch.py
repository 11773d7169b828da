"""`manchete batch`: a file of texts to a file of results."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Final

from service.api.limits import summary_length
from service.batch import Job, Progress, run
from service.batch.answers import Fields, Task
from service.cli.endurance import settle_in
from service.cli.exits import SOME_LINES_FAILED, complain
from service.cli.session import check_language, open_service
from service.errors import UnsupportedPair
from service.languages import normalise
from service.pipeline import Pipeline
from service.types import RequestContext, TranslateRequest

# Errors are all in the output; so many are told as well.
_MOST_TOLD: Final = 20
# How often a run tells how far it is where nobody watches a terminal.
_LOG_SECONDS: Final = 30.0


def batch(options: Namespace) -> int:
    """`manchete batch`."""
    check_language(options.source, "--from")
    check_language(options.to, "--to")
    summary = options.summary or options.sentences is not None or options.words is not None
    length = summary_length(options.sentences, options.words, prefix="--") if summary else None
    fields = Fields(options.text_field, options.title_field, options.source_field)
    task = Task(options.to, options.source, fields, length, options.quality, options.model)
    with open_service(offline=True) as service:
        _check_pair(service.pipeline, task)
        settle_in()
        job = Job(Path(options.input), Path(options.output), task, service.settings.char_limit, options.overwrite)
        meter = _Meter()
        try:
            done = run(service.pipeline, job, meter.report)
        except KeyboardInterrupt:
            meter.end()
            complain("interrupted; the same command goes on from here")
            raise
        meter.end()
        complain(f"{done.records} records, {done.failed} with errors: {options.output}")
    return SOME_LINES_FAILED if done.failed else 0


def _check_pair(pipeline: Pipeline, task: Task) -> None:
    """Raise what would be wrong with every record alike: InvalidInput naming the option."""
    target = normalise(task.target, field="--to")
    if task.source is not None:
        request = TranslateRequest("", task.target, task.source, quality=task.quality, model=task.model)
        pipeline.translate(request, RequestContext("batch"))
        return
    reached = {code.partition("-")[0] for entry in pipeline.languages() for code in entry.targets}
    if target.partition("-")[0] not in reached:
        raise UnsupportedPair("any language", target, field="--to")


class _Meter:
    """Tells how far a run is: on one line of a terminal, else now and then on a line of its own."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._started = self._logged = time.monotonic()
        self._told = 0

    def report(self, progress: Progress) -> None:
        """Tell the errors of the last portion and, if it is time, how far the run is."""
        for number, reason in progress.failures:
            self._told += 1
            if self._told <= _MOST_TOLD:
                self.end()
                complain(f"record {number}: {reason}")
            if self._told == _MOST_TOLD:
                complain("further errors are told in the output only")
        now = time.monotonic()
        if self._live:
            sys.stderr.write(f"\r{self._state(progress, now)}\x1b[K")
            sys.stderr.flush()
        elif now - self._logged >= _LOG_SECONDS or progress.records == progress.resumed:
            self._logged = now
            complain(self._state(progress, now))

    def end(self) -> None:
        """Clear the line of the terminal."""
        if self._live:
            sys.stderr.write("\r\x1b[K")

    def _state(self, progress: Progress, now: float) -> str:
        fresh = progress.records - progress.resumed
        if not fresh:
            return f"going on after record {progress.resumed} ({progress.share:.0%})"
        return (
            f"{progress.records} records ({progress.share:.0%}), {fresh / max(now - self._started, 1e-3):.1f} a second"
        )
