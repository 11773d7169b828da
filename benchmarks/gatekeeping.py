"""What becomes of a gate's figures: verdicts are told, floors adjusted when asked, results kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.baseline import BASELINE_FILE, Baseline, adjusted, as_json, judge, read_baseline
from benchmarks.command import write_text
from benchmarks.gate import speed_ratios
from benchmarks.history import RESULTS_FOLDER, file_name
from benchmarks.results import Report
from benchmarks.systems import BASELINE

FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Keeping:
    """What to do with the figures; `lower` is the reason why floors are lowered, None where they are not."""

    baseline: Path | None = None
    raise_floors: bool = False
    lower: str | None = None
    results: Path | None = None
    record: bool = False


def keep(reports: Sequence[Report], keeping: Keeping) -> int:
    """Tell the verdicts on standard output; returns the exit code, 1 where a floor is not reached and not lowered."""
    path = keeping.baseline or BASELINE_FILE
    before = read_baseline(path)
    after = before
    if keeping.raise_floors or keeping.lower is not None:
        reason = keeping.lower or "raised to what was measured"
        ratios = speed_ratios(reports[0])
        known = replace(before, peer=BASELINE) if ratios else before
        after = adjusted(known, reports, ratios, reason=reason, lower=keeping.lower is not None)
        write_text(path, as_json(after), "--baseline")
    if keeping.record:
        for report in reports:
            write_text((keeping.results or RESULTS_FOLDER) / file_name(report), report.to_json(), "--results")
    verdicts = judge(after, reports)
    lines = [verdict.sentence for verdict in verdicts]
    lines += [
        f"lowered or raised: {change}" for entry in after.history[len(before.history) :] for change in entry.changes
    ]
    lines += _speeds(reports[0], before)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    lines.append(f"gate: {len(failed)} of {len(verdicts)} figures are below their floors" if failed else "gate: passed")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
    return FAILED if failed else 0


def _speeds(report: Report, baseline: Baseline) -> list[str]:
    told = []
    for direction, ratio in speed_ratios(report).items():
        known = baseline.speed.get(direction)
        beside = "" if known is None else f", {known:.2f} in the baseline"
        told.append(f"{direction}: {ratio:.2f} times the speed of {BASELINE}{beside} (not enforced)")
    return [*told, *(note for note in report.conditions.notes if note.startswith("speed"))]
