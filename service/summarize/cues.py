"""Language-aware cues: what is not body text, what opens a sentence that needs its context, what a dateline looks like.

The lists are data, one `cues/<language>.toml` a language plus `cues/any.toml`, which holds everywhere. A file has

    agencies       names of news agencies (`any.toml` only)
    time_words     words a date, a time or a "2 hours ago" is made of
    roles          lower-case words that may follow a name in a byline
    parenthetical  imperatives that open a pointer in parentheses: "(see the map below)"
    content_words  words that stop lists carry and news is about
    amounts        signs and words of percentages and of large sums
    [whole]        regular expressions by kind; one that matches a whole line, or a whole sentence, gives its kind
    [opening]      `pronoun` and `connective`: phrases that lean on the sentence before when they open one;
                   `settled`: longer ones that only look so ("this week")

Expressions ignore case. `{names}` stands for a run of capitalised words, `{tail}` for what may follow a name in a
byline, `{when}` for a date or time, `{agency}` for any agency. The macros are atomic groups: texts come from
strangers, so no expression may take more than polynomial time.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

_CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĖĘĚĞĠĢĪĮİĶŁĻŃŅŇŌŐŒŘŚŞŠŢŤŪŮŰŲŹŻŽ"
_NAME = rf"(?-i:[{_CAPITAL}][\w'’.&-]*+)"
_PARTICLES = r"(?:d[aeo]s?|del|della|di|du|dos|la|le|van|von|der|den|bin|al|el|y|e|et|und|and)"
_NAMES = rf"(?>{_NAME}(?:\s+(?:{_PARTICLES}\s+){{0,2}}{_NAME})*+)"
_KINDS = ("caption", "byline", "timestamp", "credit", "pointer")
_NEVER = "(?!)"


class Cues(msgspec.Struct, frozen=True):
    """Compiled cues of one language.

    `whole` pairs a kind (`caption`, `byline`, `timestamp`, `credit`, `pointer`) with the expression for a full match.
    `leaning` matches at the start of a sentence that needs the one before. `trailing` finds, at the end of a sentence,
    an agency or a pointer in parentheses. `placed` and `opening` match a dateline: the first one sure enough to be
    taken anywhere, the second only where the body of a text begins. `amount` finds a percentage or a large sum.
    """

    whole: tuple[tuple[str, re.Pattern[str]], ...]
    leaning: re.Pattern[str]
    trailing: re.Pattern[str]
    placed: re.Pattern[str]
    opening: re.Pattern[str]
    content_words: frozenset[str]
    amount: re.Pattern[str]

    def kind_of(self, text: str) -> str | None:
        """The kind of boilerplate that `text` is as a whole, or None."""
        return next((kind for kind, pattern in self.whole if pattern.fullmatch(text)), None)


@lru_cache(maxsize=64)
def load_cues(language: str) -> Cues:
    """The cues for a BCP-47 tag; languages without a file get those that hold everywhere."""
    shared = _read("any")
    own = _read(language.partition("-")[0].casefold())
    tables = [shared, own]
    macros = {
        "{agency}": f"(?>{_alternatives(_merge(tables, 'agencies'))})",
        "{names}": _NAMES,
        "{tail}": _tail(_merge(tables, "roles")),
        "{when}": _when(_merge(tables, "time_words")),
    }
    agency = macros["{agency}"]
    return Cues(
        whole=tuple((kind, _compile(_expand(_section(tables, "whole", kind), macros))) for kind in _KINDS),
        leaning=_leaning(*(_section(tables, "opening", key) for key in ("pronoun", "connective", "settled"))),
        trailing=_trailing(agency, _merge(tables, "parenthetical")),
        placed=_compile(_placed(agency), flags=re.NOFLAG),
        opening=_compile(_opening(agency), flags=re.NOFLAG),
        content_words=frozenset(_merge(tables, "content_words")),
        amount=_amount(_merge(tables, "amounts")),
    )


def _read(name: str) -> Mapping[str, Any]:
    path = files("service.summarize").joinpath("cues", f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8")) if name.isalpha() and path.is_file() else {}


def _merge(tables: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    return [str(item) for table in tables for item in table.get(key, ())]


def _section(tables: Iterable[Mapping[str, Any]], section: str, key: str) -> list[str]:
    return _merge([table.get(section, {}) for table in tables], key)


def _alternatives(phrases: Iterable[str]) -> str:
    # Longest first: an atomic group keeps the first alternative that matches.
    ordered = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return "|".join(re.escape(phrase) for phrase in ordered) or _NEVER


def _expand(patterns: Iterable[str], macros: Mapping[str, str]) -> str:
    joined = "|".join(f"(?:{pattern})" for pattern in patterns) or _NEVER
    for name, expression in macros.items():
        joined = joined.replace(name, expression)
    return joined


def _compile(expression: str, *, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(expression, flags | re.DOTALL)


def _amount(listed: Sequence[str]) -> re.Pattern[str]:
    words = [one for one in listed if one[0].isalpha()]
    signs = "".join(re.escape(one) for one in listed if not one[0].isalpha())
    return _compile(rf"[{signs}]|\b(?:{_alternatives(words)})\b")


def _tail(roles: Iterable[str]) -> str:
    token = rf"(?:{_NAME}|{_PARTICLES}\b|(?:{_alternatives(roles)})\b|[@\w.+-]+@[\w.-]+|@\w+)"
    return rf"(?>(?:{token}[\s,;|/•()–—-]*+){{1,14}}+)"


def _when(words: Iterable[str]) -> str:
    number = r"\d++(?:[/.:,-]\d++)*+(?:h\d{0,2}(?:min)?|hrs?|min|st|nd|rd|th|am|pm|[º°])?(?!\w)"
    return rf"(?>(?:(?:{number}|(?:{_alternatives(words)})\b\.?)[\s,.;:|()•–—-]*+){{1,20}}+)"


def _leaning(pronouns: list[str], connectives: list[str], settled: list[str]) -> re.Pattern[str]:
    return _compile(rf"[\W_]*+(?!(?:{_alternatives(settled)})\b)(?:{_alternatives(pronouns + connectives)})\b(?!-)")


def _trailing(agency: str, imperatives: Iterable[str]) -> re.Pattern[str]:
    credit = rf"[.!?…\"”’]\s*(?P<credit>[(\[]\s*(?:\w+ )?{agency}(?:\s*[/,;&]\s*[^()\[\]]{{1,30}})?\s*[)\]]\.?)"
    pointer = rf"(?P<pointer>\s*[(\[](?:{_alternatives(imperatives)})\b[^()\[\]]{{0,100}}[)\]]\s*[.!?…]?)"
    return _compile(rf"(?:{credit}|{pointer})$")


_DASH = r"\s*\.?\s*(?:--+|[-–—_])\s+"
_STARTS = rf"(?=[{_CAPITAL}\d\"“'‘«¿¡])"
_PLACE = rf"[{_CAPITAL}][\w.'’]*+(?:[ /-](?:(?:de|da|do|del|la|le|of|the|and|e|y) ){{0,2}}[{_CAPITAL}][\w.'’]*+){{0,4}}"
_CAPS_PLACE = rf"(?:[{_CAPITAL}]['’.]?)+(?:[ /-](?:[{_CAPITAL}]['’.]?)+){{0,4}}"
_REGION = rf"(?:\s?[,/(]\s?[{_CAPITAL}][\w.]*+(?: [{_CAPITAL}][\w.]*+){{0,2}}\)?)?"
_DATE = (
    r"(?:\s?,\s*(?:(?:em|le|den|am|on)\s+)?"
    r"(?:\d{1,2}(?:º|\.|er)?\s+(?:de\s+)?[^\W\d_]{3,10}\.?(?:,?\s+(?:de\s+)?\d{4})?"
    r"|[^\W\d_]{3,10}\.?\s+\d{1,2}(?:,\s+\d{4})?|\d{1,2}/\d{1,2}(?:/\d{2,4})?))"
)


def _placed(agency: str) -> str:
    named = rf"\(\s*(?:[^()]{{0,30}}[/,\s-])?{agency}(?:[/,\s-][^()]{{0,30}})?\s*\)"
    return (
        rf"\s*(?:(?:{_CAPS_PLACE}|{_PLACE}){_REGION}{_DATE}?\s*{named}{_DASH}"
        rf"|{_CAPS_PLACE}{_REGION}{_DATE}\s*(?:\([^()]{{2,40}}\))?{_DASH}"
        rf"|{named}(?:{_DASH}|\s*{_STARTS})"
        rf"|(?i:fotos?|photos?|imagem|image|crédito|credit)\s*:\s*{_NAMES}\s*/\s*{agency}\s+{_STARTS})"
    )


def _opening(agency: str) -> str:
    return (
        rf"\s*(?:(?:{_CAPS_PLACE}){_REGION}{_DATE}?\s*(?:\([^()]{{2,40}}\))?{_DASH}"
        rf"|(?=[{_CAPITAL} .'’-]{{6,40}}:){_CAPS_PLACE}:\s+{_STARTS}"
        rf"|{_PLACE}{_REGION}{_DATE}\s*{_DASH}{_STARTS}"
        rf"|{_PLACE}\s+(?:--+|[–—_-])\s+{_STARTS}"
        rf"|{agency}{_DASH}{_STARTS})"
    )
