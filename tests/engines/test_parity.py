"""The int8 graphs against the float reference, sentence by sentence."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import sacrebleu
from sentences import SENTENCES

from service.engines import Engine
from service.models.catalog import ModelEntry

FLORES = {"pt": "por", "en": "eng"}


def test_own_sentences_translate_alike(student: Engine, reference: Engine, entry: ModelEntry) -> None:
    texts = SENTENCES[entry.source]
    ours = [one.text for one in student.translate(texts)]
    theirs = [one.text for one in reference.translate(texts)]
    assert sacrebleu.corpus_chrf(ours, [theirs]).score > 90


def test_scores_are_the_references_log_probabilities(student: Engine, reference: Engine, entry: ModelEntry) -> None:
    texts = SENTENCES[entry.source]
    pairs = zip(student.translate(texts), reference.translate(texts), strict=True)
    same = [(ours, theirs) for ours, theirs in pairs if ours.text == theirs.text]
    assert len(same) >= len(texts) // 2
    for ours, theirs in same:
        # The student normalises over its shortlist, the reference over the vocabulary: a little more, never less.
        assert theirs.score - 0.05 < ours.score < theirs.score + 0.35


def test_100_flores_sentences(student: Engine, reference: Engine, entry: ModelEntry, shared_data: Path) -> None:
    folder = shared_data / "flores200-devtest"
    source, target = (
        (folder / f"{FLORES[language]}.devtest").read_text(encoding="utf-8").split("\n")[:100]
        for language in (entry.source, entry.target)
    )
    ours = [one.text for one in student.translate(source)]
    theirs = [one.text for one in reference.translate(source)]
    identical = sum(left == right for left, right in zip(ours, theirs, strict=True))
    assert identical >= 50, f"{identical} of 100 identical"
    assert sacrebleu.corpus_chrf(ours, [theirs]).score > 95
    loss = sacrebleu.corpus_bleu(theirs, [target]).score - sacrebleu.corpus_bleu(ours, [target]).score
    assert loss < 1.0, f"int8 loses {loss:.2f} BLEU against float on 100 sentences"


@pytest.mark.slow
def test_every_flores_sentence_is_the_same_in_any_batch(student: Engine, entry: ModelEntry, shared_data: Path) -> None:
    path = shared_data / "flores200-devtest" / f"{FLORES[entry.source]}.devtest"
    texts = path.read_text(encoding="utf-8").split("\n")[:1012]
    alone = {text: student.translate([text])[0].text for text in texts}
    shuffled = random.Random(1).sample(texts, len(texts))
    for size in (8, 16, 64):
        for order in (texts, sorted(texts, key=len), shuffled):
            for start in range(0, len(texts), size):
                batch = order[start : start + size]
                together = [one.text for one in student.translate(batch)]
                assert together == [alone[text] for text in batch], f"batches of {size}"
