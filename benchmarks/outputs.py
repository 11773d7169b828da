"""What systems make of the same texts: each in a process of its own, in parts that a stopped run need not do again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import conditions
from benchmarks.adapters import model_name
from benchmarks.bench import WARM_LINES
from benchmarks.output_systems import FILE, OutputSystem
from benchmarks.processes import Worker
from benchmarks.progress import Progress
from service.errors import InvalidInput, ModelMissing

# A few seconds of the slower systems: the pace of the progress, and what a stopped run loses.
PART: Final = 128
_UNSAFE: Final = "/\\:*?\"<>|' "


@dataclass(frozen=True, slots=True)
class Output:
    """A system's translations, one line each, in the order of the sources.

    `seconds` is the time for all of them, None where it is not known (a file); `latencies` those of the first lines
    sent one by one. `resumed` says that some of it was measured by a run before this one.
    """

    system: str
    direction: str
    model: str
    lines: tuple[str, ...]
    seconds: float | None = None
    latencies: tuple[float, ...] = ()
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The texts of one direction, and how many of them are also sent one by one."""

    direction: str
    lines: Sequence[str]
    latency_lines: int = 0


@dataclass(slots=True)
class _Parts:
    """What has been done of one system in one direction."""

    lines: list[str]
    seconds: float = 0.0
    latencies: list[float] | None = None


def steps(systems: Sequence[OutputSystem], sources: Sequence[Source]) -> int:
    """How many steps `collect` reports for all systems and directions together."""
    return sum(
        1 if system.kind == FILE else -(-len(source.lines) // PART) + bool(source.latency_lines)
        for system in systems
        for source in sources
    )


class Collector:
    """Collects outputs. With `folder`, what is done is kept there and not done again by a later run."""

    def __init__(self, progress: Progress, folder: Path | None = None, core: int | None = None) -> None:
        self._progress = progress
        self._folder = folder
        self._core = core
        self._revision = conditions.git_revision()

    def collect(self, system: OutputSystem, source: Source) -> Output:
        """All translations of a system in a direction.

        Raises SystemFailed when it fails, InvalidInput for a file with other lines than the sources or cores that are
        not there.
        """
        if system.kind == FILE:
            self._progress.step(f"{source.direction}: reading {system.label}")
            lines = read_output(system.files[source.direction], len(source.lines))
            return Output(system.label, source.direction, system.files[source.direction].name, lines)
        model = _model(system, source.direction)
        kept = self._kept(system, source, model)
        parts, resumed = kept.read()
        done = len(parts.lines)
        if done == len(source.lines) and parts.latencies is not None:
            for _ in range(steps([system], [source])):
                self._progress.step(f"{source.direction}: {system.label}, kept")
        else:
            self._run(system, source, parts, kept)
        return Output(
            system.label,
            source.direction,
            model,
            tuple(parts.lines),
            parts.seconds,
            tuple(parts.latencies or ()),
            resumed,
        )

    def _run(self, system: OutputSystem, source: Source, parts: _Parts, kept: _Kept) -> None:
        with self._worker(system) as worker:
            worker.ask("open", direction=source.direction)
            worker.ask("batch", direction=source.direction, lines=source.lines[:WARM_LINES])
            for start in range(0, len(source.lines), PART):
                end = min(start + PART, len(source.lines))
                self._progress.step(f"{source.direction}: {system.label}, {end} of {len(source.lines)} lines")
                if end <= len(parts.lines):
                    continue
                answer = worker.ask("batch", direction=source.direction, lines=source.lines[start:end])
                parts.lines += answer["outputs"]
                parts.seconds += answer["seconds"]
                kept.write(parts)
            if source.latency_lines:
                self._progress.step(f"{source.direction}: {system.label}, one by one")
                singles = source.lines[: source.latency_lines]
                parts.latencies = worker.ask("single", direction=source.direction, lines=singles)["seconds"]
            else:
                parts.latencies = []
            kept.write(parts)

    @contextmanager
    def _worker(self, system: OutputSystem) -> Iterator[Worker]:
        cores = conditions.cores_for(system.cores, self._core) if system.cores else ()
        if cores is None:
            usable = len(conditions.usable_cores())
            raise InvalidInput(
                f"--systems: {system.label} needs {system.cores} cores; this process may use {usable}",
                field="--systems",
            )
        with Worker(system.spec, cores) as worker:
            yield worker

    def _kept(self, system: OutputSystem, source: Source, model: str) -> _Kept:
        digest = hashlib.sha256("\n".join(source.lines).encode()).hexdigest()
        of = {
            "system": system.spec,
            "model": model,
            "direction": source.direction,
            "sources": digest,
            "latency_lines": str(source.latency_lines),
            "revision": self._revision or "",
        }
        if self._folder is None:
            return _Kept(None, of)
        name = "".join("-" if one in _UNSAFE else one for one in f"{system.label}.{source.direction}.json")
        return _Kept(self._folder / name, of)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file with the parts that are done, and what they were made of; `path` None keeps nothing."""

    path: Path | None
    of: dict[str, str]

    def read(self) -> tuple[_Parts, bool]:
        """What is there and was made of the same things, and whether that is anything."""
        try:
            content: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8")) if self.path else {}
        except (OSError, ValueError):
            content = {}
        if content.get("of") != self.of:
            return _Parts([]), False
        parts = _Parts(**content["parts"])
        return parts, bool(parts.lines)

    def write(self, parts: _Parts) -> None:
        """Replace the file, whole or not at all."""
        if self.path is None:
            return
        beside = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps({"of": self.of, "parts": asdict(parts)}, ensure_ascii=False), encoding="utf-8")
            beside.replace(self.path)
        except OSError as error:
            told = f"--resume: {self.path.parent} cannot be written ({error.strerror or error})"
            raise InvalidInput(told, field="--resume") from error


def read_output(path: Path, count: int) -> tuple[str, ...]:
    """The lines of an output file, empty ones included; raises InvalidInput unless there are `count`."""
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise InvalidInput(
            f"--systems: {path} cannot be read ({error.strerror or error})", field="--systems"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"--systems: {path} is not valid UTF-8 at byte {error.start}", field="--systems") from error
    if len(lines) != count:
        raise InvalidInput(f"--systems: {path} has {len(lines)} lines for {count} sources", field="--systems")
    return tuple(line.removesuffix("\r") for line in lines)


def save_outputs(folder: Path, outputs: Sequence[Output]) -> None:
    """Write every output as `LABEL.PAIR.txt`, which `file:FOLDER` reads again; raises InvalidInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for output in outputs:
            name = "".join("-" if one in _UNSAFE else one for one in output.system)
            text = "".join(f"{' '.join(line.split())}\n" for line in output.lines)
            (folder / f"{name}.{output.direction}.txt").write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"--save: {folder} cannot be written ({error.strerror or error})", field="--save") from error


def _model(system: OutputSystem, direction: str) -> str:
    if not system.runs_our_weights:
        return system.spec
    try:
        return model_name(direction)
    except ModelMissing:
        return ""
