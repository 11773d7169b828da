"""`manchete bench detect`: how often the language is told right, of sentences, word pairs and words, and how fast."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks import conditions
from benchmarks.corpus import BESIDE_CHECKOUT, Corpus
from benchmarks.progress import Progress
from benchmarks.recorder import Key, Recorder
from benchmarks.results import DataSet, Report
from service.detect import Detector
from service.detect.library import profile_files
from service.errors import InvalidInput
from service.types import UNDETERMINED

DEFAULT_FILE: Final = BESIDE_CHECKOUT / "langid" / "lingua_sample.jsonl"
OURS: Final = "manchete"
PEER: Final = "langdetect"
# Norwegian is written in two ways, of which the profiles know one; Chinese has a profile for each script.
_SAME: Final = {"nn": "no", "nb": "no", "zh-cn": "zh", "zh-tw": "zh", "zh-Hans": "zh", "zh-Hant": "zh"}
_FIELD: Final = "--data"

Identify = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class DetectPlan:
    """Texts with their languages by kind (`sentences`, `word-pairs`, ...), of languages that can be told at all."""

    name: str
    texts: Mapping[str, tuple[tuple[str, str], ...]]

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        return 2 * len(self.texts)

    @property
    def data_set(self) -> DataSet:
        """The texts and their languages."""
        rows = [f"{language}\t{text}" for kind in self.texts.values() for text, language in kind]
        return Corpus(self.name, {"texts": tuple(rows)}).data_set


def load_texts(path: Path | None, limit: int) -> DetectPlan:
    """The first `limit` texts of every kind and language of a file of `{"lang", "kind", "text"}` a line.

    None means the sample beside the checkout. Languages without a profile are left out; raises InvalidInput.
    """
    path = path or DEFAULT_FILE
    known = {_plain(file.name) for file in profile_files()}
    counted: Counter[tuple[str, str]] = Counter()
    texts: dict[str, list[tuple[str, str]]] = {}
    for language, kind, text in _rows(path):
        counted[kind, language] += 1
        if language in known and counted[kind, language] <= limit:
            texts.setdefault(kind, []).append((text, language))
    if not texts:
        raise InvalidInput(f"{_FIELD}: {path} has no texts in a language that can be told", field=_FIELD)
    return DetectPlan(path.name, {kind: tuple(rows) for kind, rows in texts.items()})


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{_FIELD}: {path} cannot be read as UTF-8", field=_FIELD) from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            yield _plain(row["lang"]), str(row["kind"]), str(row["text"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"{_FIELD}: {path} has no lang, kind and text in line {number}", field=_FIELD) from error


def measure_detection(plan: DetectPlan, progress: Progress) -> Report:
    """Run the plan: our detector, and langdetect with a fixed seed, whose profiles it scores."""
    seen = conditions.begin(plan.data_set, 1)
    recorder = Recorder(PEER)
    for name, identify in {OURS: _ours(), PEER: _peer()}.items():
        for kind, texts in plan.texts.items():
            progress.step(f"{name}: {kind}")
            started = time.perf_counter()
            found = [_plain(identify(text)) for text, _ in texts]
            seconds = time.perf_counter() - started
            right = sum(one == language for one, (_, language) in zip(found, texts, strict=True))
            for metric, value in {
                "accuracy": 100 * right / len(texts),
                "abstained": 100 * found.count(UNDETERMINED) / len(texts),
                "texts_per_second": len(texts) / seconds,
            }.items():
                recorder.add(Key(name, kind, metric), value, lines=len(texts))
    note = f"languages without a profile are left out; {PEER} with seed 0, since it draws at random"
    ended = replace(seen, load_average_after=conditions.load_average(), notes=(note,))
    return Report("detect", ended, recorder.figures())


def _ours() -> Identify:
    detector = Detector()
    detector.load()
    return lambda text: detector.identify(text).language


def _peer() -> Identify:
    from langdetect import DetectorFactory, LangDetectException, detect  # type: ignore[import-untyped]

    DetectorFactory.seed = 0
    detect("Um texto para carregar os perfis.")

    def identify(text: str) -> str:
        try:
            return str(detect(text))
        except LangDetectException:
            return UNDETERMINED

    return identify


def _plain(tag: str) -> str:
    """A language by its profile's name, scripts and variants left out."""
    return _SAME.get(tag, tag.partition("-")[0])
