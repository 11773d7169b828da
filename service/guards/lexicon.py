"""How numbers, months and times are written out in the five languages whose facts are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The number words of one language, in lower case.

    `decimal` is the decimal mark, the other of `,` and `.` groups thousands. `cardinals` holds ordinals too: "third"
    and "3rd" say the same. `scales` multiply what stands before them ("7 million"). `joiners` stand inside a number.
    `vague` words are other words more often than numbers, `weekdays` name a day where no noun follows.
    """

    decimal: str
    cardinals: Mapping[str, int]
    scales: Mapping[str, int]
    hundreds: frozenset[str]
    halves: frozenset[str]
    joiners: frozenset[str]
    parts: Mapping[str, int]
    months: Mapping[str, int]
    century: frozenset[str]
    decades: Mapping[str, int] = field(default_factory=dict)
    vague: frozenset[str] = frozenset()
    weekdays: frozenset[str] = frozenset()
    vocabulary: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        tables = (self.cardinals, self.scales, self.hundreds, self.halves, self.joiners, self.parts, self.months)
        object.__setattr__(self, "vocabulary", frozenset[str]().union(*tables, self.decades))


_MILLION, _BILLION, _TRILLION = 10**6, 10**9, 10**12


def _numbered(text: str, start: int = 1, step: int = 1) -> dict[str, int]:
    """Words in order -> `start`, `start + step`, ...; words joined by `|` share a number."""
    entries = (entry.split("|") for entry in text.split())
    return {word: start + index * step for index, words in enumerate(entries) for word in words}


def _inflected(stems: str, endings: str, start: int = 1, step: int = 1) -> dict[str, int]:
    return {
        stem + ending: number for stem, number in _numbered(stems, start, step).items() for ending in endings.split("|")
    }


def _scales(thousand: str, million: str, billion: str, trillion: str) -> dict[str, int]:
    sizes = ((thousand, 1_000), (million, _MILLION), (billion, _BILLION), (trillion, _TRILLION))
    return {word: size for words, size in sizes for word in words.split()}


def _english() -> Lexicon:
    tens = "twenty thirty forty|fourty fifty sixty seventy eighty ninety"
    ordinals = (
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth"
    )
    return Lexicon(
        decimal=".",
        cardinals={
            **_numbered(
                "zero|nil|nought one|a|an|once two|twice|both|pair|couple three|thrice four five six seven eight nine "
                "ten eleven twelve|dozen thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
                0,
            ),
            **_numbered(tens, 20, 10),
            **_numbered(ordinals),
            **{word.replace("ty", "tieth"): number for word, number in _numbered(tens, 20, 10).items()},
            **{"hundredth": 100, "thousandth": 1_000, "millennium": 1_000},
        },
        scales=_scales("thousand k", "million mn mln", "billion bn bln", "trillion tn trn"),
        hundreds=frozenset({"hundred"}),
        halves=frozenset({"half"}),
        joiners=frozenset({"and", "a"}),
        parts=_numbered("half third|thirds fourth|fourths|quarter|quarters fifth|fifths", 2)
        | {"tenth": 10, "tenths": 10},
        months=_numbered(
            "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep "
            "october|oct november|nov december|dec"
        ),
        century=frozenset({"century", "centuries"}),
        decades=_numbered("twenties thirties forties fifties sixties seventies eighties nineties", 20, 10),
        vague=frozenset({"second", "both", "pair", "couple", "twice", "fourth"}),
    )


def _portuguese() -> Lexicon:
    return Lexicon(
        decimal=",",
        cardinals={
            **_numbered(
                "zero um|uma dois|duas|ambos|ambas|dupla|casal|par três|trio quatro cinco seis sete oito nove dez onze "
                "doze|dúzia treze catorze|quatorze quinze dezesseis|dezasseis dezessete|dezassete dezoito "
                "dezenove|dezanove",
                0,
            ),
            **_numbered("vinte trinta quarenta cinquenta|cinqüenta sessenta setenta oitenta noventa cem|cento", 20, 10),
            **_inflected("duzent trezent quatrocent quinhent seiscent setecent oitocent novecent", "os|as", 200, 100),
            **_inflected("primeir segund terceir quart quint sext sétim oitav non décim", "o|a|os|as"),
            **_inflected("vigésim trigésim quadragésim quinquagésim", "o|a|os|as", 20, 10),
            **{
                "centésimo": 100,
                "centésima": 100,
                "milésimo": 1_000,
                "milésima": 1_000,
                "milênio": 1_000,
                "milénio": 1_000,
            },
        },
        scales=_scales(
            "mil", "milhão milhões mi", "bilhão bilhões bilião biliões bi", "trilhão trilhões trilião triliões tri"
        ),
        hundreds=frozenset(),
        halves=frozenset({"meio", "meia", "metade"}),
        joiners=frozenset({"e"}),
        parts=_numbered("meio|metade terço|terços quarto|quartos quinto|quintos", 2) | {"décimo": 10, "décimos": 10},
        months=_numbered(
            "janeiro|jan fevereiro|fev março|mar abril|abr maio|mai junho|jun julho|jul agosto|ago setembro|set "
            "outubro|out novembro|nov dezembro|dez"
        ),
        century=frozenset({"século", "séculos"}),
        vague=frozenset({"segundo", "segunda", "terça", "quarto", "quartos", "par", "casal", "dupla", "trio", "ambos"}),
        weekdays=frozenset({"quarta", "quinta", "sexta"}),
    )


