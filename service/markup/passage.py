"""One segment with what must come through: what the model is given instead, and the putting back.

Models copy short codes of letters and digits. Those here are the best copied of 36 that were tried on FLORES devtest
(decision 0022). Terms of a glossary are first tried as their rendering itself, which the model then inflects its
sentence to, and as a code where it translated that too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from service.types import Hypothesis, Span

# How each kind of item is called, and the code of the finding that it was lost.
KINDS = {
    "link": ("the link", "link-lost"),
    "email": ("the address", "email-lost"),
    "code": ("the code", "code-lost"),
    "placeholder": ("the placeholder", "placeholder-lost"),
    "handle": ("the handle", "handle-lost"),
    "emoji": ("the emoji", "emoji-lost"),
    "glossary": ("the term", "glossary-lost"),
}
_BEST = ("Q8W5", "X9B3", "J4V8", "XK48", "K7Q4", "VX79", "XJ57", "WQ35", "QX52", "KZ64", "ZK38", "QZ71", "CX45", "JV93")
_GARBLED = re.compile(r"\b[A-Za-z]{0,2}[0-9][A-Za-z0-9]{0,4}\b|\b[A-Z]{3,5}\b")
_LIKENESS = 0.75
_PAIRS = {"()", "[]", "“”", "«»", '""', "''"}
_WORD = re.compile(r"\w")
_ENDING = re.compile(r"[.!?…]+[\"”»’')\]]*$")

Place: TypeAlias = tuple[int, int]


class Item(msgspec.Struct, frozen=True):
    """Something that must come through: where it stands in the segment, what has to be in the translation, and what
    the model is given in its place."""

    span: Span
    kind: str
    text: str
    sent: str = ""

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return KINDS[self.kind][0]

    @property
    def code(self) -> str:
        """The code of the finding that it was lost."""
        return KINDS[self.kind][1]

    @property
    def coded(self) -> bool:
        """Whether the model is given something other than what has to come out."""
        return self.sent != self.text


class Passage(msgspec.Struct, frozen=True):
    """A segment's own text, what the model is given, and the items, in order."""

    text: str
    sent: str
    items: tuple[Item, ...]

    @classmethod
    def of(cls, text: str, items: Sequence[Item], *, in_place: bool) -> Passage:
        """Put a code for every item; `in_place`, terms of a glossary stand as their renderings."""
        upper = text.upper()
        codes = (code for code in _codes() if code not in upper)
        given = [
            replace(item, sent=item.text if in_place and item.kind == "glossary" else next(codes)) for item in items
        ]
        parts, at = [], 0
        for item in given:
            parts += [text[at : item.span.start], item.sent]
            at = item.span.end
        return cls(text, "".join([*parts, text[at:]]), tuple(given))

    def coded(self) -> Passage:
        """The same with codes for all items."""
        return Passage.of(self.text, self.items, in_place=False)

    @property
    def bare(self) -> bool:
        """Whether there is nothing but items in it, so that no model is needed to render it."""
        at = 0
        for item in self.items:
            if any(map(str.isalpha, self.text[at : item.span.start])):
                return False
            at = item.span.end
        return not any(map(str.isalpha, self.text[at:]))

    def restore(self, output: str) -> tuple[str, tuple[Item, ...]]:
        """The output with every item that is there put back, and the items that are not.

        A code that comes twice is an item once; one letter of a code may be wrong. No code is left standing.
        """
        if self.bare:
            return self._rendered(), ()
        text, lost = self._in_place(output)
        coded = [item for item in self.items if item.coded]
        places, stray = self._places(text, coded)
        lost += [item for item in coded if item not in places]
        return self._swapped(text, places, stray), tuple(sorted(lost, key=lambda item: item.span.start))

    def _rendered(self) -> str:
        parts, at = [], 0
        for item in self.items:
            opens = not at and self.text[item.span.start].isupper()
            parts += [self.text[at : item.span.start], self._written(item, opens=opens)]
            at = item.span.end
        return "".join([*parts, self.text[at:]])

    def _in_place(self, text: str) -> tuple[str, list[Item]]:
        """Look for the renderings that were sent as they are, and write each as the glossary does."""
        wanted: dict[str, list[Item]] = {}
        lost: list[Item] = []
        for item in self.items:
            if not item.coded:
                wanted.setdefault(item.text, []).append(item)
        for items in wanted.values():
            parts, at, count = [], 0, 0
            for match in re.finditer(rf"(?<!\w){re.escape(items[0].text)}(?!\w)", text, re.IGNORECASE):
                opens = not _WORD.search(text, 0, match.start())
                parts += [text[at : match.start()], self._written(items[0], opens=opens)]
                at = match.end()
                count += 1
            text = "".join([*parts, text[at:]])
            lost += items[count:]
        return text, lost

    def _written(self, item: Item, *, opens: bool) -> str:
        """What is written for an item: a term that opens a sentence is capitalised, unless it is kept as it was."""
        kept = self.text[item.span.start : item.span.end] == item.text
        if item.kind != "glossary" or not opens or kept or not item.text.split()[0].islower():
            return item.text
        return item.text[0].upper() + item.text[1:]

    def _places(self, output: str, coded: Sequence[Item]) -> tuple[dict[Item, Place], list[Place]]:
        """Where each code is, and where one stands that is not needed."""
        places: dict[Item, Place] = {}
        stray: list[Place] = []
        for item in coded:
            found = [match.span() for match in re.finditer(re.escape(item.sent), output, re.IGNORECASE)]
            if found:
                places[item] = found[0]
                stray += found[1:]
        used = [*places.values(), *stray]
        for item in coded:
            if item not in places and (near := _nearest(item.sent, self.text, output, used)) is not None:
                places[item] = near
                used.append(near)
        return places, stray

    def _swapped(self, output: str, places: dict[Item, Place], stray: Sequence[Place]) -> str:
        cuts: list[tuple[Place, Item | None]] = [(place, item) for item, place in places.items()]
        cuts += [(place, None) for place in stray]
        parts, at = [], 0
        for (start, end), item in sorted(cuts, key=lambda cut: cut[0]):
            before = output[at:start]
            if item is None:
                parts.append(before.rstrip())
            else:
                parts += [before, self._written(item, opens=not _WORD.search(output, 0, start))]
            at = end
        return "".join([*parts, output[at:]])

    def place(self, text: str, lost: Sequence[Item]) -> str:
        """`text` with every item of `lost` but terms put at a space as far along as it is in the source."""
        for item in lost:
            if item.kind != "glossary":
                text = self._placed(text, item)
        return text

    def _placed(self, text: str, item: Item) -> str:
        before, after = self.text[: item.span.start], self.text[item.span.end :]
        written = item.text
        pair = before[-1:] + after[:1]
        if pair in _PAIRS and (empty := self._outside(text, re.escape(pair))):
            return f"{text[: empty[0] + 1]}{written}{text[empty[0] + 1 :]}"
        if before.endswith("(") and after.startswith(")") and text.count("(") < self.text.count("("):
            written, before, after = f"({written})", before[:-1], after[1:]
        if not before.strip():
            return f"{written} {text}".rstrip()
        ending = _ENDING.search(text)
        last = ending.start() if ending else len(text)
        if not after.strip() or _ENDING.fullmatch(after):
            at = last if after.strip() else len(text)
        else:
            target = len(text) * len(before) / (len(before) + len(after))
            spaces = [place for place in self._outside(text, " ") if place < last] or [last]
            at = min(spaces, key=lambda place: abs(place - target))
        head = f"{text[:at]} " if text[:at].strip() else ""
        tail = text[at:]
        glue = " " if tail and tail[0].isalnum() else ""
        return f"{head}{written}{glue}{tail}"

    def _outside(self, text: str, pattern: str) -> list[int]:
        """Where `pattern` is found outside of what has been put back: no item is put into another."""
        within = bytearray(len(text))
        for written in {item.text for item in self.items}:
            for match in re.finditer(re.escape(written), text):
                within[match.start() : match.end()] = b"\1" * len(written)
        return [match.start() for match in re.finditer(pattern, text) if not within[match.start()]]

    def restored(self, hypothesis: Hypothesis) -> tuple[Hypothesis, tuple[Item, ...]]:
        """A hypothesis with the items in it and in its alternatives, and those that the first one lacks."""
        text, lost = self.restore(hypothesis.text)
        others = tuple(self.alternative(other) for other in hypothesis.alternatives)
        return replace(hypothesis, text=text, alternatives=others), lost

    def alternative(self, hypothesis: Hypothesis) -> Hypothesis:
        """A further hypothesis, with every item in it but terms that it lacks."""
        text, lost = self.restore(hypothesis.text)
        return replace(hypothesis, text=self.place(text, lost))


def _codes() -> Iterator[str]:
    yield from _BEST
    letters = "QXZKWJVBTH"
    yield from (f"{first}{second}{number}" for number, first, second in product(range(10, 100), letters, letters))


def _nearest(code: str, source: str, output: str, used: Sequence[Place]) -> Place | None:
    """Where a code stands with a letter too few or a wrong one, if nothing of the source looks like that."""
    # Imported here, for few codes are lost.
    from difflib import SequenceMatcher

    for match in _GARBLED.finditer(output):
        if match[0] in source or any(start < match.end() and match.start() < end for start, end in used):
            continue
        if SequenceMatcher(None, code, match[0], autojunk=False).ratio() >= _LIKENESS:
            return match.span()
    return None
