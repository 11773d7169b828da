"""`manchete bench speed`: systems in turn within every round, each in a process of its own pinned to the same core.

Within a round the order is A B C, then A B C again, so that a drift of the machine falls on all of them alike; ratios
are taken round by round. A process waits on its pipe while it is not its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from benchmarks import conditions
from benchmarks.bench import MEBIBYTE, WARM_LINES, Bench, Texts
from benchmarks.coldstart import cold_command, cold_start
from benchmarks.corpus import Corpus
from benchmarks.directions import BOTH
from benchmarks.processes import SystemFailed, Worker
from benchmarks.progress import Progress
from benchmarks.quality import check_installed
from benchmarks.recorder import Key, Recorder
from benchmarks.results import Absence, Report
from benchmarks.stats import paired_ratios
from benchmarks.systems import BASELINE, SystemSpec, service_threads


@dataclass(frozen=True, slots=True)
class SpeedPlan:
    """What to measure. `latency_lines` are translated one by one; `core` is where, None for the last usable one."""

    systems: tuple[SystemSpec, ...]
    directions: tuple[str, ...]
    corpus: Corpus
    rounds: int = 3
    latency_lines: int = 200
    core: int | None = None

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        each = len(self.systems) * (1 + 2 * self.rounds) + self.rounds + 1
        return len(self.directions) * each + len(self.systems) * (len(self.directions) > 1)


def measure_speed(plan: SpeedPlan, progress: Progress) -> Report:
    """Run the plan. A system that is missing or fails is an absence in the report, the others go on.

    Raises ConfigurationError when the scorer is missing, InvalidInput when the plan's core is.
    """
    check_installed()
    run = _Run(plan, progress)
    for direction in plan.directions:
        run.direction(direction)
        run.cold_starts(direction)
    if len(plan.directions) > 1:
        run.residents()
    run.scalings()
    return run.report()


class _Run:
    def __init__(self, plan: SpeedPlan, progress: Progress) -> None:
        self._plan = plan
        self._progress = progress
        self._conditions = conditions.begin(plan.corpus.data_set, plan.rounds)
        self._recorder = Recorder(BASELINE)
        self._absences: list[Absence] = []
        self._signatures: dict[str, str] = {}
        self._notes: list[str] = []
        self._cores: dict[str, tuple[int, ...]] = {}
        self._specs = [spec for spec in plan.systems if self._is_here(spec)]

    def direction(self, direction: str) -> None:
        """Load every system, then measure throughput, scores, latencies and memory."""
        source, _, target = direction.partition("-")
        lines = self._plan.corpus.lines
        texts = Texts(lines[source], lines[target], self._plan.latency_lines)
        with ExitStack() as stack:
            benches: dict[str, Bench] = {}
            for spec in self._specs:
                self._progress.step(f"{direction}: loading {spec.name}")
                worker = stack.enter_context(Worker(spec.name, self._cores[spec.name]))
                bench = Bench(spec, direction, worker, texts, self._recorder)
                benches[spec.name] = bench
                self._attempt(benches, spec.name, direction, bench.open)
            for number in range(1, self._plan.rounds + 1):
                for name, bench in list(benches.items()):
                    self._progress.step(f"{direction}, round {number}: {name}")
                    self._attempt(benches, name, direction, bench.batch)
            for number in range(1, self._plan.rounds + 1):
                for name, bench in list(benches.items()):
                    self._progress.step(f"{direction}, one by one, round {number}: {name}")
                    self._attempt(benches, name, direction, bench.single)
            for name, bench in list(benches.items()):
                self._attempt(benches, name, direction, bench.finish)
                self._signatures.update(bench.signatures)
                self._notes += bench.notes

    def cold_starts(self, direction: str) -> None:
        """Time fresh processes. One that fails costs the system this figure alone."""
        sentence = self._plan.corpus.lines[direction.partition("-")[0]][0]
        commands = {spec.name: cold_command(spec.name, direction) for spec in self._specs}
        absent = {one.system for one in self._absences if one.direction == direction}
        for number in range(self._plan.rounds + 1):
            # The first is not counted: it may have to compile modules or read files from the disk.
            self._progress.step(f"{direction}: cold starts, {f'round {number}' if number else 'first'}")
            for name, command in commands.items():
                if command is None or name in absent:
                    continue
                try:
                    seconds = cold_start(name, command, sentence, self._cores[name])
                except SystemFailed as error:
                    self._absences.append(Absence(name, error.message, direction))
                    absent.add(name)
                    continue
                if number:
                    self._recorder.add(Key(name, direction, "cold_start"), seconds, lines=1)

    def residents(self) -> None:
        """Memory of one process that has every direction loaded and has used them all."""
        for spec in self._specs:
            self._progress.step(f"memory with {len(self._plan.directions)} directions: {spec.name}")
            try:
                with Worker(spec.name, self._cores[spec.name]) as worker:
                    for direction in self._plan.directions:
                        lines = self._plan.corpus.lines[direction.partition("-")[0]][: 4 * WARM_LINES]
                        worker.ask("open", direction=direction)
                        worker.ask("batch", direction=direction, lines=lines)
                    resident = worker.ask("resident")["bytes"]
            except SystemFailed as error:
                self._absences.append(Absence(spec.name, error.message, BOTH))
                continue
            if resident is not None:
                self._recorder.add(Key(spec.name, BOTH, "resident"), resident / MEBIBYTE, lines=4 * WARM_LINES)

    def scalings(self) -> None:
        """Throughput of N threads over that of one, in the same rounds."""
        for direction in self._plan.directions:
            single = self._recorder.rounds(Key("manchete-1", direction, "words_per_second"))
            for spec in self._specs:
                rounds = self._recorder.rounds(Key(spec.name, direction, "words_per_second"))
                if single and rounds and (service_threads(spec.name) or 0) > 1:
                    for ratio in paired_ratios(rounds, single):
                        self._recorder.add(Key(spec.name, direction, "scaling"), ratio, lines=len(self._plan.corpus))

    def report(self) -> Report:
        """What was measured, under which conditions."""
        ended = replace(
            self._conditions,
            cores=self._cores if conditions.can_pin() else {},
            load_average_after=conditions.load_average(),
            batching={spec.name: spec.batching for spec in self._specs},
            signatures=self._signatures,
            notes=tuple(self._notes),
        )
        return Report("speed", ended, self._recorder.figures(), tuple(self._absences))

    def _is_here(self, spec: SystemSpec) -> bool:
        cores = conditions.cores_for(spec.cores, self._plan.core)
        reason = spec.missing()
        if reason is None and cores is None:
            reason = f"needs {spec.cores} cores; this process may use {len(conditions.usable_cores())}"
        if reason is not None or cores is None:
            self._absences.append(Absence(spec.name, reason or ""))
            return False
        self._cores[spec.name] = cores
        return True

    def _attempt(self, benches: dict[str, Bench], name: str, direction: str, work: Callable[[], None]) -> None:
        """Do a part of the measurement; a system that fails leaves the run with what it had."""
        try:
            work()
        except SystemFailed as error:
            self._absences.append(Absence(name, error.message, direction))
            self._recorder.discard(name, direction)
            benches.pop(name).close()
