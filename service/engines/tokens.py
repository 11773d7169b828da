"""Texts to token ids and back, and the lengths that students are held to, whatever runs them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from service.engines.architecture import EOS_ID
from service.errors import EngineFailure

# Students are trained on sentences; Bergamot breaks longer ones at 128 tokens too.
MAX_SOURCE_TOKENS: Final = 128
# Marian's greedy limit is a factor of the source length; the slack is for very short sources.
_LENGTH_FACTOR: Final = 3
_LENGTH_SLACK: Final = 8
_REMEMBERED_TEXTS: Final = 2048


def length_limit(source_tokens: int) -> int:
    """Target tokens after which decoding stops."""
    return _LENGTH_FACTOR * source_tokens + _LENGTH_SLACK


def until_end(ids: list[int]) -> list[int]:
    """Ids up to and with the end-of-sentence token; all of them where there is none."""
    return ids[: ids.index(EOS_ID) + 1] if EOS_ID in ids else ids


class Tokenizer:
    """A SentencePiece vocabulary whose sentences end with `EOS_ID`. May be called from several threads at once."""

    def __init__(self, vocabulary_file: Path) -> None:
        """Raises OSError or RuntimeError when the file cannot be read or is no vocabulary."""
        import sentencepiece

        self._processor: Any = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary_file))
        self.size: int = self._processor.get_piece_size()
        # A text is counted when it is cut, counted when it is queued and encoded when it is translated.
        self._ids = lru_cache(_REMEMBERED_TEXTS)(self._encode_one)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, the end-of-sentence token included; the lists are not to be changed."""
        return [self._ids(text) for text in texts]

    def encode_segments(self, texts: Sequence[str]) -> list[list[int]]:
        """As `encode`; raises EngineFailure for a text over `MAX_SOURCE_TOKENS`."""
        encoded = self.encode(texts)
        longest = max(map(len, encoded), default=0)
        if longest > MAX_SOURCE_TOKENS:
            raise EngineFailure(f"a segment has {longest} tokens; the model takes {MAX_SOURCE_TOKENS}")
        return encoded

    def _encode_one(self, text: str) -> list[int]:
        # One by one: given a list, SentencePiece makes a thread pool for each call, ten times the cost of a sentence.
        return [*self._processor.encode(text), EOS_ID]

    def decode(self, ids: list[int]) -> str:
        """The text of ids; an end-of-sentence token at their end is left out."""
        text: str = self._processor.decode(ids[:-1] if ids[-1:] == [EOS_ID] else ids)
        return text
