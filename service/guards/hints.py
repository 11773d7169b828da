"""Whether a text may have a fact at all: most sentences do not, and are not read further."""

from __future__ import annotations

import re

from service.guards.reading import Reading

_DIGIT = re.compile(r"[0-9½¼¾⅓⅔%]|[IVX]{2,}(?!\w)")
# A class of characters is found many times faster than one of two patterns.
_MAY_BE_DIGIT = re.compile("[0-9½¼¾⅓⅔%IVX]")
# Parts of words that go with large numbers and percentages, in all five languages.
_LARGE = ("mil", "bili", "bilh", "bill", "tril", "thousand", "tausend", "cent", "prozent", "século", "siglo", "siècle")
_WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety third fourth fifth sixth seventh "
    "eighth ninth tenth dois duas três quatro cinco seis sete oito nove dez onze doze treze catorze quatorze "
    "quinze dezesseis dezasseis dezessete dezoito dezenove vinte trinta quarenta cinquenta sessenta setenta "
    "oitenta noventa terceiro terceira quarto quarta quinto quinta sexto sexta sétimo sétima oitavo oitava nono "
    "nona décimo décima dos tres cuatro seis siete ocho nueve diez once doce trece catorce quince veinte treinta "
    "cuarenta cincuenta sesenta ochenta deux trois quatre cinq sept huit neuf dix onze douze treize quatorze "
    "seize vingt trente quarante cinquante soixante zwei drei vier fünf sechs sieben acht neun zehn elf zwölf "
    "zwanzig dreißig vierzig fünfzig "
)
_SMALL = frozenset(_WORDS.split())


def may_have_facts(reading: Reading) -> bool:
    """False where the text has neither digits nor any word that spells a number of two or more."""
    if _MAY_BE_DIGIT.search(reading.text) is not None and _DIGIT.search(reading.text) is not None:
        return True
    return not _SMALL.isdisjoint(reading.words) or any(part in reading.lowered for part in _LARGE)
