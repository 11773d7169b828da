"""What stands beside a number and changes what it says: currencies, percent, measures, parts of the day, decades."""

from __future__ import annotations

import re
from itertools import pairwise

# The names of one thing in all five languages. Kinds of dollars and pounds are not told apart: texts rarely do.
_NAMES = {
    "BRL": "R$|BRL|reais|real",
    "USD": "US$|U$S|USD|$|A$|AU$|C$|CA$|NZ$|AUD|CAD|NZD|dólar|dólares|dollar|dollars|bucks",
    "EUR": "€|EUR|euro|euros",
    "GBP": "£|GBP|libra|libras|pound|pounds|livre|livres|Pfund|lb|lbs",
    "JPY": "¥|JPY|iene|ienes|yen|yens",
    "CHF": "CHF|franco|francos|franc|francs|Franken",
    "MXN": "MXN|peso|pesos",
    "CNY": "CNY|RMB|yuan|yuans|iuan|iuanes|renminbi",
    "RUB": "RUB|rublo|rublos|ruble|rubles|rouble|roubles|Rubel",
    "INR": "₹|INR|rupia|rupias|rupee|rupees|roupie|roupies|Rupie|Rupien",
    "%": "%|percent|per cent|por cento|por ciento|pour cent|Prozent|pct|pontos percentuais|percentage points|"
    "ponto percentual|percentage point|puntos porcentuales|points de pourcentage|Prozentpunkte|Prozentpunkten",
    "km": "km|quilômetro|quilômetros|quilómetro|quilómetros|kilometer|kilometers|kilometre|kilometres|kilómetro|"
    "kilómetros|kilomètre|kilomètres|Kilometern",
    "mi": "mile|miles|milha|milhas|milla|millas|Meile|Meilen|mph",
    "kg": "kg|kilo|kilos|quilo|quilos|quilograma|quilogramas|kilogram|kilograms|kilogramo|kilogramos|kilogramme|"
    "kilogrammes|Kilogramm",
    "m": "meter|meters|metre|metres|metro|metros|mètre|mètres|Metern",
    "ft": "foot|feet|ft|pé|pés|pie|pies|pied|pieds|Fuß",
    "cm": "cm|centímetro|centímetros|centimeter|centimeters|centimetre|centimetres|centimètre|centimètres|Zentimeter",
    "mm": "mm|milímetro|milímetros|millimeter|millimeters|millimetre|millimetres|millimètre|millimètres|Millimeter",
    "in": "inch|inches|polegada|polegadas|pulgada|pulgadas|pouce|pouces|Zoll",
    "°C": "°C|ºC|Celsius|centígrados",
    "°F": "°F|ºF|Fahrenheit",
}
CURRENCIES = frozenset({"BRL", "USD", "EUR", "GBP", "JPY", "CHF", "MXN", "CNY", "RUB", "INR"})
# Whoever loses one of these has lost the fact; a measure may go unsaid, as in "10 by 20 km".
STATED = CURRENCIES | {"%"}
_KINDS = (CURRENCIES, {"%"}, {"km", "mi", "m", "ft", "cm", "mm", "in"}, {"kg", "GBP"}, {"°C", "°F"})

UNIT_OF = {name.casefold(): unit for unit, names in _NAMES.items() for name in names.split("|")}
# "45 million *Australian* dollars", "45 milhões *de* dólares", "70km": little may stand between.
_AFTER = re.compile(
    r"\.?[\s\u00a0\u202f-]{0,2}(?:(?:de|of|d['’])[\s\u00a0]*)?"
    r"(?P<first>°?[^\W\d_]+|[A-Z]{0,2}\$S?|[%€£¥₹])(?:[\s\u00a0](?P<second>[^\W\d_]+))?"
)
_BEFORE = re.compile(r"(?P<name>[A-Za-z]{0,2}\$S?|[€£¥₹]|\b[A-Z]{3})[\s\u00a0\u202f]?$")
_ANYWHERE = re.compile(r"[A-Za-z]{0,2}\$S?|[%€£¥₹]|°?[^\W\d_]+")

