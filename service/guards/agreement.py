"""A cheap look at the facts of two texts: where they stand in one row and are the same, nothing else need be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import product

from service.guards.lexicon import lexicon
from service.guards.marks import UNIT_OF

_TOKEN = re.compile(
    r"[^\W\d_]+(?:\$S?|\.\s?m\b)?|[0-9]+(?:[.,:hH][0-9]+)*|°[CF]?|[$%€£¥₹½¼¾⅓⅔⅕⅛⅜⅝⅞−]|(?<!\w)-(?=[0-9])"
)
_SWAPPED = str.maketrans(".,", ",.")
# Where these are no numbers at all they are the commonest of words; where they are, a digit or the full reading tells.
_AMBIGUOUS = {
    "de": "paar einen einem einer eines eine ein eins erst erste ersten erster erstes",
    "en": "second a an one once first pair couple may march mar",
    "es": "segundo segunda un una uno primer primera primero par cuarto mar",
    "fr": "un une second seconde premier première couple paire",
    "pt": "segundo segunda um uma primeiro primeira par casal dupla mar set out trio",
}
_PARTS_OF_DAY = {
    "am": "am a.m manhã madrugada mañana matin morning morgens vormittags früh",
    "pm": "pm p.m tarde noite noche soir afternoon evening night tonight nachmittags abends nachts",
}
_BELOW_ZERO = "- − minus menos moins negativos negativo below abaixo bajo sous unter"
_GROUP = 4
# Scales without a number, and a hundred that is nearly always "por cento".
_MORE = {
    "de": {"tausende": "x1000"},
    "en": {"thousands": "x1000", "millions": "x1000000", "billions": "x1000000000"},
    "es": {"miles": "x1000", "ciento": "%"},
    "fr": {"milliers": "x1000"},
    "pt": {"milhares": "x1000", "cento": "%"},
}
_DIGITS = frozenset("0123456789")
_DEGREES = "degree degrees grau graus grado grados degré degrés grad"
_WARMTH = frozenset({"degrees", "°C", "°F"})
_ROMAN_TENS, _ROMAN_UNITS = ("", "X", "XX", 3 * "X"), ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")


def agree(source: str, hypothesis: str, source_language: str, target_language: str) -> bool:
    """Whether both texts name the same numbers, units, months and parts of the day in the same order.

    The languages are two of `lexicon.LANGUAGES`. True says that no fact is lost; False says nothing.
    """
    said, rendered = _row(source, source_language), _row(hypothesis, target_language)
    return said == rendered or (sorted(said) == sorted(rendered) and _in_any_order(said))


def _row(text: str, language: str) -> list[str]:
    concepts, swap = _concepts(language), lexicon(language).decimal == ","
    row: list[str] = []
    for token in _TOKEN.findall(text):
        if token[0] in _DIGITS:
            row.append(_canonical(token, swap=swap))
        elif (concept := concepts.get(token)) is None:
            continue
        elif concept == "x1000" and row and row[-1].isdigit() and len(row[-1]) < _GROUP:
            row[-1] += ",000"
        else:
            row.append(concept)
    if "-" in row and _WARMTH.isdisjoint(row):
        row = [concept for concept in row if concept != "-"]
    if not _PARTS_OF_DAY.keys().isdisjoint(row) and not any(concept[0] in _DIGITS for concept in row):
        row = [concept for concept in row if concept not in _PARTS_OF_DAY]
    return row


def _canonical(number: str, *, swap: bool) -> str:
    """A number in digits as English writes it; only before three digits does the decimal mark depend on the custom."""
    if number.isdigit():
        return number
    if len(number) > 4 and number[-4] in ".,":
        return number.translate(_SWAPPED) if swap else number
    return number.lower().replace(",", ".").replace("h", ":")


def _in_any_order(row: list[str]) -> bool:
    """Whether what is beside the numbers of a row goes with all of them, or with the only one."""
    numbers = sum(concept[0] in _DIGITS for concept in row)
    others = {concept for concept in row if concept[0] not in _DIGITS}
    return numbers < 2 or (
        len(others) < 2 and not any(concept[0] in "x-" or concept in _PARTS_OF_DAY for concept in others)
    )


@cache
def _concepts(language: str) -> Mapping[str, str]:
    """What each word of a language stands for, as it is written in the middle and at the start of a sentence."""
    words = lexicon(language)
    table = dict(UNIT_OF)
    for part, names in _PARTS_OF_DAY.items():
        table |= dict.fromkeys(names.split(), part)
    table |= dict.fromkeys(_BELOW_ZERO.split(), "-")
    table |= dict.fromkeys(_DEGREES.split(), "degrees")
    table |= dict.fromkeys(words.halves, "half")
    table |= {name: f"part {part}" for name, part in words.parts.items()}
    table |= {name: f"month {month}" for name, month in words.months.items()}
    table |= {name: str(number) for name, number in {**words.cardinals, **words.decades}.items()}
    table |= dict.fromkeys(words.hundreds, "100")
    table |= {name: f"x{scale}" for name, scale in words.scales.items()}
    table |= dict.fromkeys(words.century, "century")
    table |= _MORE[language]
    for name in _AMBIGUOUS[language].split():
        table.pop(name, None)
    romans = {tens + units: index for index, (tens, units) in enumerate(product(_ROMAN_TENS, _ROMAN_UNITS))}
    table |= {name.capitalize(): concept for name, concept in table.items()}
    table |= {name.upper(): concept for name, concept in table.items()}
    return table | {name: str(number) for name, number in romans.items() if number > 1}
