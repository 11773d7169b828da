"""Texts to token ids and back, and the lengths that sentences are held to, whatever runs the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from service.errors import EngineFailure

# What Marian gives them in every vocabulary that it has trained.
EOS_ID: Final = 0
UNK_ID: Final = 1
# Students are trained on sentences; Bergamot breaks longer ones at 128 tokens too.
MAX_SOURCE_TOKENS: Final = 128
# Marian's greedy limit is a factor of the source length; the slack is for very short sources.
_LENGTH_FACTOR: Final = 3
_LENGTH_SLACK: Final = 8
_REMEMBERED_TEXTS: Final = 2048


def length_limit(source_tokens: int) -> int:
    """Target tokens after which decoding stops."""
    return _LENGTH_FACTOR * source_tokens + _LENGTH_SLACK


def source_limit(positions: int) -> int:
    """Tokens a text may have so that it and its translation fit a model of so many positions; below 1 if none does."""
    return min(MAX_SOURCE_TOKENS, (positions - _LENGTH_SLACK) // _LENGTH_FACTOR)


def until_end(ids: list[int], end: int = EOS_ID) -> list[int]:
    """Ids up to and with the end-of-sentence token; all of them where there is none."""
    return ids[: ids.index(end) + 1] if end in ids else ids


class Vocabulary(ABC):
    """Turns texts into the token ids of a model and back. May be called from several threads at once."""

    def __init__(self, *, end: int = EOS_ID, max_source_tokens: int = MAX_SOURCE_TOKENS) -> None:
        self.end = end
        self.max_source_tokens = max_source_tokens
        # A text is counted when it is cut, counted when it is queued and encoded when it is translated.
        self._ids = lru_cache(_REMEMBERED_TEXTS)(self._encode_one)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, the end-of-sentence token included; the lists are not to be changed."""
        return [self._ids(text) for text in texts]

    def encode_segments(self, texts: Sequence[str]) -> list[list[int]]:
        """As `encode`; raises EngineFailure for a text over `max_source_tokens`."""
        encoded = self.encode(texts)
        longest = max(map(len, encoded), default=0)
        if longest > self.max_source_tokens:
            raise EngineFailure(f"a segment has {longest} tokens; the model takes {self.max_source_tokens}")
        return encoded

    @abstractmethod
    def decode(self, ids: list[int]) -> str:
        """The text of target ids; an end-of-sentence token at their end is left out."""

    @abstractmethod
    def _encode_one(self, text: str) -> list[int]: ...

    def _without_end(self, ids: list[int]) -> list[int]:
        return ids[:-1] if ids[-1:] == [self.end] else ids


class VocabularyFormatError(ValueError):
    """The file at `path` is not a vocabulary that a student of Marian's has."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class Tokenizer(Vocabulary):
    """SentencePiece vocabularies as Marian has them trained: one for both languages, or the source's and the target's.

    In each of them `EOS_ID` ends a sentence and `UNK_ID` stands for what cannot be spelled.
    """

    def __init__(self, *files: Path) -> None:
        """`files` has one or two; raises VocabularyFormatError for one that cannot be read or is no such vocabulary."""
        super().__init__()
        processors = [_processor(path) for path in files]
        self._source: Any = processors[0]
        self._target: Any = processors[-1]
        self.shared = len(files) == 1
        self.source_size: int = self._source.get_piece_size()
        self.target_size: int = self._target.get_piece_size()

    def check_sizes(self, files: Sequence[Path], source_size: int, target_size: int) -> None:
        """Raises VocabularyFormatError for the one of `files` that has not as many pieces as the model has rows."""
        sizes = (self.source_size, self.target_size)
        for path, size, expected in zip((files[0], files[-1]), sizes, (source_size, target_size), strict=True):
            if size != expected:
                raise VocabularyFormatError(path, f"has {size} pieces, the model has {expected}")

    def _encode_one(self, text: str) -> list[int]:
        # One by one: given a list, SentencePiece makes a thread pool for each call, ten times the cost of a sentence.
        return [*self._source.encode(text), EOS_ID]

    def copied(self, text: str) -> list[int] | None:
        """Target ids that spell `text`, for what a translation takes over as it is; None where the ids are shared."""
        return None if self.shared else self._target.encode(text)

    def decode(self, ids: list[int]) -> str:
        """The text of target ids; an end-of-sentence token at their end is left out."""
        text: str = self._target.decode(self._without_end(ids))
        return text


def _processor(path: Path) -> Any:
    try:
        processor = sentencepiece_model(path)
    except (OSError, RuntimeError) as error:
        raise VocabularyFormatError(path, f"cannot be read ({error})") from error
    ids = (processor.eos_id(), processor.unk_id())
    if ids != (EOS_ID, UNK_ID):
        raise VocabularyFormatError(
            path, f"has ids {ids[0]} and {ids[1]} for </s> and <unk>, Marian's are {EOS_ID} and {UNK_ID}"
        )
    return processor


def sentencepiece_model(path: Path) -> Any:
    """A `SentencePieceProcessor`; raises OSError or RuntimeError when the file cannot be read or is no model."""
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(path))
