"""The one schema of benchmark results: what was measured, of what, under which conditions. Frozen, and JSON.

A figure is one metric of one system in one direction: the value of every round, their median, and how it compares with
the baseline system in the same rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from service.errors import InvalidInput

SCHEMA_VERSION: Final = 1


class Compare(StrEnum):
    """How a metric is compared with the baseline."""

    RATIO = "ratio"
    DIFFERENCE = "difference"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured: its name in the schema, the heading and the digits it is shown with, its unit."""

    name: str
    heading: str
    unit: str
    digits: int
    compare: Compare = Compare.NOT


_ALL: Final = (
    Metric("words_per_second", "words/s", "source words/s", 0, Compare.RATIO),
    # What it would be on a core of its own: close to words/s where nothing else ran on the core.
    Metric("words_per_cpu_second", "words/CPU s", "source words/s of processor time", 0, Compare.RATIO),
    Metric("sentences_per_second", "sent/s", "sentences/s", 1, Compare.RATIO),
    Metric("latency_p50", "p50 ms", "ms", 2, Compare.RATIO),
    Metric("latency_p95", "p95 ms", "ms", 2, Compare.RATIO),
    Metric("latency_p99", "p99 ms", "ms", 2, Compare.RATIO),
    Metric("cold_start", "cold s", "s", 2, Compare.RATIO),
    Metric("load", "load s", "s", 2, Compare.RATIO),
    Metric("resident", "resident MiB", "MiB", 0, Compare.RATIO),
    Metric("bleu", "BLEU", "BLEU", 2, Compare.DIFFERENCE),
    Metric("chrf", "chrF", "chrF", 2, Compare.DIFFERENCE),
    Metric("ter", "TER", "TER", 2, Compare.DIFFERENCE),
    Metric("comet", "COMET", "COMET", 4, Compare.DIFFERENCE),
    Metric("numbers_kept", "numbers kept %", "% of the lines with digits", 1, Compare.DIFFERENCE),
    Metric("guard_warnings", "warned of %", "% of the lines", 1, Compare.DIFFERENCE),
    Metric("length_ratio", "length", "characters of the output over those of the reference", 3),
    Metric("accuracy", "right %", "% of the texts", 1, Compare.DIFFERENCE),
    Metric("abstained", "abstained %", "% of the texts", 1, Compare.DIFFERENCE),
    Metric("texts_per_second", "texts/s", "texts/s", 0, Compare.RATIO),
    Metric("batch_changes", "changed by batch", "lines", 0),
    Metric("scaling", "scaling", "x", 2),
    Metric("requests", "answered", "requests", 0),
    Metric("errors", "errors", "requests", 0),
    Metric("batch_rows", "rows/batch", "rows", 1),
    Metric("batch_infer", "batch ms", "ms", 1),
    Metric("latency_p99_limit", "p99 limit ms", "ms", 1),
    Metric("client_cpu", "client CPU", "cores", 2),
    Metric("recalled", "from memory", "segments", 0),
    Metric("rouge1", "ROUGE-1", "F1, 0 to 100", 2, Compare.DIFFERENCE),
    Metric("rouge2", "ROUGE-2", "F1, 0 to 100", 2, Compare.DIFFERENCE),
    Metric("rougeL", "ROUGE-L", "F1, 0 to 100", 2, Compare.DIFFERENCE),
    Metric("summary_words", "words", "words", 1),
    Metric("redundancy", "redundancy %", "% of a sentence", 1),
    Metric("coverage", "names, numbers %", "% of the references'", 1),
    Metric("support", "supported %", "% of sentences", 1),
    Metric("article_ms", "ms", "ms an article", 2),
    Metric("items_per_second", "items/s", "items/s", 1),
    Metric("items", "items", "items", 0),
    Metric("run", "run s", "s", 2),
    Metric("stage_fetch", "fetch", "s", 2),
    Metric("stage_parse", "parse", "s", 2),
    Metric("stage_extract", "extract", "s", 2),
    Metric("stage_store", "store", "s", 2),
    Metric("stage_detect", "detect", "s", 2),
    Metric("stage_translate", "translate", "s", 2),
    Metric("stage_summarize", "summarize", "s", 2),
    Metric("peak", "peak MiB", "MiB", 0),
    Metric("feeds_told", "bad feeds told", "feeds", 0),
    Metric("whole_texts", "whole texts", "pages", 0),
    Metric("stories_f1", "stories F1", "F1, 0 to 1", 3),
)
METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one system in one direction (`both`: in one process with every direction loaded).

    `lines` is the number of source lines, or of articles, it was measured on. `rounds` are the values in the order of
    the rounds. `ratio` and `difference` are the medians of the paired rounds against `baseline`, None where they mean
    nothing. `details` splits the value up, errors by status for instance.
    """

    system: str
    model: str
    direction: str
    metric: str
    unit: str
    lines: int
    rounds: tuple[float, ...]
    median: float
    baseline: str | None = None
    ratio: float | None = None
    difference: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far system `first` lies above `second` in a metric, the 95% interval of that, and its two-sided p-value."""

    direction: str
    metric: str
    first: str
    second: str
    difference: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Published:
    """A score that somebody else published, not measured here; `source` is the file that it was read from."""

    system: str
    direction: str
    test_set: str
    metric: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Absence:
    """A system that was asked for and has no figures; `direction` None means in none."""

    system: str
    reason: str
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """The texts that were used: how many lines, and the SHA-256 of what the figures were computed from."""

    name: str
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what the figures were measured.

    `cores` are those that each system was pinned to, empty where the platform cannot pin. `batching` says how each
    system is given its texts. `load_average` has the 1, 5 and 15 minute values before and after. `signatures` are
    those of the quality metrics. `notes` hold for the whole report.
    """

    date: str
    platform: str
    processor: str
    instruction_sets: tuple[str, ...]
    usable_cores: int
    cores: Mapping[str, tuple[int, ...]]
    versions: Mapping[str, str]
    environment: Mapping[str, str]
    git_revision: str | None
    load_average_before: tuple[float, ...]
    load_average_after: tuple[float, ...]
    data: DataSet
    rounds: int
    batching: Mapping[str, str]
    signatures: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one run of one benchmark (`speed`, `load`, `quality`, `summarize` and so on).

    `comparisons` are between its systems, `published` what others say of theirs on such texts.
    """

    benchmark: str
    conditions: Conditions
    figures: tuple[Figure, ...]
    absences: tuple[Absence, ...] = ()
    schema_version: int = SCHEMA_VERSION
    comparisons: tuple[Comparison, ...] = ()
    published: tuple[Published, ...] = ()

    @property
    def signature(self) -> str:
        """What the figures depend on, on one line, in the manner of sacrebleu's signatures."""
        seen = self.conditions
        models = sorted({figure.model for figure in self.figures if figure.model})
        hardware = "+".join([seen.processor, *seen.instruction_sets]).replace(" ", "_")
        parts = {
            "bench": self.benchmark,
            "manchete": seen.versions.get("manchete", "unknown"),
            "revision": seen.git_revision or "unknown",
            "data": f"{seen.data.name.replace(' ', '_')}@{seen.data.sha256[:16]}",
            "lines": str(seen.data.lines),
            "rounds": str(seen.rounds),
            "models": "+".join(models) or "none",
            "hardware": hardware,
        }
        return "|".join(f"{name}:{value}" for name, value in parts.items())

    def find(self, system: str, direction: str, metric: str) -> Figure | None:
        """The figure of that name, None where there is none."""
        wanted = (system, direction, metric)
        return next((one for one in self.figures if (one.system, one.direction, one.metric) == wanted), None)

    def to_json(self) -> str:
        """The report as JSON text, its keys in the order of the schema."""
        return _ADAPTER.dump_json(self, indent=2).decode() + "\n"


_ADAPTER: Final = TypeAdapter(Report)


def read_report(path: Path) -> Report:
    """Read a report written with `--json`; raises InvalidInput when the file is not one of this schema version."""
    try:
        report = _ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValidationError as error:
        raise InvalidInput(f"{path}: not a benchmark report ({error.error_count()} fields are wrong)") from error
    if report.schema_version != SCHEMA_VERSION:
        raise InvalidInput(f"{path}: schema version {report.schema_version}; this program reads {SCHEMA_VERSION}")
    return report
