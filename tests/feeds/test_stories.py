"""Articles of one event become one story, in near-linear time, whatever their order."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from digest_items import item
from msgspec.structs import replace

from service.feeds.stories import stories

FLOOD = (
    "The Tamandua river rose 4.2 metres and forced 1,340 people in Vale Bonito out of their homes, said mayor Sonia."
)
AGAIN = (
    "In Vale Bonito 1,340 people had to leave as the Tamandua rose by 4.2 metres; mayor Sonia Batista asked for boats."
)
OTHER = "A storm flooded downtown Santa Emilia and swept away 36 cars, said Paulo Negri, the secretary of public works."


def _ids(found: object) -> list[list[str]]:
    return [[one.item_id for one in story.items] for story in found]  # type: ignore[attr-defined]


def test_two_reports_of_one_event_are_a_story_and_another_event_of_the_kind_is_not() -> None:
    items = [
        item("a", title="River Tamandua floods Vale Bonito", text=FLOOD, outlet="Valley Daily"),
        item("b", title="Vale Bonito flees the Tamandua", text=AGAIN, outlet="Wire"),
        item("c", title="Flood in Santa Emilia", text=OTHER, outlet="Wire"),
    ]
    found = stories(items)
    assert [sorted(ids) for ids in _ids(found)] == [["a", "b"], ["c"]]
    assert set(found[0].sources) == {"Valley Daily", "Wire"}
    assert found[0].summary == items[0].summary


def test_the_same_words_a_month_later_are_another_event() -> None:
    first = item("a", text=FLOOD)
    later = replace(first, item_id="b", published=datetime(2026, 4, 2, tzinfo=UTC))
    near = replace(first, item_id="c", published=datetime(2026, 3, 4, tzinfo=UTC))
    assert sorted(sorted(ids) for ids in _ids(stories([first, later, near]))) == [["a", "c"], ["b"]]


def test_the_order_of_the_items_does_not_matter() -> None:
    items = [item(f"{kind}{n}", text=text) for kind, text in {"f": FLOOD, "o": OTHER}.items() for n in range(4)]
    expected = stories(items)
    for seed in range(5):
        random.Random(seed).shuffle(items)
        assert stories(items) == expected


def test_empty_and_timeless_items_are_stories_of_their_own() -> None:
    assert stories([]) == ()
    bare = [item(name, title="", text="", summary=(), published=None) for name in "ab"]
    assert sorted(_ids(stories(bare))) == [["a"], ["b"]]
    assert all(story.summary == () for story in stories(bare))


def test_a_hundred_copies_of_a_wire_report_are_one_story() -> None:
    copies = [item(f"n{number}", text=f"{FLOOD} Sent by desk {number}.") for number in range(150)]
    found = stories([*copies, item("other", title="Flood in Santa Emilia", text=OTHER)])
    assert sorted(len(story.items) for story in found) == [1, 150]


def test_five_thousand_items_take_seconds_and_twice_as_many_not_four_times_as_long() -> None:
    chance = random.Random(1)
    names = ["".join(chance.choices(("Ka", "lo", "mi", "ta", "ren", "vos", "bru"), k=4)) for _ in range(4000)]
    words = ["".join(chance.choices("abcdefgilmnoprstuv", k=7)) for _ in range(3000)]

    def made(number: int) -> object:
        about = random.Random(number // 2).sample(names, 8)
        text = " ".join(f"{' '.join(chance.choices(words, k=8))} {name} {number // 2}." for name in about * 2)
        published = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number)
        return item(f"n{number}", title=f"{about[0]} and {about[1]}", text=text, published=published)

    items = [made(number) for number in range(5000)]
    seconds = []
    for count in (2500, 5000):
        started = time.process_time()
        found = stories(items[:count])  # type: ignore[arg-type]
        seconds.append(time.process_time() - started)
        assert len(found) == pytest.approx(count // 2, rel=0.1)
    assert seconds[1] < 10
    assert seconds[1] < 3.2 * seconds[0]
