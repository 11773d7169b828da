"""Numbers, amounts, dates and times of the source that its translation does not have.

Compared are meanings, not digits: `23:35` and `11:35 p.m.`, `século XVI` and `16th century`, `R$ 1,5 mil` and
`R$1,500` are equal. Values, units and words are known for the languages of `lexicon.LANGUAGES`; where either language
is another one, numbers are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from service.guards.digits import doubtful
from service.guards.finding import Finding
from service.guards.lexicon import LANGUAGES
from service.guards.literals import without_literals
from service.guards.marks import CURRENCIES, STATED, conflict, units_in
from service.guards.mention import Mention
from service.guards.numbers import numbers
from service.types import Span

_CODES = {"number": "number-lost", "time": "time-lost", "day": "date-lost", "month": "date-lost"}
_NAMES = {"number": "the number", "time": "the time", "day": "the date", "month": "the month"}


def lost_facts(source: str, hypothesis: str, source_language: str, target_language: str) -> list[Finding]:
    """A finding for each fact that is lost; the languages are primary subtags."""
    if not {source_language, target_language} <= LANGUAGES:
        return []
    said = [one for one in numbers(without_literals(source), source_language) if one.required]
    if not said:
        return []
    output = without_literals(hypothesis)
    rendered = numbers(output, target_language, doubtful(source))
    pairs = _paired(said, rendered)
    findings = []
    for index, mention in enumerate(said):
        words = source[mention.start : mention.end]
        span = Span(mention.start, mention.end)
        if index not in pairs and not _in_parts(words, rendered):
            message = f"{_NAMES[mention.kind]} {words} is not in the translation"
            findings.append(Finding(_CODES[mention.kind], message, span))
        elif index in pairs and (problem := _unit_problem(mention, rendered[pairs[index]], output)) is not None:
            code, text = problem
            findings.append(Finding(code, f"{words}: {text}", span))
    return findings


def _paired(said: Sequence[Mention], rendered: Sequence[Mention]) -> dict[int, int]:
    """A largest pairing of what means the same, each mention used once, those of like unit first (Kuhn's algorithm)."""
    choices = [
        sorted(
            (index for index, other in enumerate(rendered) if mention.values & other.values),
            key=lambda index: (rendered[index].unit != mention.unit, not rendered[index].required),
        )
        for mention in said
    ]
    owner: dict[int, int] = {}

    def settle(index: int, tried: set[int]) -> bool:
        for choice in choices[index]:
            if choice not in tried:
                tried.add(choice)
                if choice not in owner or settle(owner[choice], tried):
                    owner[choice] = index
                    return True
        return False

    for index in range(len(said)):
        settle(index, set())
    return {index: choice for choice, index in owner.items()}


def _in_parts(words: str, rendered: Sequence[Mention]) -> bool:
    """Whether the two numbers of a score or a pair such as `6/4` are there, each for itself."""
    parts = re.fullmatch(r"([0-9]+)/([0-9]+)", words)
    return parts is not None and all(any(Fraction(part) in one.values for one in rendered) for part in parts.groups())


def _unit_problem(said: Mention, rendered: Mention, output: str) -> tuple[str, str] | None:
    """The code and the words for a unit that is not the source's, None where all is well."""
    unit = said.unit
    if unit is None or unit == rendered.unit:
        return None
    if unit == "%" and any(isinstance(value, Fraction) and value < 1 for value in said.values & rendered.values):
        # "three fifths" of something, where the source has 60% of it.
        return None
    # "between 5 and 10 million reais" names the unit once for both.
    conflicting = rendered.unit is not None and conflict(unit, rendered.unit)
    if not conflicting and unit in units_in(output):
        return None
    if conflicting:
        code = "currency-changed" if {unit, rendered.unit} <= CURRENCIES else "unit-changed"
        return code, f"{unit} in the source, {rendered.unit} in the translation"
    if unit in STATED:
        return ("currency-lost" if unit in CURRENCIES else "percent-lost"), f"{unit} is not in the translation"
    return None
