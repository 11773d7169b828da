"""What every engine must do, run over each of them: students on real weights, the others on a model trained here."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sentences import ODD, SENTENCES
from toy_language import held_out

from service.engines import EchoEngine, Engine
from service.engines.loading import Placement, load_ctranslate2, load_seq2seq, load_student
from service.errors import EngineFailure, TooLarge
from service.models.catalog import EMBEDDED, ModelEntry
from service.models.store import ModelStore
from service.types import DecodeOptions

ON_TOY = ("two_student", "two_reference", "ctranslate2", "seq2seq")
# What the docstrings of the engines promise.
SCORE_TOLERANCE = {
    "student": 1e-4,
    "reference": 1e-4,
    "two_student": 1e-4,
    "two_reference": 1e-4,
    "ctranslate2": 1e-3,
    "seq2seq": 1e-4,
    "echo": 0.0,
}


# The embedded models have two engines each, every other engine is one.
CASES = [
    (name, entry)
    for name in SCORE_TOLERANCE
    for entry in (EMBEDDED if name in ("student", "reference") else EMBEDDED[:1])
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1].pair}")
def case(request: pytest.FixtureRequest) -> tuple[str, ModelEntry]:
    """The engine's name, and the embedded model that it is an engine of, if it is."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def name(case: tuple[str, ModelEntry]) -> str:
    """The engine's name."""
    return case[0]


@pytest.fixture
def engine(
    case: tuple[str, ModelEntry], embedded: Callable[[str, ModelEntry], Engine], request: pytest.FixtureRequest
) -> Engine:
    """Each engine."""
    name, entry = case
    if name in ON_TOY:
        return request.getfixturevalue(name)  # type: ignore[no-any-return]
    return EchoEngine() if name == "echo" else embedded(name, entry)


@pytest.fixture
def texts(case: tuple[str, ModelEntry]) -> Sequence[str]:
    """Sentences in the engine's source language."""
    name, entry = case
    return [source for source, _ in held_out()[:24]] if name in ON_TOY else SENTENCES[entry.source]


def test_nothing_in_nothing_out(engine: Engine) -> None:
    assert engine.translate([]) == []
    assert engine.count_tokens([]) == []


@pytest.mark.parametrize("options", [DecodeOptions(), DecodeOptions(beam=4, n_best=2)], ids=["greedy", "beam"])
def test_parts_are_the_whole(name: str, engine: Engine, texts: Sequence[str], options: DecodeOptions) -> None:
    whole = engine.translate(texts[::3], options)
    parts = list(engine.translate_in_parts(texts[::3], options))
    assert sorted(place for part in parts for place in part) == list(range(len(whole)))
    for place, hypothesis in (item for part in parts for item in part.items()):
        assert hypothesis.text == whole[place].text
        assert hypothesis.score == pytest.approx(whole[place].score, abs=SCORE_TOLERANCE[name])


def test_reversed_input_gives_reversed_output(engine: Engine, texts: Sequence[str]) -> None:
    forward = [one.text for one in engine.translate(texts)]
    backward = [one.text for one in engine.translate(texts[::-1])]
    assert backward == forward[::-1]


def test_a_hypothesis_says_how_it_came_about(engine: Engine, texts: Sequence[str]) -> None:
    for text, tokens, hypothesis in zip(texts, engine.count_tokens(texts), engine.translate(texts), strict=True):
        assert hypothesis.text, text
        assert hypothesis.source_tokens == tokens
        assert hypothesis.target_tokens > 0
        assert hypothesis.complete
        assert hypothesis.score <= 0
        assert hypothesis.tokenize_seconds >= 0
        assert hypothesis.infer_seconds >= 0


@pytest.mark.parametrize("options", [DecodeOptions(), DecodeOptions(beam=4, n_best=3)], ids=["greedy", "beam"])
def test_odd_texts_get_an_answer_each(engine: Engine, options: DecodeOptions) -> None:
    texts = [*ODD, "", " ", "안녕하세요", "\ue000\ue001", "</s>", "<pad> <unk>", ">>por<< x"]
    answers = engine.translate(texts, options)
    assert [one.source_tokens for one in answers] == engine.count_tokens(texts)


def test_too_long_a_text_is_refused_not_cut(engine: Engine) -> None:
    if isinstance(engine, EchoEngine):
        pytest.skip("echo cuts nothing and limits nothing")
    with pytest.raises(EngineFailure, match="tokens"):
        engine.translate(["palavra word " * 100])


