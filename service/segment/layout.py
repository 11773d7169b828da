"""The layout of a text: which parts of its lines are prose, and which are indentation, markers, rules and blank lines.

The prose comes as blocks: the content of one line, one cell of a row of columns, or a paragraph that was hard-wrapped
over several lines. What is outside the blocks is never looked at again, so it comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.patterns import lazy
from service.segment.edges import is_prose, trim
from service.segment.wrapping import INDENT, QUOTE_MARKS, Line, continues, paragraphs
from service.types import Span

_LINE = re.compile(r"([^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*)(\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|\Z)")
_MARKERS = (
    r"#{1,6}\s+",
    r"[-*+•‣⁃∙·»→⇒]\s+",
    r"\[[ xX]\]\s+",
    r"\d{1,3}(?:\.\d{1,2})*\.\s+",
    r"\(?(?:\d{1,3}(?:\.\d{1,2})*|[A-Za-z]|[ivxIVX]{2,5})\)\s+",
    # Portuguese, Spanish and French dialogue; before a digit it is a minus sign.
    r"(?:[–—―]|--)(?:\s+|(?=[^\W\d_]|[\"“«‘'¿¡(]))",
)
_PREFIX = re.compile(rf"(?P<indent>{INDENT})(?P<quotes>{QUOTE_MARKS})(?P<marker>(?:{'|'.join(_MARKERS)}){{0,4}})")
# Columns are set apart by tabs, by wide gaps, or by bars.
_COLUMN_GAP = re.compile(r"\t\s*|[^\S\t]{3,}|(?<=\s)\|+(?=\s)")
_TABLE_GAP = lazy(r"\t\s*|[^\S\t]{3,}|\|+")


def blocks(text: str) -> Iterator[Span]:
    """The prose of `text` in order: spans that begin and end with something to translate and do not overlap."""
    run: list[Line] = []
    for match in _LINE.finditer(text):
        lines = _read_line(text, match)
        if len(lines) == 1 and continues(run, lines[0]):
            run += lines
            continue
        yield from paragraphs(text, run)
        run = lines if len(lines) == 1 else []
        if len(lines) > 1:
            yield from (line.content for line in lines)
    yield from paragraphs(text, run)


def _read_line(text: str, match: re.Match[str]) -> list[Line]:
    """The prose of one line: nothing, the line without its prefix, or its cells where it has columns."""
    head, end = match.span(1)
    prefix = _PREFIX.match(text, head, end) if head < end else None
    if prefix is None:
        return []
    marker = prefix["marker"]
    start, end = trim(text, prefix.end(), end)
    cells = _cells(text, start, end)
    breakable = len(cells) == 1 and "#" not in marker and match[2] in {"\n", "\r\n"}
    indent, quotes = len(prefix["indent"]), prefix["quotes"].count(">")
    return [
        Line(head, Span(*cell), indent, quotes, bool(marker) or len(cells) > 1 or start > prefix.end(), breakable)
        for cell in cells
        if is_prose(text[slice(*cell)])
    ]


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The cells of a row of columns; the whole range where there are none."""
    content = text[start:end]
    if "|" not in content and content == " ".join(content.split()):
        # Words with single spaces between them, as nearly every line: no need to look for wider gaps.
        return [(start, end)]
    gap = _TABLE_GAP if content.startswith("|") or content.endswith("|") else _COLUMN_GAP
    cells, at = [], start
    for found in gap.finditer(text, start, end):
        cells.append(trim(text, at, found.start()))
        at = found.end()
    cells.append(trim(text, at, end))
    return cells
