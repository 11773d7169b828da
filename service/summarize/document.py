"""What a summarizer reads: sentences as spans of a text, the lines they stand on, and what they cost in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

# Thai, Lao, Burmese, Khmer, kana and Han: scripts that put no space between words.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
)
_CHARACTERS_PER_WORD = 2
_TOKEN_WITH_WORD = re.compile(r"\S*\w\S*")
_LINE_BREAK = re.compile("[\n\r\u2028\u2029]")
_CLOSERS = "\"'”’»›)]}」』】）*"
_TERMINALS = ".!?…;:。！？｡؟۔।॥။។།։።‼⁇"


class SourceSentence(msgspec.Struct, frozen=True):
    """One sentence of a document: `text` is the document's `[start, end)`.

    `words` is what it costs against a limit in words, for example the length of its translation; None means the
    number of words in `text`.
    """

    text: str
    start: int
    end: int
    words: int | None = None


class Line(msgspec.Struct, frozen=True):
    """A run of sentences with no line break between them: `[first, last]` are indices of sentences.

    `marker` is what stands before the first sentence on the line, for example a bullet; `text` starts after it.
    """

    first: int
    last: int
    marker: str
    text: str


def count_words(text: str) -> int:
    """Words as `wc -w` counts them; in scripts written without spaces, half the number of characters, rounded up."""
    unspaced = len(UNSPACED.findall(text))
    if not unspaced:
        return len(text.split())
    rest = len(_TOKEN_WITH_WORD.findall(UNSPACED.sub(" ", text)))
    return rest + -(-unspaced // _CHARACTERS_PER_WORD)


def lines_of(text: str, sentences: Sequence[SourceSentence]) -> list[Line]:
    """Group sentences by the line they start on, in order."""
    lines: list[Line] = []
    first = 0
    previous_end = 0
    marker = ""
    for index, sentence in enumerate(sentences):
        gap = text[previous_end : sentence.start]
        broken = _LINE_BREAK.search(gap) is not None
        if index and broken:
            lines.append(_line(text, sentences, first, index - 1, marker))
            first = index
        if index == first:
            marker = _LINE_BREAK.split(gap)[-1].strip()
        previous_end = sentence.end
    if sentences:
        lines.append(_line(text, sentences, first, len(sentences) - 1, marker))
    return lines


def ends_sentence(text: str) -> bool:
    """Whether `text` ends as a sentence does: with terminal punctuation, perhaps inside a closing quote or bracket."""
    return text.rstrip().rstrip(_CLOSERS).rstrip()[-1:] in _TERMINALS


def _line(text: str, sentences: Sequence[SourceSentence], first: int, last: int, marker: str) -> Line:
    return Line(first, last, marker, text[sentences[first].start : sentences[last].end])
