"""The translation memory: never of another model, text or search; bounded; its file replaced when it is damaged."""

from __future__ import annotations

import logging
import sqlite3
import stat
import sys
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis.strategies as st
import pytest
from batching_runs import PATIENCE, Notes, OpenRun, expected, limits, request
from hypothesis import HealthCheck, given, settings

from service.batching import Batcher, MemoryCounts, Outcome, Recall, TranslationMemory
from service.batching.disk import DiskMemory
from service.errors import ConfigurationError
from service.types import GREEDY, DecodeOptions, Hypothesis

BEAM = DecodeOptions(beam=4, n_best=2)


def made(text: str, *others: str) -> Hypothesis:
    alternatives = tuple(Hypothesis(other, -1.5, 3, 4, False) for other in others)
    return Hypothesis(text, -0.25, 5, 6, True, alternatives)


def test_finds_only_what_has_the_same_signature_search_and_text():
    memory = TranslationMemory(100_000)
    memory.remember("v1", GREEDY, [("a", made("A"))])
    assert memory.lookup("v1", GREEDY, ["a", "A", "a "]) == [made("A"), None, None]
    assert memory.lookup("v2", GREEDY, ["a"]) == [None]
    assert memory.lookup("v1", BEAM, ["a"]) == [None]
    assert memory.counts().hits == 1
    assert memory.counts().misses == 4


def test_times_are_not_remembered():
    memory = TranslationMemory(100_000)
    inner = Hypothesis("b", -1.0, 1, 1, tokenize_seconds=1.0, infer_seconds=2.0)
    memory.remember("v", GREEDY, [("a", Hypothesis("a", -1.0, 1, 1, True, (inner,), 3.0, 4.0))])
    (found,) = memory.lookup("v", GREEDY, ["a"])
    assert found is not None
    assert (found.tokenize_seconds, found.infer_seconds) == (0.0, 0.0)
    assert (found.alternatives[0].tokenize_seconds, found.alternatives[0].infer_seconds) == (0.0, 0.0)


def size_of(text: str, hypothesis: Hypothesis) -> int:
    alone = TranslationMemory(1_000_000)
    alone.remember("v", GREEDY, [(text, hypothesis)])
    return alone.counts().bytes


@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 3_000)), max_size=60),
    room=st.integers(0, 8_000),
)
def test_least_recently_used_go_first_and_the_bound_holds(steps: list[tuple[bool, int, int]], room: int):
    memory = TranslationMemory(room)
    model: OrderedDict[str, tuple[Hypothesis, int]] = OrderedDict()
    for write, number, length in steps:
        text, hypothesis = str(number), made("x" * length)
        if write:
            memory.remember("v", GREEDY, [(text, hypothesis)])
            size = size_of(text, hypothesis)
            assert size > length
            if size <= room:
                model[text] = (hypothesis, size)
                model.move_to_end(text)
            while sum(size for _, size in model.values()) > room:
                model.popitem(last=False)
        else:
            (found,) = memory.lookup("v", GREEDY, [text])
            assert found == (model[text][0] if text in model else None)
            if text in model:
                model.move_to_end(text)
        assert memory.counts().entries == len(model)
        assert memory.counts().bytes == sum(size for _, size in model.values())


def test_concurrent_use_loses_nothing():
    memory = TranslationMemory(10_000_000)

    def work(thread: int) -> None:
        for number in range(200):
            memory.remember("v", GREEDY, [(f"{thread}/{number}", made(f"{thread}/{number}"))])
            assert memory.lookup("v", GREEDY, [f"{thread}/{number}"]) == [made(f"{thread}/{number}")]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    counts = memory.counts()
    assert (counts.hits, counts.misses, counts.entries) == (1_600, 0, 1_600)