def _spanish() -> Lexicon:
    return Lexicon(
        decimal=",",
        cardinals={
            **_numbered(
                "cero un|una|uno dos|ambos|ambas|par tres cuatro cinco seis siete ocho nueve diez once doce|docena "
                "trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno|veintiún|veintiuna "
                "veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve",
                0,
            ),
            **_numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa cien|ciento", 30, 10),
            **_inflected(
                "doscient trescient cuatrocient quinient seiscient setecient ochocient novecient", "os|as", 200, 100
            ),
            **_inflected("primer segund tercer cuart quint sext séptim octav noven décim", "o|a|os|as"),
            **_inflected("undécim duodécim decimotercer decimocuart decimoquint decimosext", "o|a", 11),
            **{"primer": 1, "tercer": 3, "centésimo": 100, "centésima": 100, "milésimo": 1_000, "milenio": 1_000},
        },
        scales=_scales("mil", "millón millones", "", "billón billones"),
        hundreds=frozenset(),
        halves=frozenset({"medio", "media", "mitad"}),
        joiners=frozenset({"y"}),
        parts=_numbered("medio|mitad tercio|tercios cuarto|cuartos quinto|quintos", 2) | {"décimo": 10, "décimos": 10},
        months=_numbered(
            "enero|ene febrero|feb marzo|mar abril|abr mayo|may junio|jun julio|jul agosto|ago "
            "septiembre|setiembre|sept octubre|oct noviembre|nov diciembre|dic"
        ),
        century=frozenset({"siglo", "siglos"}),
        vague=frozenset(["segundo", "segunda", "cuarto", "cuartos", "par", "ambos", "ambas"]),
    )


def _french() -> Lexicon:
    ordinal_stems = "deux trois quatr cinqu six sept huit neuv dix onz douz treiz quatorz quinz seiz"
    return Lexicon(
        decimal=",",
        cardinals={
            **_numbered(
                "zéro un|une deux|paire|couple trois quatre cinq six sept huit neuf dix onze douze|douzaine treize "
                "quatorze quinze|quinzaine seize",
                0,
            ),
            **_numbered(
                "vingt|vingts|vingtaine trente|trentaine quarante|quarantaine cinquante|cinquantaine soixante "
                "septante huitante|octante nonante cent|cents|centaine",
                20,
                10,
            ),
            **_inflected(ordinal_stems, "ième|ièmes", 2),
            **{
                "premier": 1,
                "première": 1,
                "second": 2,
                "seconde": 2,
                "vingtième": 20,
                "millième": 1_000,
                "millier": 1_000,
            },
        },
        scales=_scales("mille", "million millions", "milliard milliards md mds", "billion billions"),
        hundreds=frozenset({"cent", "cents"}),
        halves=frozenset({"demi", "demie", "moitié"}),
        joiners=frozenset({"et"}),
        parts=_numbered("demi|moitié tiers quart|quarts cinquième|cinquièmes", 2) | {"dixième": 10, "dixièmes": 10},
        months=_numbered(
            "janvier|janv février|févr mars avril|avr mai juin juillet|juil août septembre|sept octobre|oct "
            "novembre|nov décembre|déc"
        ),
        century=frozenset({"siècle", "siècles"}),
        vague=frozenset(["second", "seconde", "couple", "paire", "neuf"]),
    )


def _german() -> Lexicon:
    units = _numbered("ein zwei drei vier fünf sechs sieben acht neun")
    tens = _numbered("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", 20, 10)
    small = _numbered(
        "null ein|eins|eine|einen|einem|einer|eines zwei|zwo|beide|beiden|paar drei vier fünf sechs sieben acht neun "
        "zehn elf zwölf|dutzend dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
        0,
    )
    small |= tens | {f"{unit}und{ten}": a + b for unit, a in units.items() for ten, b in tens.items()}
    hundreds = {f"{unit}hundert": 100 * number for unit, number in units.items()}
    thousands = {f"{unit}tausend": 1_000 * number for unit, number in small.items() if number}
    ordinal_stems = "erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft"
    return Lexicon(
        decimal=",",
        cardinals={
            **small,
            **hundreds,
            **{head + tail: a + b for head, a in hundreds.items() for tail, b in small.items() if b},
            **thousands,
            **_inflected(ordinal_stems, "e|en|er|es|em"),
            **_inflected("tausendst", "e|en|er|es", 1_000),
            **{word + "mal": number for word, number in small.items()},
        },
        scales=_scales("tausend tsd", "million millionen mio", "milliarde milliarden mrd", "billion billionen"),
        hundreds=frozenset({"hundert"}),
        halves=frozenset({"halb", "halbe", "halben", "hälfte"}),
        joiners=frozenset({"und"}),
        parts=_numbered("halbe|hälfte drittel viertel fünftel", 2) | {"zehntel": 10},
        months=_numbered(
            "januar|jänner|jan februar|feb märz april|apr mai juni|jun juli|jul august|aug september|sept oktober|okt "
            "november|nov dezember|dez"
        ),
        century=frozenset({"jahrhundert", "jahrhunderts", "jahrhunderte", "jahrhunderten"}),
        vague=frozenset({"paar", "beide", "beiden", "acht"}),
        decades=_inflected("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", "er", 20, 10),
    )


_BUILDERS = {"de": _german, "en": _english, "es": _spanish, "fr": _french, "pt": _portuguese}
LANGUAGES = frozenset(_BUILDERS)
HALF = Fraction(1, 2)


@cache
def lexicon(language: str) -> Lexicon:
    """The number words of a language in LANGUAGES; raises KeyError for another."""
    return _BUILDERS[language]()
