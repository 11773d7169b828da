"""Patterns that are compiled late are patterns all the same."""

from __future__ import annotations

import re

import pytest

from service.patterns import lazy


def test_it_finds_what_the_compiled_pattern_finds() -> None:
    pattern = lazy(r"(?P<day>\d+)\. may", re.IGNORECASE)
    match = pattern.search("on 12. May")
    assert match is not None
    assert match["day"] == "12"
    assert pattern.sub("-", "3. MAY, 4. June") == "-, 4. June"
    assert pattern.findall("1. may 2. may") == ["1", "2"]


def test_what_cannot_be_compiled_is_told_at_the_first_use() -> None:
    broken = lazy("(")
    with pytest.raises(re.error):
        broken.search("x")
