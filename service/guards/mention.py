"""A number in a text."""

from __future__ import annotations

from dataclasses import dataclass

from service.guards.digits import Value


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a text: the range `[start, end)`, what it may mean, and what it is a number of.

    `kind` is `number`, `time`, `day` or `month`. `required` says that a translation has to have it: what is written in
    digits, large amounts in words, percentages, centuries, months beside a number. `fixed` says that it may go unsaid
    but not become another: smaller numbers in words, the numerals of kings and popes.
    """

    start: int
    end: int
    values: frozenset[Value]
    kind: str = "number"
    unit: str | None = None
    required: bool = False
    fixed: bool = False