_BEFORE_NOON = (
    r"a\.\s?m\.?(?!\w)|am\b|da manhã|da madrugada|de la mañana|de la madrugada|du matin|in the morning|morgens|früh\b|"
    r"vormittags"
)
_AFTER_NOON = (
    r"p\.\s?m\.?(?!\w)|pm\b|da tarde|da noite|à noite|de la tarde|de la noche|de l['’]après-midi|du soir|"
    r"in the afternoon|in the evening|at night|this afternoon|tonight|nachmittags|abends|nachts"
)
NOON = re.compile(rf"[\s\u00a0\u202f]{{0,2}}(?:(?P<am>{_BEFORE_NOON})|(?P<pm>{_AFTER_NOON}))", re.IGNORECASE)
HOURS = re.compile(r"[\s\u00a0\u202f]?(?:h\b|hrs?\b|horas?\b|hours?\b|heures?\b|Uhr\b|o['’]clock)", re.IGNORECASE)
AT = re.compile(r"\b(?:at|às|a las|à|um)\s$", re.IGNORECASE)
NOON_NAMES = ("noon", "midday", "meio-dia", "mediodía", "midi", "mittag")
MIDNIGHT_NAMES = ("midnight", "meia-noite", "medianoche", "minuit", "mitternacht")
# Two numbers of one statement: what is said of the second is often meant of the first.
DEGREES = re.compile(
    r"[°º]\s?[CF]\b|\bgraus\b|\bdegrees?\b|\bgrados?\b|\bdegrés?\b|\bGrad\b|\bCelsius\b|\bFahrenheit\b", re.IGNORECASE
)
MINUS = re.compile(r"(?<![\w.,)])[-−–]\s?$|\b(?:minus|menos|moins)\s$", re.IGNORECASE)
BELOW_ZERO = re.compile(
    r"(?:\s?[°º]\s?[CF]?|\s(?:graus|degrees?|grados?|degrés?|Grad))?(?:\s(?:Celsius|Fahrenheit|centígrados))?\s"
    r"(?:negativos?|below zero|abaixo de zero|bajo cero|au-dessous de zéro|en dessous de zéro|sous zéro|unter null)",
    re.IGNORECASE,
)
RANGE = re.compile(
    r"\s*(?:-|–|—|/|\b(?:a|e|to|and|or|ou|y|o|et|à|bis|und|oder|até|until|till)\b)\s*(?:as|às|las)?\s*",
    re.IGNORECASE,
)
DECADE_BEFORE = re.compile(
    r"(?:\banos|\baños|\bannées|\bdécadas? de|\bdécadas? del?|\bdecade of the|\bthe|['’])[\s\u00a0]*$", re.IGNORECASE
)
DECADE_AFTER = re.compile(r"['’]?s\b|er\b(?:[\s-]Jahre)?|\s?anos\b|\s?años\b|\s?ans\b", re.IGNORECASE)


def unit_beside(text: str, start: int, end: int) -> str | None:
    """The unit of the number at `[start, end)` of `text`: a currency code, `%`, a measure, or None."""
    before = _BEFORE.search(text, max(0, start - 5), start)
    if before is not None and (unit := UNIT_OF.get(before["name"].casefold())) in CURRENCIES:
        return unit
    after = _AFTER.match(text, end)
    if after is None:
        return None
    first, second = after["first"].casefold(), (after["second"] or "").casefold()
    unit = UNIT_OF.get(first) or UNIT_OF.get(f"{first} {second}")
    if unit is None and len(first) > 2 and (other := UNIT_OF.get(second)) is not None:
        return other
    return unit


def units_in(text: str) -> set[str]:
    """Every unit that `text` names anywhere."""
    names = [match[0].casefold() for match in _ANYWHERE.finditer(text)]
    pairs = [f"{first} {second}" for first, second in pairwise(names)]
    return {UNIT_OF[name] for name in (*names, *pairs) if name in UNIT_OF}


def conflict(said: str, rendered: str) -> bool:
    """Whether two units contradict each other: two currencies, kilometres and miles."""
    return said != rendered and any(said in kind and rendered in kind for kind in _KINDS)