TEXT = st.text(max_size=40)
HYPOTHESES = st.builds(
    Hypothesis,
    text=TEXT,
    score=st.floats(allow_nan=False, allow_infinity=False),
    source_tokens=st.integers(0, 1_000),
    target_tokens=st.integers(0, 1_000),
    complete=st.booleans(),
    alternatives=st.lists(st.builds(made, TEXT), max_size=3).map(tuple),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.dictionaries(TEXT | st.just("\ud800 lone surrogate"), HYPOTHESES, max_size=8))
def test_disk_gives_back_what_it_was_given_after_a_restart(tmp_path: Path, entries: dict[str, Hypothesis]):
    path = tmp_path / "memory.db"
    first = DiskMemory(path, 1_000)
    first.remember("v", BEAM, entries.items())
    first.close()
    second = DiskMemory(path, 1_000)
    assert second.lookup("v", BEAM, list(entries)) == list(entries.values())
    assert second.lookup("other", BEAM, list(entries)) == [None] * len(entries)
    second.close()


def test_disk_keeps_its_newest_rows(tmp_path: Path):
    disk = DiskMemory(tmp_path / "memory.db", max_rows=10)
    for number in range(25):
        disk.remember("v", GREEDY, [(str(number), made(str(number)))])
    found = disk.lookup("v", GREEDY, [str(number) for number in range(25)])
    assert [hypothesis.text for hypothesis in found if hypothesis] == [str(number) for number in range(15, 25)]
    disk.close()


def test_disk_answers_for_thousands_of_texts_at_once(tmp_path: Path):
    disk = DiskMemory(tmp_path / "memory.db", max_rows=10_000)
    texts = [str(number) for number in range(3_000)]
    disk.remember("v", GREEDY, [(text, made(text)) for text in texts[::2]])
    found = disk.lookup("v", GREEDY, texts)
    assert [hypothesis.text for hypothesis in found if hypothesis] == texts[::2]
    assert found[1::2] == [None] * 1_500
    disk.close()


def test_disk_is_private_and_holds_no_source_text(tmp_path: Path):
    path = tmp_path / "folder" / "memory.db"
    disk = DiskMemory(path, 10)
    disk.remember("v", GREEDY, [("a very private sentence", made("translated"))])
    disk.close()
    assert b"private sentence" not in path.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["noise", "truncated", "other version"])
def test_damaged_file_is_replaced_with_a_warning(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "memory.db"
    disk = DiskMemory(path, 1_000)
    disk.remember("v", GREEDY, [(str(number), made("x" * 200)) for number in range(200)])
    disk.close()
    if damage == "noise":
        path.write_bytes(b"this is no database " * 500)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[: 4096 + 100])
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    with caplog.at_level(logging.WARNING):
        disk = DiskMemory(path, 1_000)
        # What cannot be seen on opening is found on use.
        disk.lookup("v", GREEDY, [str(number) for number in range(200)])
        disk.remember("v", GREEDY, [("new", made("new"))])
    assert "it starts empty" in caplog.text
    assert disk.lookup("v", GREEDY, ["new"]) == [made("new")]
    disk.close()
    reopened = DiskMemory(path, 1_000)
    assert reopened.lookup("v", GREEDY, ["new"]) == [made("new")]
    reopened.close()


