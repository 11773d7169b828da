"""All guards over one segment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from service import languages
from service.guards.finding import Finding
from service.guards.fluency import capitals, copied, length, loop, script
from service.guards.hints import may_have_facts
from service.guards.literals import lost_literals
from service.guards.reading import Reading

Check: TypeAlias = Callable[[str, str, str, str], tuple[Finding, ...]]


def unchecked(_source: str, _hypothesis: str, _source_language: str, _target_language: str) -> tuple[Finding, ...]:
    """Takes the place of `check` around an engine that translates nothing."""
    return ()


def check(source: str, hypothesis: str, source_language: str, target_language: str) -> tuple[Finding, ...]:
    """What is wrong with `hypothesis` as a translation of the segment `source`; empty where nothing is.

    Languages are tags as `service.languages` writes them. Loops, length, copies, scripts, capitals, links, addresses
    and placeholders are looked at in every language; numbers, dates and times between any two of pt, en, es, fr and de.
    Costs some tens of microseconds, a few hundred where there are numbers.
    """
    before, after = languages.primary(source_language), languages.primary(target_language)
    said, rendered = Reading(source), Reading(hypothesis)
    return (
        *loop(said, rendered),
        *length(source, hypothesis, source_language, target_language),
        *(() if before == after else copied(said, rendered)),
        *script(source, hypothesis, target_language),
        *capitals(source),
        *lost_literals(source, hypothesis),
        *(_facts(source, hypothesis, before, after) if may_have_facts(said) or may_have_facts(rendered) else ()),
    )


def _facts(source: str, hypothesis: str, before: str, after: str) -> list[Finding]:
    # Imported here: what it reads numbers with takes a tenth as long to set up as a one-sentence command lives.
    from service.guards.facts import changed_facts

    return changed_facts(source, hypothesis, before, after)
