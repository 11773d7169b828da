"""True and corrupted sentences about the articles of `tests/data/faithfulness`, made by program from a fixed seed.

True: the sentences written by hand, extracts, and extracts with a clause left out. Corrupted, one fault each: a
`number` or a `date` changed, a `name` put for another, a `negation` put in or taken out, the `subject` swapped with
another noun of the sentence or the article, the `attribution` given to another person or dropped.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from service.segment import sentences
from service.summarize import SourceSentence
from service.summarize.faithfulness import Guard

DATA = Path(__file__).resolve().parents[1] / "data" / "faithfulness"
# Articles that the guard was not mended on.
UNSEEN = DATA.with_name("faithfulness-unseen")
# Articles whose sentences are freely worded, true ones and false ones.
FREE = DATA.with_name("faithfulness-free")
SEED = 20_260
KINDS = ("number", "date", "name", "negation", "subject", "attribution")

WORDS = tomllib.loads((DATA / "words.toml").read_text(encoding="utf-8"))
DAYS, MONTHS, AUXILIARIES, DROPPED = (WORDS[name] for name in ("days", "months", "auxiliaries", "dropped"))
NEGATED = {"en": r"\b({0}) not\b|\bdoes not\b|\bdo not\b", "pt": r"\bnão\b"}
PAST_PT = re.compile(r"\b([a-záéíóúâêôãõç]{3,}(?:ou|eu|iu|aram|eram|iram))\b")
SPOKEN = re.compile(
    r"\b(?:said|says|according|segundo|disse|afirm|warned|told|alert|conto|explic|reclam|nega)", re.IGNORECASE
)


@dataclass(frozen=True)
class Article:
    """An article with its guard."""

    id: str
    language: str
    text: str
    people: tuple[str, ...]
    names: tuple[str, ...]
    written: tuple[str, ...]
    kinds: tuple[str, ...]
    sentences: tuple[str, ...]
    guard: Guard = field(compare=False)


@dataclass(frozen=True)
class Case:
    """A sentence about an article: `kind` says how it was made, `true` whether the article supports it."""

    article: Article
    kind: str
    text: str
    true: bool


@cache
def articles(folder: Path = DATA) -> tuple[Article, ...]:
    """Every article in the folder."""
    found = []
    for language in ("en", "pt"):
        tables = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))["article"]
        found += [_article(table, language) for table in tables]
    return tuple(found)


def _article(table: dict[str, Any], language: str) -> Article:
    text = table["text"].strip()
    parts = [SourceSentence(text[one.start : one.end], one.start, one.end) for one in sentences(text, language)]
    return Article(
        table["id"],
        language,
        text,
        tuple(table["people"]),
        tuple(table["names"]),
        tuple(entry["text"] for entry in table["true"]),
        tuple(entry["kind"] for entry in table["true"]),
        tuple(part.text for part in parts),
        Guard(parts, language),
    )


def true_cases(count: int, folder: Path = DATA) -> list[Case]:
    """`count` true sentences: all that were written by hand, then extracts and clause drops in turn."""
    found = [Case(one, "written", text, True) for one in articles(folder) for text in one.written]
    made = [
        Case(one, kind, text, True)
        for one in articles(folder)
        for sentence in one.sentences
        for kind, text in (("extract", sentence), ("clause", _without_clause(sentence)))
        if text is not None and text not in one.written
    ]
    random.Random(SEED).shuffle(made)
    by_kind = [[case for case in made if case.kind == kind] for kind in ("clause", "extract")]
    found += [case for pair in zip_longest(*by_kind) for case in pair if case is not None]
    return found[:count]


def free_cases() -> list[Case]:
    """The true and the false sentences that were written by hand for the articles in `FREE`, with their kinds."""
    by_id = {one.id: one for one in articles(FREE)}
    found = [
        Case(one, kind, text, True) for one in by_id.values() for kind, text in zip(one.kinds, one.written, strict=True)
    ]
    false = tomllib.loads((FREE / "false.toml").read_text(encoding="utf-8"))["case"]
    return found + [Case(by_id[entry["article"]], entry["kind"], entry["text"], False) for entry in false]


def corrupted_cases(count: int, folder: Path = DATA) -> list[Case]:
    """`count` corrupted sentences, as many of each kind as there can be."""
    rng = random.Random(SEED)
    pools: dict[str, list[Case]] = {kind: [] for kind in KINDS}
    for one in articles(folder):
        for base in (*one.sentences, *one.written):
            for kind in KINDS:
                for text in CORRUPT[kind](base, one, rng):
                    if text not in one.text and text not in one.written:
                        pools[kind].append(Case(one, kind, text, False))
    for pool in pools.values():
        rng.shuffle(pool)
    turns = zip_longest(*pools.values())
    return [case for turn in turns for case in turn if case is not None][:count]


def _without_clause(sentence: str) -> str | None:
    """The sentence less what follows its last comma, or a relative clause between commas; None where it has none."""
    if SPOKEN.search(sentence):
        return None
    relative = re.search(r", (?:which|who|que) [^,]+(?=, )", sentence)
    if relative:
        return sentence[: relative.start()] + sentence[relative.end() + 1 :]
    head, comma, _ = sentence.rpartition(", ")
    return f"{head}." if comma and len(head.split()) >= 6 and "," not in head else None


def _number(base: str, article: Article, rng: random.Random) -> Iterator[str]:
    for match in re.finditer(r"\d[\d.,]*\d|\d", base):
        if re.search(rf"(?:{'|'.join(MONTHS['en'])}) $", base[: match.start()]):
            continue
        digits = list(match[0])
        at = rng.choice([n for n, one in enumerate(digits) if one.isdigit()])
        digits[at] = rng.choice([one for one in "123456789" if one != digits[at]])
        yield base[: match.start()] + "".join(digits) + base[match.end() :]
        others = [one for one in re.findall(r"\d[\d.,]*\d|\d", article.text) if one not in base]
        if others:
            yield base[: match.start()] + rng.choice(others) + base[match.end() :]
        return


def _date(base: str, article: Article, rng: random.Random) -> Iterator[str]:
    for table in (DAYS, MONTHS):
        names = table[article.language]
        for name in names:
            if re.search(rf"\b{name}\b", base):
                yield re.sub(rf"\b{name}\b", rng.choice([one for one in names if one not in base]), base)
                return
    year = re.search(r"\b(?:19|20)\d\d\b", base)
    if year:
        yield base.replace(year[0], str(int(year[0]) + rng.choice((-2, -1, 1, 3))))


def _name(base: str, article: Article, rng: random.Random) -> Iterator[str]:
    everyone = (*article.people, *article.names)
    here = [name for name in everyone if name in base]
    others = [name for name in everyone if name not in base]
    if here and others:
        old = rng.choice(here)
        kin = article.people if old in article.people else article.names
        yield base.replace(old, rng.choice([one for one in others if one in kin] or others))


def _negation(base: str, article: Article, rng: random.Random) -> Iterator[str]:
    language = article.language
    auxiliaries = "|".join(AUXILIARIES[language])
    negated = re.search(NEGATED[language].format(auxiliaries), base)
    if negated:
        yield re.sub(r" {2,}", " ", base.replace(negated[0], negated[1] or "" if language == "en" else "", 1))
        return
    if language == "en" and (match := re.search(rf"\b({auxiliaries})\b", base)):
        yield f"{base[: match.end()]} not{base[match.end() :]}"
    if language == "pt" and (match := re.search(rf"\b({auxiliaries})\b", base) or PAST_PT.search(base)):
        yield f"{base[: match.start()]}não {base[match.start() :]}"


def _subject(base: str, article: Article, rng: random.Random) -> Iterator[str]:
    everyone = (*article.people, *article.names)
    here = sorted((name for name in everyone if name in base), key=base.index)
    if len(here) >= 2 and here[0] not in here[1]:
        first, second = here[0], here[1]
        yield base.replace(first, "\0").replace(second, first).replace("\0", second)
    opening = re.match(r"(?:The|O|A|Os|As) [a-zà-ú]+(?= (?!d[aeo]s? )[a-zà-ú]+)", base)
    others = [match[0] for one in article.sentences if (match := re.match(r"(?:The|O|A|Os|As) [a-zà-ú]+", one))]
    others = [one for one in others if one.split()[1] not in base]
    if opening and others:
        yield rng.choice(others) + base[opening.end() :]


def _attribution(base: str, article: Article, rng: random.Random) -> Iterator[str]:
    speaker = next((name for name in article.people if name in base), None)
    if speaker and SPOKEN.search(base):
        others = [name for name in article.people if name != speaker]
        yield base.replace(speaker, rng.choice(others))
    match = re.match(DROPPED[article.language], base)
    if match and '"' not in base:
        rest = match["rest"] or match["back"] + "."
        yield re.sub(r"\.\.$", ".", rest[:1].upper() + rest[1:])


CORRUPT: dict[str, Callable[[str, Article, random.Random], Iterator[str]]] = {
    "number": _number,
    "date": _date,
    "name": _name,
    "negation": _negation,
    "subject": _subject,
    "attribution": _attribution,
}
