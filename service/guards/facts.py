"""Numbers, amounts, dates and times of the source that its translation does not have.

Compared are meanings, not digits: `23:35` and `11:35 p.m.`, `século XVI` and `16th century`, `R$ 1,5 mil` and
`R$1,500` are equal. Values, units and words are known for the languages of `lexicon.LANGUAGES`; where either language
is another one, numbers are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from service.guards.agreement import agree
from service.guards.digits import doubtful
from service.guards.finding import Finding
from service.guards.lexicon import LANGUAGES
from service.guards.literals import without_literals
from service.guards.marks import CURRENCIES, STATED, conflict, units_in
from service.guards.mention import Mention
from service.guards.numbers import numbers
from service.types import Span

_CODES = {"number": "number-lost", "time": "time-lost", "day": "date-lost", "month": "date-lost"}
# A month beside a number is a new wording more often than a new fact.
_ADDED = frozenset({"number", "time"})
_NAMES = {"number": "the number", "time": "the time", "day": "the date", "month": "the month"}


def changed_facts(source: str, hypothesis: str, source_language: str, target_language: str) -> list[Finding]:
    """A finding for each fact that is lost, changed or invented; the languages are primary subtags."""
    if not {source_language, target_language} <= LANGUAGES:
        return []
    if agree(source, hypothesis, source_language, target_language):
        return []
    said = _read(without_literals(source), source_language, frozenset())
    output = without_literals(hypothesis)
    rendered = numbers(output, target_language, doubtful(source))
    pairs = _paired(said, rendered)
    left = _Left(said, rendered, pairs)
    lost = [mention for mention in left.said if mention.required and not _in_parts(_words(source, mention), rendered)]
    findings = [_lost(mention, source) for mention in lost]
    for index, choice in sorted(pairs.items()):
        mention, other = said[index], rendered[choice]
        if mention.required and (problem := _unit_problem(mention, other, output)) is not None:
            span = Span(mention.start, mention.end)
            findings.append(Finding(problem[0], f"{_words(source, mention)}: {problem[1]}", span))
    added = [one for one in left.rendered if one.required and not _in_parts(_words(output, one), said)][len(lost) :]
    # A number in words that is gone, and another one that came: it has become that one.
    others = added + [one for one in left.rendered if one.fixed]
    changed = [mention for mention in left.said if mention.fixed][: len(others)]
    findings += [_lost(mention, source) for mention in changed]
    if not lost and not changed:
        findings += [
            Finding("number-added", f"{_words(output, one)} is not in the source", Span(0, len(source)))
            for one in added
            if one.kind in _ADDED and output[one.start - 1 : one.start] != "+"
        ]
    return sorted(findings, key=lambda finding: (finding.span.start, finding.span.end))


@lru_cache(maxsize=32)
def _read(text: str, language: str, kept: frozenset[str]) -> tuple[Mention, ...]:
    """The numbers of a source, kept for the hypotheses of a second try; what has to be paired comes first."""
    return tuple(sorted(numbers(text, language, kept), key=lambda one: (not one.required, not one.fixed, one.start)))


class _Left:
    """What no number of the other text is paired with."""

    def __init__(self, said: Sequence[Mention], rendered: Sequence[Mention], pairs: Mapping[int, int]) -> None:
        taken = set(pairs.values())
        self.said = [one for index, one in enumerate(said) if index not in pairs]
        self.rendered = [one for index, one in enumerate(rendered) if index not in taken]


def _words(text: str, mention: Mention) -> str:
    return text[mention.start : mention.end]


def _lost(mention: Mention, source: str) -> Finding:
    message = f"{_NAMES[mention.kind]} {_words(source, mention)} is not in the translation"
    return Finding(_CODES[mention.kind], message, Span(mention.start, mention.end))


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


def _below_one(said: Mention, rendered: Mention) -> bool:
    return any(isinstance(value, Fraction) and value < 1 for value in said.values & rendered.values)


def _unit_problem(said: Mention, rendered: Mention, output: str) -> tuple[str, str] | None:
    """The code and the words for a unit that is not the source's, None where all is well."""
    unit = said.unit
    if unit is None or unit == rendered.unit:
        return None
    if unit == "%" and not any(letter.isdigit() for letter in _words(output, rendered)) and _below_one(said, rendered):
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
