"""Which numbers of a source are missing in its translation, counted without the service's own guards.

The service looks for lost numbers itself and searches again where one is; a count by the same code would only confirm
itself. This one shares nothing with it and errs on the other side: whatever a number could mean in either language is
accepted, so that what is counted as lost is lost. A number that occurs twice and is kept once counts as kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

# A quantity, or an hour of twelve and a minute.
Reading = Fraction | tuple[int, int]

_TOKEN: Final = re.compile(
    r"(?P<time>\d{1,2}(?::\d{2}(?::\d{2})?|[hH]\d{2}))(?!\d)"
    r"|(?P<digits>\d{1,3}(?:[  ]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*)(?P<half>[½¼¾])?"
    r"|(?P<roman>\b[IVXLC]+\b)"
    r"|(?P<word>[^\W\d_]+(?:[-’'][^\W\d_]+)*)"
)
_HALVES: Final = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_SCALES: Final[Mapping[str, int]] = {
    **dict.fromkeys(["hundred", "hundreds"], 100),
    **dict.fromkeys(["mil", "thousand", "thousands", "k", "milhar", "milhares"], 10**3),
    **dict.fromkeys(["million", "millions", "milhão", "milhões", "m", "mi", "mn"], 10**6),
    **dict.fromkeys(["billion", "billions", "bilhão", "bilhões", "bi", "bn"], 10**9),
    **dict.fromkeys(["trillion", "trillions", "trilhão", "trilhões", "tri", "tn"], 10**12),
}
_UNITS: Final = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen |
    zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete
    dezoito dezenove |
    nil uma duas |
    zero first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth |
    zero primeiro segundo terceiro quarto quinto sexto sétimo oitavo nono décimo |
    zero primeira segunda terceira quarta quinta sexta sétima oitava nona décima |
    zero once twice thrice |
    zero january february march april may june july august september october november december |
    zero janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
"""
_TENS: Final = """
    twenty thirty forty fifty sixty seventy eighty ninety |
    vinte trinta quarenta cinquenta sessenta setenta oitenta noventa
"""
_HUNDREDS: Final = """
    cem duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos |
    cento duzentas trezentas quatrocentas quinhentas seiscentas setecentas oitocentas novecentas
"""
_MORE: Final = {"dozen": 12, "dúzia": 12, "catorze": 14, "single": 1}
_WORDS: Final[dict[str, Fraction]] = {
    **{word: Fraction(value) for row in _UNITS.split("|") for value, word in enumerate(row.split())},
    **{word: Fraction(10 * value) for row in _TENS.split("|") for value, word in enumerate(row.split(), start=2)},
    **{word: Fraction(100 * value) for row in _HUNDREDS.split("|") for value, word in enumerate(row.split(), start=1)},
    **{word: Fraction(value) for word, value in _MORE.items()},
    **dict.fromkeys(["half", "meia"], Fraction(1, 2)),
}
_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
# What follows an hour and a minute without a mark between them.
_ZONES: Final = frozenset({"gmt", "utc", "hours", "hrs"})
_JOINING: Final = frozenset({"e", "and", "de", "of"})


@dataclass(frozen=True, slots=True)
class Number:
    """A number in digits: its place in the text, `[start, end)` in characters, and what it may mean."""

    start: int
    end: int
    readings: frozenset[Reading]


def numbers_in(text: str) -> tuple[Number, ...]:
    """The numbers that are written in digits, in order."""
    tokens = list(_TOKEN.finditer(text))
    return tuple(
        Number(token.start(), token.end(), frozenset(_readings(tokens, index)))
        for index, token in enumerate(tokens)
        if token["time"] or token["digits"]
    )


def lost_numbers(source: str, output: str) -> tuple[Number, ...]:
    """The numbers in digits of `source` no reading of which is in `output`, in digits, words or Roman numerals."""
    numbers = numbers_in(source)
    if not numbers:
        return ()
    kept = _all_readings(output)
    return tuple(number for number in numbers if not any(_near(reading) & kept for reading in number.readings))


def _near(reading: Reading) -> set[Reading]:
    """The reading, and what else says the same: an hour without its minutes, a decade without its century."""
    if isinstance(reading, tuple):
        hour, minute = reading
        return {reading, Fraction(hour), Fraction(hour + 12)} if minute == 0 else {reading}
    decade = reading - 1900 if 1900 <= reading < 2000 and reading % 10 == 0 else reading + 1900
    return {reading, decade} if reading % 10 == 0 and (reading < 100 or reading >= 1900) else {reading}


def _all_readings(text: str) -> set[Reading]:
    tokens = list(_TOKEN.finditer(text))
    found: set[Reading] = set()
    for index, token in enumerate(tokens):
        if token["time"] or token["digits"]:
            found |= set(_readings(tokens, index))
        elif token["roman"]:
            found.add(Fraction(_roman(token["roman"])))
    return found | set(_spelled(tokens))


def _readings(tokens: Sequence[re.Match[str]], index: int) -> Iterator[Reading]:
    token = tokens[index]
    if token["time"]:
        hour, minute = (int(part) for part in re.split(r"[:hH]", token["time"])[:2])
        yield hour % 12, minute
        # 2:1 may be a score, and 1:30 half past one.
        yield Fraction(hour)
        return
    values = set(_values(token["digits"]))
    if token["half"]:
        values = {value + _HALVES[token["half"]] for value in values}
    for value in values:
        yield value
        if value.denominator == 1 and value <= 24:
            # Beside "pm", "h" or "horas", or nothing at all: it does no harm to take a number for an hour too.
            yield int(value) % 12, 0
        scale = 1
        for following in tokens[index + 1 : index + 3]:
            scale *= _SCALES.get((following["word"] or "").lower(), 1)
        if scale > 1:
            yield value * scale
    after = (tokens[index + 1]["word"] or "").lower() if index + 1 < len(tokens) else ""
    clock = re.fullmatch(r"(\d{1,2})\.(\d{2})" if after not in _ZONES else r"(\d{2})(\d{2})", token["digits"])
    if clock:
        yield int(clock[1]) % 12, int(clock[2])


def _values(digits: str) -> Iterator[Fraction]:
    """What digits with their separators are: the last one may be a decimal mark, all may group thousands."""
    plain = re.sub(r"[\s ]", "", digits)
    parts = re.split(r"[.,]", plain)
    if len(parts) == 1:
        yield Fraction(int(plain))
        return
    if all(len(part) == 3 for part in parts[1:]):
        yield Fraction(int("".join(parts)))
    yield Fraction(int("".join(parts)), 10 ** len(parts[-1]))


def _spelled(tokens: Sequence[re.Match[str]]) -> Iterator[Reading]:
    """Numbers in words: every word by itself, and runs of them added up and multiplied."""
    total = current = Fraction(0)
    for token in tokens:
        words = [part for part in re.split(r"[-’']", (token["word"] or "").lower()) if part]
        if any(word in _WORDS or word in _SCALES for word in words):
            for word in words:
                if word in _SCALES:
                    total, current = (total + (current or 1) * _SCALES[word], Fraction(0))
                elif word in _WORDS:
                    yield _WORDS[word]
                    current += _WORDS[word]
                yield total + current
                yield current
        elif not set(words) & _JOINING:
            total = current = Fraction(0)


def _roman(numeral: str) -> int:
    values = [_ROMAN[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
