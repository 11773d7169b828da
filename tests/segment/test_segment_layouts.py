"""Every odd layout gives the segments it states and comes back exactly, whatever the segments become."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from segment_layouts import LAYOUTS

from service.segment import Document, sentences, split

LANGUAGES = {"Chinese": "zh-Hans", "ideographic space": "ja", "narrow no-break space": "fr", "directional marks": "he"}


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def document(name: str) -> Document:
    return split(LAYOUTS[name][0], LANGUAGES.get(name, "pt"), count_tokens=count_words, max_tokens=100)


def test_there_are_fifty_layouts() -> None:
    assert len(LAYOUTS) >= 50


@pytest.mark.parametrize("name", LAYOUTS)
def test_segments_are_as_stated(name: str) -> None:
    assert [segment.text for segment in document(name).segments] == LAYOUTS[name][1]


@pytest.mark.parametrize("name", LAYOUTS)
def test_joining_the_segments_themselves_gives_the_text(name: str) -> None:
    taken = document(name)
    joined = taken.join([segment.text for segment in taken.segments])
    assert joined.text == LAYOUTS[name][0]
    assert [pair.source for pair in joined.sentences] == [pair.target for pair in joined.sentences]
    assert tuple(pair.source for pair in joined.sentences) == taken.sentences


@pytest.mark.parametrize("name", LAYOUTS)
def test_all_else_comes_back_around_a_translation(name: str) -> None:
    taken = document(name)
    outputs = [f"{number} two three four five six" for number, _ in enumerate(taken.segments)]
    expected, read = "", 0
    for segment, output in zip(taken.segments, outputs, strict=True):
        touching = name == "Chinese" and segment.span.start == read > 0
        expected += LAYOUTS[name][0][read : segment.span.start] + " " * touching + output
        read = segment.span.end
    expected += LAYOUTS[name][0][read:]
    joined = taken.join(outputs).text
    if name.startswith("wrapped"):
        assert len(re.split("\r\n|\r|\n", joined)) == len(re.split("\r\n|\r|\n", LAYOUTS[name][0]))
        assert joined.replace("\r\n", "\n").replace("\n> ", " ").replace("\n  ", " ").split() == expected.split()
    else:
        assert joined == expected


@pytest.mark.parametrize("name", LAYOUTS)
def test_sentences_are_those_of_the_document(name: str) -> None:
    assert sentences(LAYOUTS[name][0], LANGUAGES.get(name, "pt")) == document(name).sentences
