"""A run over a file: portions read ahead, worked on side by side, and written in order with a checkpoint after each."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from service.batch.answers import Portion, Task, answer
from service.batch.checkpoint import Checkpoint, CheckpointFile
from service.batch.outputs import finish
from service.batch.parquet import check_parquet
from service.batch.records import Record, Source
from service.batch.sources import open_source, output_format
from service.errors import InvalidInput
from service.pipeline import Pipeline
from service.types import Priority, RequestContext

# While one portion is waited for, the next is in the queue and a third is planned: workers never run out of segments.
_IN_FLIGHT: Final = 3
_PORTION_RECORDS: Final = 128
_PORTION_CHARACTERS: Final = 200_000


class Job(msgspec.Struct, frozen=True):
    """What to read, what to do with it, and where to write it; `overwrite` forgets an earlier run and its output."""

    source: Path
    output: Path
    task: Task
    char_limit: int
    overwrite: bool = False


class Progress(msgspec.Struct, frozen=True):
    """So many records are done, `failed` of them with errors, and this share of the input.

    `resumed` were done by an earlier run. `failures` are those of the last portion: number and reason.
    """

    records: int
    failed: int
    share: float
    resumed: int = 0
    failures: tuple[tuple[int, str], ...] = ()


def run(pipeline: Pipeline, job: Job, report: Callable[[Progress], None]) -> Progress:
    """Work through the input, from where an earlier run of the same job stopped; returns the last progress.

    `report` is called when a run is resumed and after each portion. Raises InvalidInput when the input cannot be read
    or the output is there already, and what is wrong with all records alike; what is done by then is kept.
    """
    source = open_source(job.source, job.char_limit)
    if output_format(job.output) == "parquet":
        check_parquet()
    if job.source.resolve() == job.output.resolve():
        raise InvalidInput("--out: is the input itself", field="--out")
    with _locked(job.output):
        checkpoints = CheckpointFile(_beside(job.output, "checkpoint"), _identity(job))
        done = _begin(job, checkpoints)
        part = _beside(job.output, "part")
        if not done.complete:
            done = _work(pipeline, job, source, _Record(part, checkpoints, done), report)
        if part.exists():
            finish(part, job.source, job.output)
        checkpoints.delete()
    return Progress(done.records, done.failed, 1.0)


class _Record:
    """The part and the checkpoint of a run, advanced together."""

    def __init__(self, part: Path, checkpoints: CheckpointFile, done: Checkpoint) -> None:
        self.part = part
        self.done = done
        self._checkpoints = checkpoints

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The part, cut off behind what the checkpoint vouches for."""
        self.part.touch()
        with self.part.open("r+b") as stream:
            if os.fstat(stream.fileno()).st_size < self.done.written:
                raise InvalidInput(
                    f"--out: {self.part.name} has been shortened; --overwrite starts anew", field="--out"
                )
            stream.truncate(self.done.written)
            stream.seek(self.done.written)
            yield stream

    def advance(self, stream: BinaryIO, portion: Portion) -> None:
        """Write a portion, then say that it is written."""
        stream.write(portion.lines)
        _flush(stream)
        done = self.done
        self._save(
            Checkpoint(
                done.records + portion.records,
                portion.end,
                done.written + len(portion.lines),
                done.failed + len(portion.failures),
            )
        )

    def complete(self, stream: BinaryIO) -> None:
        """Say that there is no more to come."""
        _flush(stream)
        done = self.done
        self._save(Checkpoint(done.records, done.offset, done.written, done.failed, complete=True))

    def _save(self, done: Checkpoint) -> None:
        self._checkpoints.save(done)
        self.done = done


def _work(
    pipeline: Pipeline, job: Job, source: Source, record: _Record, report: Callable[[Progress], None]
) -> Checkpoint:
    # Batches of bulk work are cut short for the sake of others; in a process of its own there is nobody else.
    context = RequestContext("batch", client="batch", priority=Priority.INTERACTIVE)
    size = max(1, source.size)
    resumed = record.done.records
    if resumed:
        report(Progress(resumed, record.done.failed, record.done.offset / size, resumed))
    waiting: deque[Future[Portion]] = deque()

    def write(stream: BinaryIO) -> None:
        portion = waiting.popleft().result()
        record.advance(stream, portion)
        done = record.done
        report(Progress(done.records, done.failed, done.offset / size, resumed, portion.failures))

    with record.opened() as stream, ThreadPoolExecutor(_IN_FLIGHT) as threads:
        try:
            for records in _portions(source.records(record.done.place)):
                waiting.append(threads.submit(answer, pipeline, records, job.task, job.char_limit, context))
                if len(waiting) == _IN_FLIGHT:
                    write(stream)
            while waiting:
                write(stream)
            record.complete(stream)
        finally:
            # Whatever ends the run early: what is queued of it is of no use to anybody.
            context.cancelled.set()
            threads.shutdown(cancel_futures=True)
    return record.done


def _portions(records: Iterator[Record]) -> Iterator[list[Record]]:
    portion: list[Record] = []
    size = 0
    for record in records:
        portion.append(record)
        size += sum(len(value) for value in record.columns.values() if isinstance(value, str))
        if len(portion) == _PORTION_RECORDS or size >= _PORTION_CHARACTERS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _begin(job: Job, checkpoints: CheckpointFile) -> Checkpoint:
    """Where to start: at the checkpoint of an earlier run, or anew."""
    part = _beside(job.output, "part")
    if job.overwrite:
        checkpoints.delete()
        part.unlink(missing_ok=True)
    done = checkpoints.load()
    if done is not None:
        return done
    if job.output.exists() and not job.overwrite:
        raise InvalidInput(f"--out: {job.output.name} exists already; --overwrite replaces it", field="--out")
    # A part that no checkpoint vouches for is of a run that was killed before its first.
    part.unlink(missing_ok=True)
    return Checkpoint()


def _identity(job: Job) -> dict[str, Any]:
    """What must be the same for a run to go on, under the names that a refusal tells."""
    status = job.source.stat()
    return {
        "--in": [str(job.source.resolve()), status.st_size, status.st_mtime_ns],
        "task": msgspec.to_builtins(job.task),
    }


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    path = _beside(output, "lock")
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise InvalidInput(f"--out: another run is writing {output.name}", field="--out") from None
    except OSError as error:
        raise InvalidInput(f"--out: cannot write beside {output.name}: {error.strerror}", field="--out") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def _beside(output: Path, suffix: str) -> Path:
    return output.with_name(f"{output.name}.{suffix}")


def _flush(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
