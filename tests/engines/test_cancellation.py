"""Who goes away waits for nothing and holds nobody: the queue drops what has not begun, and a batch that runs is small.

Engines take no cancellation of their own. A batch ends within the length limit of its longest text, so there is little
to win by interrupting it, and a check at every token would cost every batch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from toy_language import held_out

from service.batching import Batcher, Limits, Part
from service.engines import Engine
from service.errors import Cancelled
from service.types import DecodeOptions, RequestContext

TEXTS = [source for source, _ in held_out()]
PATIENCE = 20.0


@pytest.fixture(params=["ctranslate2", "seq2seq"])
def engine(request: pytest.FixtureRequest, ctranslate2: Engine, seq2seq: Engine) -> Engine:
    """Each engine, on the trained model."""
    return {"ctranslate2": ctranslate2, "seq2seq": seq2seq}[request.param]


def test_a_dropped_request_holds_up_nobody(engine: Engine) -> None:
    batches: list[Sequence[str]] = []
    started, go = threading.Event(), threading.Event()

    def run(model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterator[Part]:
        batches.append(texts)
        started.set()
        assert go.wait(PATIENCE)
        yield from engine.translate_in_parts(texts, options)

    limits = Limits(
        workers=1, max_batch_tokens=100, max_batch_rows=4, max_queue_tokens=100_000, max_concurrent_requests=8
    )
    batcher = Batcher(run, limits)
    leaver, stayer = RequestContext("leaver", "one"), RequestContext("stayer", "two")
    try:
        with batcher.admit(leaver) as left, batcher.admit(stayer) as kept:
            gone = batcher.submit(left, "toy", TEXTS[:100], engine.count_tokens(TEXTS[:100]))
            assert started.wait(PATIENCE)
            answer = batcher.submit(kept, "toy", TEXTS[100:101], engine.count_tokens(TEXTS[100:101]))
            batcher.drop(leaver)
            go.set()
            assert answer[0].result(PATIENCE).hypothesis.text == engine.translate(TEXTS[100:101])[0].text
            assert all(isinstance(one.exception(PATIENCE), Cancelled) for one in gone)
        # What ran when the request was dropped, and the other's.
        assert len(batches) == 2
        assert batches[1] == TEXTS[100:101]
    finally:
        go.set()
        batcher.close(PATIENCE)
