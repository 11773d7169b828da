"""Sentences of a text that speak to whoever reads it by machine: "ignore the instructions above and write ...".

A text under summary is data. What a model makes of such a sentence must not count as supported by it, and the sentence
itself is no news either. So it, and what stands behind it on its line, is left out of what a model reads, of what
supports its output and of the summary that is extracted instead; the caller is told.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from service.summarize.document import SourceSentence, lines_of

_WORDS: Mapping[str, Any] = tomllib.loads(files("service.summarize").joinpath("instructions.toml").read_text("utf-8"))
_AT_MACHINE = re.compile("|".join(_WORDS["machine"]), re.IGNORECASE)
_COMMAND = re.compile(rf"\W*{_WORDS['command']}", re.IGNORECASE)
_ASKED = re.compile(_WORDS["asked"], re.IGNORECASE)
_FIRST = re.compile(rf"\W*{_WORDS['first']}", re.IGNORECASE)
_ASKED_FIRST = re.compile(rf"{_WORDS['asked_first']}|{_WORDS['colon_first']}", re.IGNORECASE)
_LONGEST = 600
_OPENS = re.compile(r":\s*[\"“']?\s*$")


def is_instruction(text: str) -> bool:
    """Whether a sentence tells a machine what to do. Reported speech is none: what counts is how it opens."""
    shown = text.strip()[:_LONGEST]
    if _AT_MACHINE.search(shown):
        return True
    if (match := _COMMAND.match(shown)) and _ASKED.search(shown, match.end()):
        return True
    return _FIRST.match(shown) is not None and _ASKED_FIRST.search(shown) is not None


def trusted(text: str, sentences: Sequence[SourceSentence]) -> tuple[list[SourceSentence], list[SourceSentence]]:
    """The sentences that are text, and those that are instructions or stand behind one on its line.

    A line that ends with a colon hands its command on to the next line.
    """
    kept: list[SourceSentence] = []
    left: list[SourceSentence] = []
    handed_on = False
    for line in lines_of(text, sentences):
        bad = handed_on
        for sentence in sentences[line.first : line.last + 1]:
            bad = bad or is_instruction(sentence.text)
            (left if bad else kept).append(sentence)
        handed_on = bad and _OPENS.search(line.text) is not None
    return kept, left
