"""Lexical shortlists: the target tokens worth scoring for a source sentence.

Format (bergamot-translator's `lex.*.bin`, little-endian): six u64 (`magic, checksum, frequent, best, offsets,
list_length`), then `offsets` u64 positions into the list (one per source id, and the end), then `list_length` u32
target ids. The candidates of a sentence are the first `frequent` ids, the lists of its source tokens, and the tokens
themselves where the vocabulary is shared (`src/data/shortlist.cpp` of browsermt's marian-dev).

Where it is not, a source id says nothing of the target, and Marian's decoder can copy nothing that the lists leave out.
Here the source's text, spelled in the target's tokens, takes the place of the source tokens (docs/decisions/0025).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

IdArray = npt.NDArray[np.int32]

# The engine pads candidates to a multiple of this, the width of the blocks in which it looks for the best.
CANDIDATE_BLOCK: Final = 64
# Every sentence may use the most frequent tokens, which are the first ids. The files ask for 50; so many are scored for
# all rows at once and cost next to nothing, for +0.03 BLEU en-pt on FLORES devtest.
SHARED_CANDIDATES: Final = 512

_HEADER: Final = struct.Struct("<6Q")
_MAGIC: Final = 0xF11A48D5013417F5


class ShortlistFormatError(ValueError):
    """The bytes are not a lexical shortlist, or do not fit the vocabulary."""


class Shortlist:
    """The lists of a `lex.*.bin` file, kept as two flat arrays."""

    def __init__(self, frequent: int, offsets: npt.NDArray[np.int64], targets: IdArray) -> None:
        # Those of the most frequent tokens that are not shared already: none in any file we know.
        self._frequent = np.arange(SHARED_CANDIDATES, frequent, dtype=np.int32)
        # Asked for one by one, which Python's own array answers in a third of the time.
        self._offsets = array("q", offsets.tobytes())
        self._targets = targets

    @property
    def resident_bytes(self) -> int:
        """Memory of the arrays."""
        return len(self._offsets) * self._offsets.itemsize + int(self._targets.nbytes)

    def candidates(self, source_ids: Sequence[int], copied: Sequence[int] | None = None) -> IdArray:
        """Target ids for one source sentence beside the shared ones, shape `[candidates]`, ascending, each once.

        `copied` are the target ids of the source's text; None where they are the source ids.
        """
        unique = set(source_ids)
        own = np.array(list(unique if copied is None else copied), dtype=np.int32)
        lists = [self._targets[self._offsets[one] : self._offsets[one + 1]] for one in unique]
        ids = np.sort(np.concatenate([self._frequent, own, *lists]))
        ids = ids[ids.searchsorted(SHARED_CANDIDATES) :]
        # Not numpy's `unique`, which takes three times as long for so few.
        first = np.ones(len(ids), dtype=bool)
        np.not_equal(ids[1:], ids[:-1], out=first[1:])
        return ids[first]


def read_shortlist(path: Path, source_size: int, target_size: int) -> Shortlist:
    """Read a `lex.*.bin` file for vocabularies of so many ids.

    Raises ShortlistFormatError when it is not one, OSError when it cannot be read.
    """
    return parse_shortlist(path.read_bytes(), source_size, target_size)


def parse_shortlist(content: bytes, source_size: int, target_size: int) -> Shortlist:
    """Parse the content of a `lex.*.bin` file; raises ShortlistFormatError."""
    if len(content) < _HEADER.size:
        raise ShortlistFormatError(f"{len(content)} bytes are too few for a shortlist header")
    magic, _checksum, frequent, _best, offset_count, list_length = _HEADER.unpack_from(content)
    if magic != _MAGIC:
        raise ShortlistFormatError(f"magic number {magic:#x}, expected {_MAGIC:#x}")
    if offset_count != source_size + 1:
        raise ShortlistFormatError(f"{offset_count} offsets do not fit a source vocabulary of {source_size}")
    if frequent > target_size:
        raise ShortlistFormatError(f"{frequent} frequent ids do not fit a target vocabulary of {target_size}")
    needed = _HEADER.size + 8 * offset_count + 4 * list_length
    if len(content) < needed:
        raise ShortlistFormatError(f"needs {needed} bytes, has {len(content)}")
    offsets = np.frombuffer(content, dtype="<u8", count=offset_count, offset=_HEADER.size).astype(np.int64)
    # Read as signed, as they are used: no copy is made, and what does not fit is below zero.
    targets = np.frombuffer(content, dtype="<i4", count=list_length, offset=_HEADER.size + 8 * offset_count)
    if offsets[0] < 0 or offsets[-1] > list_length or np.any(np.diff(offsets) < 0):
        raise ShortlistFormatError("the offsets do not rise within the list")
    if targets.size and not 0 <= int(targets.min()) <= int(targets.max()) < target_size:
        outside = next(int(one) for one in (targets.max(), targets.min()) if not 0 <= one < target_size)
        raise ShortlistFormatError(f"target id {outside} is outside the vocabulary of {target_size}")
    return Shortlist(int(frequent), offsets, targets)
