"""Content words of one sentence laid on those of another, in order as far as possible."""

from __future__ import annotations

from collections.abc import Sequence

from service.summarize.faithfulness.tokens import Token
from service.summarize.faithfulness.vocabulary import Vocabulary

_PREFIX, _PREFIX_SHARE = 5, 0.6
_PERCENT = "%"


def equal(one: Token, other: Token, words: Vocabulary) -> bool:
    """Whether two tokens say the same: equal stems, values that meet, or, of plain words, near synonyms and kin."""
    if one.mention is not None or other.mention is not None:
        return _same_number(one, other)
    if one.stem == other.stem or one.text == other.text:
        return True
    if one.strict or other.strict:
        return False
    if words.same.get(one.stem, frozenset()) & words.same.get(other.stem, frozenset()):
        return True
    return _kin(one.text, other.text)


def align(said: Sequence[Token], source: Sequence[Token], words: Vocabulary) -> tuple[dict[int, int], set[int]]:
    """Pairs of indices, and those of `said` that are out of order.

    The longest common subsequence comes first; what it leaves takes what is left of the source wherever it stands.
    """
    in_order = _longest(said, source, words)
    pairs = dict(in_order)
    taken = set(pairs.values())
    moved = set()
    for index, token in enumerate(said):
        if index in pairs:
            continue
        for place, other in enumerate(source):
            if place not in taken and equal(token, other, words):
                pairs[index] = place
                taken.add(place)
                moved.add(index)
                break
    return pairs, moved


def _longest(said: Sequence[Token], source: Sequence[Token], words: Vocabulary) -> dict[int, int]:
    rows, columns = len(said), len(source)
    match = [[equal(one, other, words) for other in source] for one in said]
    length = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            if match[row][column]:
                length[row][column] = length[row + 1][column + 1] + 1
            else:
                length[row][column] = max(length[row + 1][column], length[row][column + 1])
    pairs = {}
    row = column = 0
    while row < rows and column < columns:
        if match[row][column]:
            pairs[row] = column
            row, column = row + 1, column + 1
        elif length[row + 1][column] >= length[row][column + 1]:
            row += 1
        else:
            column += 1
    return pairs


def _same_number(one: Token, other: Token) -> bool:
    if one.mention is None or other.mention is None:
        return False
    if not one.mention.values or not other.mention.values:
        return one.text == other.text
    units = {one.mention.unit, other.mention.unit}
    # A unit may be told by the word beside the number, or left out; a share is never a plain number.
    alike = len(units - {None}) < 2 and (_PERCENT not in units or len(units) == 1)
    return alike and bool(one.mention.values & other.mention.values)


def _kin(one: str, other: str) -> bool:
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared >= _PREFIX and shared >= _PREFIX_SHARE * max(len(one), len(other))
