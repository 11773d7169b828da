"""Whether a text may have a fact at all: most sentences do not, and are not read further."""

from __future__ import annotations

import re

_DIGIT = re.compile(r"[0-9½¼¾⅓⅔%]|[IVX]{2,}(?!\w)")
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


def may_have_facts(text: str) -> bool:
    """False where `text` has neither digits nor any word that spells a number of two or more."""
    if _DIGIT.search(text) is not None:
        return True
    lowered = text.lower()
    return not _SMALL.isdisjoint(lowered.split()) or any(part in lowered for part in _LARGE)
