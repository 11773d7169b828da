"""A text as the guards look at it, read once for all of them."""

from __future__ import annotations


class Reading:
    """A text, its words in small letters as they stand between spaces, and the different ones among them."""

    __slots__ = ("distinct", "lowered", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lowered = text.lower()
        self.words = self.lowered.split()
        self.distinct = frozenset(self.words)
