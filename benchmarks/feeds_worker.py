"""What is measured of feeds, in a process of its own: `python -m benchmarks.feeds_worker SYSTEM`.

One JSON request a line in, one JSON answer a line out, as `benchmarks.worker` has it. The system is `engine`, `batch`
or `feeds`; the settings are those of the environment.

    {"do": "translate", "texts": [...]}                     -> {"seconds": 3.1, "processor": 3.0, "words": 9000}
    {"do": "batch", "source": "articles.jsonl"}             -> {"seconds": 3.5, "processor": 3.4}
    {"do": "run", "database": "a.db", "feeds": [["http://...", false], ...]}
                                                            -> {"seconds": 5.0, "processor": 4.2, "report": {...}}
    {"do": "digest", "database": "a.db"}                    -> {"words": 9000, "stories_f1": 0.9}
    {"do": "memory"}                                        -> {"peak": 250000000}

`feeds` are addresses, and whether the text of teasers is taken from their pages. `processor` is the processor time of
all threads.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import asdict, replace

from benchmarks.batch import DIRECTION, batch_seconds, engine_seconds, opened_engine, opened_service, segments_of
from benchmarks.conditions import peak_bytes
from benchmarks.corpus import words
from benchmarks.stories import by_stories, load_articles, score
from benchmarks.worker import serve
from service.settings import Secret, load_settings
from service.types import RequestContext, TranslateRequest

if TYPE_CHECKING:
    from service.feeds.desk import FeedDesk

_SOURCE, _, _TARGET = DIRECTION.partition("-")
_MOST_ITEMS: Final = 1_000

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def main(system: str) -> None:
    """Serve requests for one system until standard input ends."""
    with ExitStack() as stack:
        serve(_SYSTEMS[system](stack))


def _engine(stack: ExitStack) -> Answer:
    threads = load_settings().threads
    engine = stack.enter_context(opened_engine(threads))
    engine_seconds(engine, ["O rio subiu dois metros."], threads)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "memory":
            return _memory()
        segments = segments_of(engine, request["texts"])
        processor = time.process_time()
        seconds = engine_seconds(engine, segments, threads)
        return {"seconds": seconds, "processor": time.process_time() - processor, "words": words(segments)}

    return answer


def _batch(stack: ExitStack) -> Answer:
    service = stack.enter_context(opened_service(load_settings().threads))
    warm = TranslateRequest("O rio subiu dois metros.", _TARGET)
    service.pipeline.translate(warm, RequestContext("bench"))

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "memory":
            return _memory()
        processor = time.process_time()
        seconds = batch_seconds(service, Path(request["source"]), summary=False)
        return {"seconds": seconds, "processor": time.process_time() - processor}

    return answer


def _feeds(stack: ExitStack) -> Answer:
    from service.cli.session import open_service
    from service.feeds.progress import Progress, RunOptions

    # As `manchete feeds run` opens it.
    service = stack.enter_context(open_service())
    service.pipeline.translate(TranslateRequest("O rio subiu dois metros.", _TARGET), RequestContext("bench"))

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "memory":
            return _memory()
        desk = _desk(request["database"])
        try:
            if request["do"] == "digest":
                return _digest(desk)
            _subscribe(desk, request["feeds"])
            started, processor = time.perf_counter(), time.process_time()
            report = desk.run(service.pipeline, RunOptions(_TARGET), Progress())
            seconds, processor = time.perf_counter() - started, time.process_time() - processor
        finally:
            desk.close()
        return {"seconds": seconds, "processor": processor, "report": asdict(report)}

    return answer


_SYSTEMS: Final[dict[str, Callable[[ExitStack], Answer]]] = {"engine": _engine, "batch": _batch, "feeds": _feeds}


def _desk(database: str) -> FeedDesk:
    from msgspec.structs import replace as changed

    from service.api.feedsroom import open_feeds

    return open_feeds(changed(load_settings(), feeds_database=Secret(f"sqlite:///{database}")))


def _subscribe(desk: FeedDesk, feeds: Sequence[tuple[str, bool]]) -> None:
    from service.feeds.opml import Outline

    for full_text in (False, True):
        desk.add([Outline(url, None) for url, whole in feeds if whole is full_text], full_text=full_text)


def _digest(desk: FeedDesk) -> dict[str, Any]:
    """The source words of what was translated, and how well the labelled articles were grouped."""
    rows = (json.loads(line) for line in desk.export())
    texts = [text for row in rows if row["language"] == _SOURCE for text in (row["title"], row["text"])]
    labelled = load_articles()
    since = min(datetime.fromisoformat(one["published"]) for one in labelled)
    items = [
        replace(item, item_id=item.url.rpartition("/")[2])
        for item in desk.digest(target=_TARGET, since=since, limit=_MOST_ITEMS).items
    ]
    f1 = score(by_stories(items), labelled).f1
    return {"words": words(texts), "stories_f1": f1}


def _memory() -> dict[str, Any]:
    return {"peak": peak_bytes()}


if __name__ == "__main__":
    main(sys.argv[1])