def test_damage_while_it_is_in_use_costs_the_entries_only(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "memory.db"
    disk = DiskMemory(path, 10_000)
    disk.remember("v", GREEDY, [(str(number), made("x" * 500)) for number in range(2_000)])
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    with caplog.at_level(logging.WARNING):
        for number in range(0, 2_000, 50):
            disk.lookup("v", GREEDY, [str(number)])
            disk.remember("v", GREEDY, [(f"new {number}", made("new"))])
    assert "it starts empty" in caplog.text
    assert disk.lookup("v", GREEDY, ["new 1950"]) == [made("new")]
    disk.close()


@pytest.mark.parametrize("answer", ["not json", "[]", '["a"]', '["a", null, 1, 2, true, []]', '["a", 1, 1, 1, 1, 7]'])
def test_row_that_makes_no_sense_is_a_miss_and_is_mended(tmp_path: Path, answer: str):
    path = tmp_path / "memory.db"
    disk = DiskMemory(path, 10)
    disk.remember("v", GREEDY, [("a", made("A"))])
    with sqlite3.connect(path) as other:
        other.execute("UPDATE hypotheses SET answer = ?", (answer,))
    other.close()
    assert disk.lookup("v", GREEDY, ["a"]) == [None]
    disk.remember("v", GREEDY, [("a", made("A"))])
    assert disk.lookup("v", GREEDY, ["a"]) == [made("A")]
    disk.close()


def test_file_locked_by_another_process_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "memory.db"
    disk = DiskMemory(path, 10)
    disk.remember("v", GREEDY, [("a", made("A"))])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.WARNING):
        disk.remember("v", GREEDY, [("b", made("B"))])
    assert "not used this time" in caplog.text
    assert disk.lookup("v", GREEDY, ["a", "b"]) == [made("A"), None]
    other.execute("ROLLBACK")
    other.close()
    disk.remember("v", GREEDY, [("b", made("B"))])
    assert disk.lookup("v", GREEDY, ["a", "b"]) == [made("A"), made("B")]
    disk.close()


def test_path_that_cannot_be_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        DiskMemory(tmp_path / "file" / "memory.db", 10)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be used"):
        DiskMemory(tmp_path / "folder", 10)


def test_closed_file_finds_and_keeps_nothing(tmp_path: Path):
    disk = DiskMemory(tmp_path / "memory.db", 10)
    disk.close()
    disk.remember("v", GREEDY, [("a", made("A"))])
    assert disk.lookup("v", GREEDY, ["a"]) == [None]


def test_disk_fills_the_memory_in_front_of_it(tmp_path: Path):
    disk = DiskMemory(tmp_path / "memory.db", 10)
    TranslationMemory(100_000, disk).remember("v", GREEDY, [("a", made("A", "B"))])
    fresh = TranslationMemory(100_000, disk)
    assert fresh.lookup("v", GREEDY, ["b", "a"]) == [None, made("A", "B")]
    disk.close()
    assert fresh.lookup("v", GREEDY, ["a"]) == [made("A", "B")]
    counts = fresh.counts()
    assert (counts.hits, counts.misses, counts.entries) == (2, 1, 1)


def ask(batcher: Batcher, texts: Sequence[str]) -> list[Outcome]:
    with batcher.admit(request("r")) as ticket:
        return [future.result(PATIENCE) for future in batcher.submit(ticket, "m", texts, [5] * len(texts))]


def test_batcher_recalls_instead_of_running_and_forgets_when_the_model_changes():
    signature: list[str | None] = ["m v1"]
    run, notes, memory = OpenRun(), Notes(), TranslationMemory(100_000)
    batcher = Batcher(run, limits(), notes, Recall(memory, lambda _: signature[0]))
    ask(batcher, ["a"])
    recalled, ran = ask(batcher, ["a", "b"])
    assert recalled == Outcome(memory.lookup("m v1", GREEDY, ["a"])[0] or made(""), 0.0, 0, 0)
    assert recalled.hypothesis.text == expected("m", "a", GREEDY)
    assert ran.batch_rows == 1
    signature[0] = "m v2"
    ask(batcher, ["a"])
    signature[0] = None
    ask(batcher, ["a"])
    assert run.batches == [["a"], ["b"], ["a"], ["a"]]
    batcher.close(PATIENCE)
    assert notes.recalls == [(0, 1), (1, 1), (0, 1)]


def test_answers_of_a_model_that_changed_while_it_ran_are_not_kept():
    signatures = iter(["v1", "v1", "v2", "v2", "v2", "v2"])
    memory = TranslationMemory(100_000)
    batcher = Batcher(OpenRun(), limits(), recall=Recall(memory, lambda _: next(signatures)))
    ask(batcher, ["a"])
    assert memory.counts() == MemoryCounts(hits=0, misses=1, entries=0, bytes=0)
    ask(batcher, ["a"])
    assert memory.counts().entries == 1
    batcher.close(PATIENCE)
