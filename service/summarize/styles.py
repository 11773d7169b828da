"""How the sentences of a summary are set: as one text, as a list, as numbered posts, as a headline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from service.types import Summary

BRIEF: Final = "brief"
HEADLINE: Final = "headline"
BULLETS: Final = "bullets"
THREAD: Final = "thread"
# What a small model is asked for, whatever the style: no style of its own.
SENTENCE: Final = "sentence"
STYLES: Final = (BRIEF, HEADLINE, BULLETS, THREAD)
_WRAP = re.compile(r"\s*[\n\r]\s*")


def layout(sentences: Sequence[str], style: str) -> str:
    """The text of a summary: line breaks only between the items of a list or a thread."""
    lines = [_WRAP.sub(" ", sentence) for sentence in sentences]
    if style == BULLETS:
        return "\n".join(f"- {line}" for line in lines)
    if style == THREAD:
        return "\n".join(f"{number}/{len(lines)} {line}" for number, line in enumerate(lines, start=1))
    return " ".join(lines)


def styled(summary: Summary, style: str, title: str | None) -> Summary:
    """An extracted summary in another style; a headline is the text's own title where there is one."""
    if style == HEADLINE and title:
        return replace(summary, text=_WRAP.sub(" ", title.strip()), sentences=(), style=style)
    text = layout([sentence.text for sentence in summary.sentences], style)
    return replace(summary, text=text, style=style)
