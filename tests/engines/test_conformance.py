"""What every engine must do, run over each of them on real weights."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sentences import ODD, SENTENCES

from service.engines import EchoEngine, Engine
from service.errors import EngineFailure
from service.models.catalog import ModelEntry


@pytest.fixture(params=["student", "reference", "echo"])
def engine(request: pytest.FixtureRequest, student: Engine, reference: Engine) -> Engine:
    """Each engine."""
    return {"student": student, "reference": reference, "echo": EchoEngine()}[request.param]


def test_nothing_in_nothing_out(engine: Engine) -> None:
    assert engine.translate([]) == []
    assert engine.count_tokens([]) == []


def test_reversed_input_gives_reversed_output(engine: Engine, entry: ModelEntry) -> None:
    texts = SENTENCES[entry.source]
    forward = [one.text for one in engine.translate(texts)]
    backward = [one.text for one in engine.translate(texts[::-1])]
    assert backward == forward[::-1]


def test_a_hypothesis_says_how_it_came_about(engine: Engine, entry: ModelEntry) -> None:
    texts = SENTENCES[entry.source]
    for text, tokens, hypothesis in zip(texts, engine.count_tokens(texts), engine.translate(texts), strict=True):
        assert hypothesis.text, text
        assert hypothesis.source_tokens == tokens
        assert hypothesis.target_tokens > 0
        assert hypothesis.complete
        assert hypothesis.score <= 0
        assert hypothesis.tokenize_seconds >= 0
        assert hypothesis.infer_seconds >= 0


def test_odd_texts_get_an_answer_each(engine: Engine) -> None:
    assert len(engine.translate(ODD)) == len(ODD)


def test_too_long_a_text_is_refused_not_cut(engine: Engine) -> None:
    if isinstance(engine, EchoEngine):
        pytest.skip("echo cuts nothing and limits nothing")
    with pytest.raises(EngineFailure, match="tokens"):
        engine.translate(["palavra word " * 100])


def test_threads_share_an_engine(engine: Engine, entry: ModelEntry) -> None:
    texts = SENTENCES[entry.source]
    expected = [one.text for one in engine.translate(texts)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: [one.text for one in engine.translate(texts)], range(8)))
    assert answers == [expected] * 8


@pytest.mark.parametrize("size", [1, 2, 5, 16, 64])
def test_a_batch_does_not_change_a_sentence(student: Engine, entry: ModelEntry, size: int) -> None:
    texts = [*SENTENCES[entry.source] * 4, *ODD]
    alone = {text: student.translate([text])[0].text for text in texts}
    random.Random(size).shuffle(texts)
    for start in range(0, len(texts), size):
        batch = texts[start : start + size]
        assert [one.text for one in student.translate(batch)] == [alone[text] for text in batch]
