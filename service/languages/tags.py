"""Language codes as people and clients write them -> BCP-47 tags as this service writes them.

A tag is a language, then a script where it is not the language's usual one, then a region where one was given:
`pt`, `pt-BR`, `sr-Latn`. Chinese always carries its script and never a region: `zh-Hans`, `zh-Hant`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from service.errors import UnknownLanguage
from service.languages.registry import LANGUAGES, REGIONS
from service.types import UNDETERMINED

# No tag has more characters; longer ones are not worth remembering.
_LONGEST_CODE = 16
_TAG = re.compile(r"(?P<language>[a-z]{2,3})(-(?P<script>[a-z]{4}))?(-(?P<region>[a-z]{2}|[0-9]{3}))?")

# What a code of the left column means where it is not an ISO code of a language in the registry: codes that
# LibreTranslate invented, codes that ISO withdrew, and individual languages that models and corpora name instead of the
# macrolanguage that everyone else uses.
_ALIASES = {
    "pb": "pt-br",
    "zt": "zh-hant",
    "in": "id",
    "iw": "he",
    "ji": "yi",
    "jw": "jv",
    "mo": "ro",
    "mol": "ro",
    "no": "nb",
    "nor": "nb",
    "scc": "sr",
    "scr": "hr",
    "sh": "sr-latn",
    "hbs": "sr-latn",
    "tw": "ak",
    "twi": "ak",
    "fil": "tl",
    "als": "sq",
    "arb": "ar",
    "ayr": "ay",
    "azj": "az",
    "cmn": "zh",
    "ekk": "et",
    "fuv": "ff",
    "gaz": "om",
    "gug": "gn",
    "khk": "mn",
    "kmr": "ku",
    "lvs": "lv",
    "npi": "ne",
    "ory": "or",
    "pbt": "ps",
    "pes": "fa",
    "plt": "mg",
    "prs": "fa",
    "quy": "qu",
    "swh": "sw",
    "uzn": "uz",
    "ydd": "yi",
    "zsm": "ms",
} | {alpha3: language.tag for language in LANGUAGES.values() for alpha3 in language.alpha3 if alpha3 != language.tag}

_SCRIPTS = {language.script for language in LANGUAGES.values()} | {"Hant"}
_TRADITIONAL_REGIONS = {"HK", "MO", "TW"}
_VARIANTS = {
    "en": ("en-GB", "en-US"),
    "es": ("es-419", "es-ES"),
    "fr": ("fr-CA", "fr-FR"),
    "pt": ("pt-BR", "pt-PT"),
    "sr": ("sr", "sr-Latn"),
    "zh": ("zh-Hans", "zh-Hant"),
}
_QUALIFIERS = {
    "Arab": "Arabic script",
    "Cyrl": "Cyrillic",
    "Hans": "simplified",
    "Hant": "traditional",
    "Latn": "Latin script",
    "419": "Latin America",
    "BR": "Brazil",
    "CA": "Canada",
    "ES": "Spain",
    "FR": "France",
    "GB": "United Kingdom",
    "PT": "Portugal",
    "US": "United States",
}


def normalise(code: str, *, field: str) -> str:
    """The tag that `code` stands for; `normalise(normalise(code))` is `normalise(code)`.

    Case does not matter, `_` serves as `-`. Takes BCP-47 tags of language, script and region, the two- and three-letter
    codes of ISO 639, FLORES-200 names (`por_Latn`), and the codes of LibreTranslate (`pb`, `zt`) and DeepL (`PT-BR`).

    Raises UnknownLanguage, naming `field`, for anything else, extensions and private use included.
    """
    tag = _tag_of(code) if len(code) <= _LONGEST_CODE else None
    if tag is None:
        raise UnknownLanguage(code, field=field)
    return tag


@lru_cache(maxsize=1024)
def _tag_of(code: str) -> str | None:
    """The tag that `code` stands for, None where it stands for none. Every request names the same few."""
    head, hyphen, rest = code.replace("_", "-").lower().partition("-")
    match = _TAG.fullmatch(_ALIASES.get(head, head) + hyphen + rest)
    if match is None:
        return None
    language, script, region = match["language"], (match["script"] or "").title(), (match["region"] or "").upper()
    region = "GB" if region == "UK" else region
    if language not in LANGUAGES or script not in _SCRIPTS | {""} or region not in REGIONS | {""}:
        return None
    if language == "zh":
        return _chinese(script, region)
    if script == LANGUAGES[language].script:
        script = ""
    return "-".join(part for part in (language, script, region) if part)


def _chinese(script: str, region: str) -> str | None:
    if not script:
        script = "Hant" if region in _TRADITIONAL_REGIONS else "Hans"
    return f"zh-{script}" if script in {"Hans", "Hant"} else None


def primary(tag: str) -> str:
    """The language of a tag without script and region: `pt` for `pt-BR`, `zh` for `zh-Hant`."""
    return tag.partition("-")[0]


def script(tag: str) -> str:
    """The ISO 15924 script of a tag as `normalise` writes it: `Latn` for `pt-BR`, `Hant` for `zh-Hant`; else empty."""
    head, *rest = tag.split("-")
    named = [part for part in rest if part in _SCRIPTS]
    if named:
        return named[0]
    return LANGUAGES[head].script if head in LANGUAGES else ""


def variants(tag: str) -> tuple[str, ...]:
    """The tags under which the language of `tag` is commonly told apart, empty where it is not: `pt-BR` and `pt-PT`."""
    return _VARIANTS.get(primary(tag), ())


def name(tag: str) -> str:
    """The English name of a tag as `normalise` writes it, for people; the tag itself where no name is known."""
    if tag == UNDETERMINED:
        return "Undetermined"
    head, *rest = tag.split("-")
    if head not in LANGUAGES:
        return tag
    if not rest:
        return LANGUAGES[head].name
    return f"{LANGUAGES[head].name} ({', '.join(_QUALIFIERS.get(part, part) for part in rest)})"
