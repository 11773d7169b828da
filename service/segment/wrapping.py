"""Hard-wrapped paragraphs: lines that were one sentence before a mail program or a feed broke them at a column.

A line break is soft when the evidence says that a program put it there because the next word did not fit: the line is
about as long as the longest, the next one goes on in lower case, and no terminal punctuation, marker, blank line or
change of indentation stands between them. Everything else keeps its lines apart.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from service.patterns import lazy
from service.types import Span

_LINE_ENDS = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_INVISIBLE = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
INDENT = rf"(?:[^\S{_LINE_ENDS}]|[{_INVISIBLE}])*"
QUOTE_MARKS = r"(?:>[ \t]*)*"
# A soft break with all that stands between the words on either side of it.
_SOFT = rf"[^\S{_LINE_ENDS}]*\r?\n{INDENT}{QUOTE_MARKS}"
SOFT_BREAK = lazy(_SOFT)
# A compound that was broken after its hyphen.
_BROKEN_COMPOUND = lazy(rf"(?<=[^\W\d_]-){_SOFT}(?=[^\W\d_])")

# Scripts written without spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Chinese and Japanese.
UNSPACED_LETTER = (
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    r"\uff00-\uff9f\U00020000-\U0003ffff]"
)
UNSPACED = lazy(UNSPACED_LETTER)
_TERMINAL = lazy(r"[.!?…:;。！？؟।][\"”»’')\]]*$")
_ENDS_CLAUSE = re.compile(r"[:;]$")
_WORD = re.compile(r"\S+")
_LEAST_WIDTH = 40
_MOST_WIDTH = 200
_LEAST_FILL = 0.75
_LEAST_CASELESS_LINES = 3


class Line(msgspec.Struct, frozen=True):
    """The prose of one line: where the line starts, how deep it is indented and quoted, and whether a marker opens it.

    `breakable` is False where the line cannot go on in the next: a heading, or a form feed or the like at its end.
    """

    head: int
    content: Span
    indent: int
    quotes: int
    marked: bool
    breakable: bool


class Prose(msgspec.Struct, frozen=True):
    """One paragraph with its soft breaks undone, and where its characters stand in the text it came from."""

    text: str
    clean_starts: tuple[int, ...]
    raw_starts: tuple[int, ...]

    def raw(self, start: int, end: int) -> Span:
        """The range of the original that holds the characters `[start, end)` of this paragraph, which is not empty."""
        return Span(self._place(start), self._place(end - 1) + 1)

    def _place(self, position: int) -> int:
        line = bisect_right(self.clean_starts, position) - 1
        return self.raw_starts[line] + position - self.clean_starts[line]


def unwrap(text: str, span: Span) -> Prose:
    """The prose of `span`: a soft break becomes a space, or nothing after the hyphen of a compound."""
    raw = text[span.start : span.end]
    if "\n" not in raw:
        return Prose(raw, (0,), (span.start,))
    parts, clean_starts, raw_starts = [], [0], [span.start]
    read = written = 0
    for gap in SOFT_BREAK.finditer(raw):
        glue = "" if _BROKEN_COMPOUND.match(raw, gap.start()) else " "
        parts += [raw[read : gap.start()], glue]
        written += gap.start() - read + len(glue)
        read = gap.end()
        clean_starts.append(written)
        raw_starts.append(span.start + read)
    parts.append(raw[read:])
    return Prose("".join(parts), tuple(clean_starts), tuple(raw_starts))


def continues(run: Sequence[Line], line: Line) -> bool:
    """Whether the layout allows that `line` goes on with the paragraph of the lines right before it."""
    if not run or not run[-1].breakable or line.marked or line.quotes != run[-1].quotes:
        return False
    # The first line of a paragraph or an item is indented in its own way.
    return len(run) == 1 or line.indent == run[-1].indent


def paragraphs(text: str, run: Sequence[Line]) -> Iterator[Span]:
    """The paragraphs of adjacent lines, most often one a line."""
    if len(run) < 2:
        yield from (line.content for line in run)
        return
    start, end = run[0].content.start, run[0].content.end
    for line, joined in zip(run[1:], _joins(text, run), strict=True):
        if not joined:
            yield Span(start, end)
            start = line.content.start
        end = line.content.end
    yield Span(start, end)


def _joins(text: str, run: Sequence[Line]) -> list[bool]:
    lengths = [line.content.end - line.head for line in run]
    width = max(lengths)
    if not _LEAST_WIDTH <= width <= _MOST_WIDTH:
        return [False] * (len(run) - 1)
    lines = [text[line.content.start : line.content.end] for line in run]
    full, cases, open_ended = [], [], []
    for length, line, following in zip(lengths, lines, lines[1:], strict=False):
        word = _WORD.match(following)
        full.append(length + 1 + (word.end() if word else 0) > width)
        cases.append("" if UNSPACED.match(following) or UNSPACED.match(line[-1]) else _case(following))
        open_ended.append(not _TERMINAL.search(line[-8:]))
    all_full = len(run) >= _LEAST_CASELESS_LINES and all(full)
    sure = [
        open_ and ((case == "lower" and length >= _LEAST_FILL * width) or (case == "none" and all_full))
        for length, case, open_ in zip(lengths, cases, open_ended, strict=False)
    ]
    if not any(sure):
        return sure
    # In a paragraph known to be wrapped, a name may open a line and a sentence may end with one.
    return [
        certain or (bool(case) and filled and not _ENDS_CLAUSE.search(line))
        for certain, case, filled, line in zip(sure, cases, full, lines, strict=False)
    ]


def _case(line: str) -> str:
    """`lower`, `upper`, `none` for a letter of a script without case, `other` for no letter; opening marks skipped."""
    first = line.lstrip("\"“«‘'([¿¡")[:1]
    if not first.isalpha():
        return "other"
    return "lower" if first.islower() else "none" if first.upper() == first.lower() else "upper"
