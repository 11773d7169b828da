"""`python -m benchmarks.batch`: `manchete batch` beside the engine by itself, on the same articles and cores.

`manchete bench feeds` has the same comparison on fewer articles, in processes of their own, beside feeds.

The articles are made of the shipped sentences; names and figures make every sentence a different one, so that nothing
is computed once for two. The engine gets their sentences ready split, sorted by tokens, on as many threads; what
`batch` takes longer for is reading, detection, splitting, checks, joining and writing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.adapters import entry_of
from benchmarks.conditions import cores_for, pinned, resident_bytes
from benchmarks.corpus import load_corpus, words
from benchmarks.stats import paired_ratios
from service.batch import Job, run
from service.batch.answers import Task
from service.cli.endurance import settle_in, take_turns
from service.cli.session import OFFLINE_BATCH_TOKENS
from service.engines.loading import Placement
from service.errors import EngineFailure
from service.models import Catalog, EngineLoader, ModelStore
from service.segment import split
from service.settings import load_settings
from service.types import SummaryLength

if TYPE_CHECKING:
    from service.engines import Engine
    from service.wiring import Service

DIRECTION: Final = "pt-en"
_SENTENCES: Final = 6
# How many sentences a thread of the engine takes at a time: enough to sort, few enough to end together.
_SHARE: Final = 512
_FIRST: Final = ("Ana", "Bruno", "Carla", "Davi", "Elisa", "Fábio", "Glória", "Heitor", "Inês", "João", "Lia", "Mauro")
_LAST: Final = ("Alencar", "Brito", "Campos", "Dantas", "Esteves", "Fontes", "Galvão", "Hora", "Lins", "Moraes", "Reis")
_SAYS: Final = {"pt": "disse {person}, de {age} anos, em {place}", "en": "said {person}, {age}, of {place}"}
_SEEDS: Final = {"pt": 7, "en": 8}
_PLACES: Final = ("Porto Sereno", "Vila Alta", "Campo Novo", "Serra Clara", "Barra Funda", "Lagoa Verde", "Pedra Lisa")


@dataclass(frozen=True, slots=True)
class Article:
    """One invented article."""

    title: str
    text: str


def articles(count: int, language: str = "pt") -> list[Article]:
    """So many articles of different sentences in Portuguese or English, the same ones every time."""
    lines = load_corpus(Path(__file__).parent / "data", (language,)).lines[language]
    chance = random.Random(_SEEDS[language])  # noqa: S311 -- no secret depends on it
    made = []
    for _ in range(count):
        chosen = chance.sample(lines, _SENTENCES + 1)
        varied = [_varied(sentence, chance, _SAYS[language]) for sentence in chosen]
        made.append(Article(varied[0].rstrip("."), "\n\n".join(" ".join(varied[at : at + 2]) for at in (1, 3, 5))))
    return made


def _varied(sentence: str, chance: random.Random, says: str) -> str:
    person = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
    said = says.format(person=person, age=chance.randrange(21, 90), place=chance.choice(_PLACES))
    return f"{sentence.rstrip('.')}, {said}."


@contextmanager
def opened_engine(threads: int) -> Iterator[Engine]:
    """The engine of the measured direction by itself."""
    store = ModelStore(load_settings().models_dir, Catalog())
    loader = EngineLoader(Catalog(), store, engine="student", placement=Placement(), parallel_calls=threads)
    engine = loader(entry_of(DIRECTION).model_id)
    try:
        yield engine
    finally:
        engine.close()


def segments_of(engine: Engine, texts: Sequence[str]) -> list[str]:
    """The Portuguese texts' segments as the service cuts them for this engine."""
    documents = [
        split(text, "pt", count_tokens=engine.count_tokens, max_tokens=engine.max_source_tokens) for text in texts
    ]
    return [segment.text for document in documents for segment in document.segments]


def engine_seconds(engine: Engine, segments: Sequence[str], threads: int) -> float:
    """Seconds for all segments, sorted by tokens, on so many threads."""
    # By tokens and not by letters, which would put the variants of one sentence side by side: their shortlists are the
    # same, and no batch of real articles is as cheap.
    tokens = dict(zip(segments, engine.count_tokens(segments), strict=True))
    ordered = sorted(segments, key=tokens.__getitem__, reverse=True)
    shares = [ordered[at : at + _SHARE] for at in range(0, len(ordered), _SHARE)]
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        for _ in workers.map(engine.translate, shares):
            pass
    return time.perf_counter() - started


def batch_seconds(service: Service, source: Path, *, summary: bool) -> float:
    """Seconds of `manchete batch` on a file of articles; raises EngineFailure when a record fails."""
    length = SummaryLength() if summary else None
    job = Job(source, source.with_name("results.jsonl"), Task("en", length=length), 200_000, overwrite=True)
    started = time.perf_counter()
    done = run(service.pipeline, job, lambda _: None)
    seconds = time.perf_counter() - started
    if done.failed:
        raise EngineFailure(f"{done.failed} records failed")
    return seconds


def write_records(path: Path, made: Sequence[Article]) -> None:
    """Write articles as `manchete batch` reads them."""
    lines = [json.dumps({"id": number, "title": one.title, "text": one.text}) for number, one in enumerate(made)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def opened_service(threads: int) -> Iterator[Service]:
    """The service of this process with so many threads, without a translation memory."""
    from msgspec.structs import replace

    from service.wiring import build

    changes = {"threads": threads, "translation_memory_mb": 0, "preload": "", "max_queue_tokens": sys.maxsize}
    changes["max_batch_tokens"] = OFFLINE_BATCH_TOKENS
    take_turns()
    service = build(replace(load_settings(), **changes), watched=False)
    settle_in()
    try:
        yield service
    finally:
        service.close()


def main() -> None:
    """Measure and print: seconds and source words a second of each round, and the ratio of both."""
    parser = argparse.ArgumentParser(description="Measure `manchete batch` beside the engine by itself.")
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cores", type=int, help="else as many as threads")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    cores = cores_for(options.cores or options.threads)
    if cores is None:
        raise SystemExit(f"--threads: {options.threads} cores are not here")
    with (
        pinned(cores),
        tempfile.TemporaryDirectory() as folder,
        opened_service(options.threads) as service,
        opened_engine(options.threads) as engine,
    ):
        made = articles(options.articles)
        segments = segments_of(engine, [part for article in made for part in (article.title, article.text)])
        total = words(segments)
        source = Path(folder) / "articles.jsonl"
        write_records(source, made)
        engine_seconds(engine, segments[:200], options.threads)
        alone, batch = [], []
        for number in range(1, options.rounds + 1):
            alone.append(engine_seconds(engine, segments, options.threads))
            batch.append(batch_seconds(service, source, summary=options.summary))
            print(f"round {number}: engine {alone[-1]:.1f} s, batch {batch[-1]:.1f} s", flush=True)  # noqa: T201
        ratios = paired_ratios([total / one for one in batch], [total / one for one in alone])
        resident = (resident_bytes() or 0) // 2**20
    print(  # noqa: T201 -- this is its output
        f"{options.articles} articles, {len(segments)} segments, {total} words, {options.threads} threads on "
        f"{len(cores)} cores: {', '.join(f'{ratio:.3f}' for ratio in ratios)} of the engine's speed; "
        f"{total / min(batch):.0f} words/s; {resident} MiB"
    )


if __name__ == "__main__":
    main()