def test_threads_share_an_engine(engine: Engine, texts: Sequence[str]) -> None:
    expected = [one.text for one in engine.translate(texts)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: [one.text for one in engine.translate(texts)], range(4)))
    assert answers == [expected] * 4


@pytest.mark.parametrize("options", [DecodeOptions(), DecodeOptions(beam=4, n_best=2)], ids=["greedy", "beam"])
def test_the_rows_beside_it_do_not_change_a_row(
    name: str, engine: Engine, texts: Sequence[str], options: DecodeOptions
) -> None:
    # Every second one: the float reference takes its time.
    shuffled = list(texts[::2])
    random.Random(1).shuffle(shuffled)
    for text, together in zip(shuffled, engine.translate(shuffled, options), strict=True):
        (alone,) = engine.translate([text], options)
        assert together.text == alone.text
        assert together.complete == alone.complete
        assert together.score == pytest.approx(alone.score, abs=SCORE_TOLERANCE[name])


def test_alternatives_differ_and_are_sorted(engine: Engine, texts: Sequence[str]) -> None:
    for best in engine.translate(texts, DecodeOptions(beam=4, n_best=4)):
        everything = [best, *best.alternatives]
        assert len(everything) == 1 if isinstance(engine, EchoEngine) else 2 <= len(everything) <= 4
        assert len({one.text for one in everything}) == len(everything)
        scores = [one.score for one in everything]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] <= 0


def test_a_beam_finds_what_is_at_least_as_likely_as_the_greedy_answer(engine: Engine, texts: Sequence[str]) -> None:
    greedy = engine.translate(texts)
    beam = engine.translate(texts, DecodeOptions(beam=4))
    assert all(not one.alternatives for one in beam)
    gain = sum(one.score for one in beam) - sum(one.score for one in greedy)
    assert gain >= -0.01 * len(texts)


def test_too_wide_a_beam_is_refused(engine: Engine) -> None:
    if isinstance(engine, EchoEngine):
        pytest.skip("echo searches nothing")
    with pytest.raises(TooLarge, match="alternatives: more than 7"):
        engine.translate(["a"], DecodeOptions(beam=9))


@pytest.mark.parametrize("size", [1, 2, 5, 16, 64])
def test_a_batch_does_not_change_a_sentence(student: Engine, entry: ModelEntry, size: int) -> None:
    texts = [*SENTENCES[entry.source] * 4, *ODD]
    alone = {text: student.translate([text])[0].text for text in texts}
    random.Random(size).shuffle(texts)
    for start in range(0, len(texts), size):
        batch = texts[start : start + size]
        assert [one.text for one in student.translate(batch)] == [alone[text] for text in batch]


@pytest.fixture(params=["student", "two_student", "ctranslate2", "seq2seq"])
def open_engine(request: pytest.FixtureRequest, entry: ModelEntry, store: ModelStore) -> Callable[[], Engine]:
    """Loads an engine that may be closed. (The reference closes as seq2seq does: it is the same class.)"""
    if request.param == "student":
        installed = store.ensure(entry)
        return lambda: load_student(installed.folder, entry.model_id, entry.revision, installed.vocabulary_size)
    if request.param == "two_student":
        folder, size = request.getfixturevalue("two_converted")
        return lambda: load_student(folder, "two", "1", size)
    if request.param == "ctranslate2":
        converted = request.getfixturevalue("toy_converted")
        return lambda: load_ctranslate2(converted, "toy", "1")
    folder = request.getfixturevalue("toy_folder")
    return lambda: load_seq2seq(folder, "toy", "1", Placement())


def test_a_closed_engine_says_so(open_engine: Callable[[], Engine]) -> None:
    engine = open_engine()
    engine.translate(["a"])
    engine.close()
    engine.close()
    with pytest.raises(EngineFailure):
        engine.translate(["a"])


def test_closing_leaves_running_calls_their_answer_or_a_failure(open_engine: Callable[[], Engine]) -> None:
    engine = open_engine()
    texts = ["a b c d e f"] * 200

    def call() -> int:
        # Any other exception fails the test, and so does a crash.
        with suppress(EngineFailure):
            return len(engine.translate(texts))
        return len(texts)

    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(call) for _ in range(4)]
        engine.close()
    assert [one.result() for one in calls] == [len(texts)] * 4
