"""`python -m benchmarks.stories`: how well articles are grouped into stories, on translations by the installed models.

The set is `data/stories.jsonl`: invented news in Portuguese and English, each event told by two or three outlets, with
other events of the same kind beside it. Pairs of events are dealt to two halves in turn: thresholds are read off the
first, the second was not looked at for it. MinHash (Broder, 1997) is stood in for by the very resemblance that it
estimates, the Jaccard index of the articles' word pairs, so that no estimate is unlucky.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final

from benchmarks.batch import opened_service
from service.errors import MancheteError
from service.feeds.digest import DigestItem
from service.feeds.stories import THRESHOLD, stories
from service.types import DigestRequest, RequestContext, SummaryLength

DATA: Final = Path(__file__).resolve().parent / "data" / "stories.jsonl"
Pairs = set[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of the pairs of articles that are in one story."""

    precision: float
    recall: float
    f1: float


def load_articles() -> list[dict[str, str]]:
    """The set: `id`, `event`, `outlet`, `language`, `published`, `title`, `text`."""
    return [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]


def translated(articles: Sequence[Mapping[str, str]], target: str) -> list[DigestItem]:
    """The articles as items of a digest in `target`, translated by the installed models."""
    requests = [DigestRequest(one["text"], target, None, one["title"], SummaryLength(2)) for one in articles]
    with opened_service(2) as service:
        results = service.pipeline.digest_many(requests, RequestContext("bench"))
    items = []
    for one, result in zip(articles, results, strict=True):
        if isinstance(result, MancheteError):
            raise result
        items.append(
            DigestItem(
                one["id"],
                one["outlet"],
                f"https://news.example/{one['id']}",
                datetime.fromisoformat(one["published"]),
                one["language"],
                one["title"],
                one["text"],
                result.title or "",
                result.translation.text,
                tuple(sentence.text for sentence in result.summary.sentences),
                None,
                (),
            )
        )
    return items


def halves(articles: Sequence[Mapping[str, str]]) -> tuple[set[str], set[str]]:
    """The ids of both halves of the events; neighbours, which are of one kind, stay together."""
    order = {event: place for place, event in enumerate(dict.fromkeys(one["event"] for one in articles))}
    parts: tuple[set[str], set[str]] = (set(), set())
    for one in articles:
        parts[order[one["event"]] // 2 % 2].add(one["id"])
    return parts


def score(found: Pairs, articles: Iterable[Mapping[str, str]]) -> Score:
    """Compare the pairs that were found with those of the set."""
    wanted = {
        frozenset((one["id"], other["id"]))
        for one, other in combinations(articles, 2)
        if one["event"] == other["event"]
    }
    right = len(found & wanted)
    precision, recall = right / len(found) if found else 1.0, right / len(wanted)
    return Score(precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0)


def by_stories(items: Sequence[DigestItem], threshold: float = THRESHOLD) -> Pairs:
    """What the service does."""
    return {
        frozenset(pair)
        for story in stories(items, threshold=threshold)
        for pair in combinations((one.item_id for one in story.items), 2)
    }


def by_resemblance(items: Sequence[DigestItem], threshold: float) -> Pairs:
    """What MinHash would find: chains of articles whose sets of word pairs have a Jaccard index over the threshold."""
    shingles = {one.item_id: set(pairwise(re.findall(r"\w+", f"{one.title} {one.text}".lower()))) for one in items}
    group = {name: {name} for name in shingles}
    for one, other in combinations(shingles, 2):
        shared = len(shingles[one] & shingles[other]) / max(1, len(shingles[one] | shingles[other]))
        if shared >= threshold and group[one] is not group[other]:
            group[one] |= group[other]
            for name in group[other]:
                group[name] = group[one]
    return {frozenset(pair) for members in group.values() for pair in combinations(members, 2)}


Method = Callable[[Sequence[DigestItem], float], Pairs]
_METHODS: Final[Mapping[str, tuple[Method, tuple[float, ...]]]] = {
    "stories": (by_stories, (0.26, 0.30, 0.32, THRESHOLD, 0.42, 0.46, 0.50)),
    "resemblance": (by_resemblance, (0.02, 0.04, 0.06, 0.08, 0.10, 0.15, 0.20)),
}


def main() -> None:
    """Print F1 on both halves and on all, for each method and threshold."""
    parser = argparse.ArgumentParser(description="Measure how well articles are grouped into stories.")
    parser.add_argument("--to", default="en", help="the language to compare in (default: en)")
    target = parser.parse_args().to
    articles = load_articles()
    items = translated(articles, target)
    first, second = halves(articles)
    print(f"{len(items)} articles in {target}\nmethod threshold first second all")  # noqa: T201
    for name, (method, thresholds) in _METHODS.items():
        for threshold in thresholds:
            told = []
            for part in (first, second, first | second):
                pairs = method([one for one in items if one.item_id in part], threshold)
                told.append(score(pairs, [one for one in articles if one["id"] in part]).f1)
            print(f"{name} {threshold:.2f} {' '.join(f'{f1:.3f}' for f1 in told)}")  # noqa: T201


if __name__ == "__main__":
    main()
