"""Stories on the labelled set, on translations by the real models."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.stories import by_stories, halves, load_articles, score, translated
from service.feeds.stories import THRESHOLD


def test_the_set_is_what_it_is_said_to_be() -> None:
    articles = load_articles()
    events = Counter(one["event"] for one in articles)
    assert len(articles) >= 66
    assert sum(count > 1 for count in events.values()) >= 22
    assert all(60 <= len(one["text"].split()) <= 120 for one in articles)
    assert min(Counter(one["language"] for one in articles).values()) >= 30


@pytest.mark.parametrize("target", ["en", "pt"])
def test_pairs_are_found_on_both_halves_of_the_set(target: str) -> None:
    articles = load_articles()
    items = translated(articles, target)
    for part in (*halves(articles), {one["id"] for one in articles}):
        found = by_stories([one for one in items if one.item_id in part], THRESHOLD)
        labelled = [one for one in articles if one["id"] in part]
        assert score(found, labelled).f1 >= 0.85
