"""A number in a text."""

from __future__ import annotations

import msgspec

from service.guards.digits import Value


class Mention(msgspec.Struct, frozen=True):
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
