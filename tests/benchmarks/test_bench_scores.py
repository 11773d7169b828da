"""Scores from counts a segment, and what a resampling says of differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from benchmarks.bootstrap import Resampling
from benchmarks.corpus import OWN_FOLDER, load_corpus
from benchmarks.segment_scores import segment_scores, signatures, similarity

REFERENCES = load_corpus(OWN_FOLDER, ["en"]).lines["en"]
WORDS = st.lists(st.sampled_from(["a", "ponte", "caiu", "às", "10,5%", "R$", "já"]), max_size=8).map(" ".join)


def _worse(every: int) -> list[str]:
    return [" ".join(reversed(line.split())) if number % every == 0 else line for number, line in enumerate(REFERENCES)]


@given(st.lists(st.tuples(WORDS, WORDS.filter(bool)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_corpus_scores_are_sacrebleu_s(pairs: list[tuple[str, str]]) -> None:
    outputs, references = (list(part) for part in zip(*pairs, strict=True))
    scores = segment_scores(outputs, references).corpus()
    for name, metric in {"bleu": BLEU(), "chrf": CHRF(), "ter": TER()}.items():
        assert scores[name] == pytest.approx(metric.corpus_score(outputs, [references]).score), name


def test_sentence_scores_are_sacrebleu_s() -> None:
    outputs = _worse(2)
    scores = segment_scores(outputs, REFERENCES).sentence_chrf()
    expected = [CHRF().sentence_score(one, [other]).score for one, other in zip(outputs, REFERENCES, strict=True)]
    assert list(scores) == pytest.approx(expected)


def test_a_segment_drawn_twice_counts_twice() -> None:
    scores = segment_scores(_worse(3), REFERENCES)
    weights = np.zeros((1, len(scores)))
    weights[0, [0, 5]] = 2, 1
    outputs, references = [_worse(3)[at] for at in (0, 0, 5)], [REFERENCES[at] for at in (0, 0, 5)]
    drawn = {name: float(values[0]) for name, values in scores.resampled(weights).items()}
    assert drawn == pytest.approx(segment_scores(outputs, references).corpus())


def test_signatures_name_the_metrics_settings() -> None:
    found = signatures()
    assert set(found) == {"bleu", "chrf", "ter"}
    assert all("version:" in signature for signature in found.values())
    assert "tok:13a" in found["bleu"]


def test_a_clear_difference_is_sure_and_a_chance_one_is_not() -> None:
    systems = {"good": _worse(60), "bad": _worse(2), "as good": _worse(59)}
    resampling = Resampling({name: segment_scores(lines, REFERENCES) for name, lines in systems.items()}, 500)
    clear = {one.metric: one for one in resampling.compare("good", "bad", "pt-en")}
    assert clear["bleu"].p_value < 0.01
    assert 0 < clear["bleu"].low < clear["bleu"].difference < clear["bleu"].high
    assert clear["ter"].high < 0
    chance = {one.metric: one for one in resampling.compare("good", "as good", "pt-en")}
    assert chance["chrf"].p_value > 0.2
    assert chance["chrf"].low <= 0 <= chance["chrf"].high


def test_equal_systems_do_not_differ() -> None:
    scores = segment_scores(_worse(4), REFERENCES)
    for one in Resampling({"a": scores, "b": scores}, 200).compare("a", "b", "pt-en"):
        assert (one.difference, one.low, one.high, one.p_value) == (0, 0, 0, 1)


def test_systems_scored_on_other_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        Resampling({"a": segment_scores(["x"], ["x"]), "b": segment_scores(["x", "y"], ["x", "y"])})


def test_likeness_is_symmetric_and_100_for_the_same() -> None:
    first, second = "A ponte caiu ontem.", "A ponte velha caiu."
    assert similarity(first, second) == similarity(second, first)
    assert 0 < similarity(first, second) < similarity(first, first) == 100
    assert similarity("", "x") == 0
