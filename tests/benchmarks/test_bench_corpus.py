"""Parallel texts: which are found where, and what is said about those that are not usable."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.clients import distinct
from benchmarks.corpus import OWN_FOLDER, load_corpus, words
from benchmarks.quality import score
from service.errors import InvalidInput

PAIR = ("pt", "en")


def _write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"sentences.{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_our_own_sentences_are_sixty_aligned_pairs_without_repetition() -> None:
    corpus = load_corpus(OWN_FOLDER, PAIR)
    assert corpus.name == "own sentences"
    assert len(corpus) == 60
    assert all(len(set(lines)) == 60 for lines in corpus.lines.values())
    for portuguese, english in zip(corpus.lines["pt"], corpus.lines["en"], strict=True):
        # Digits that are written the same way in both languages stay: a shifted line would not keep them.
        numbers = {part for part in portuguese.replace("%", "").split() if part.isdecimal() and int(part) > 20}
        assert numbers <= set(english.replace("%", "").replace("-", " ").split())


def test_the_number_of_lines_can_be_limited_and_changes_the_checksum() -> None:
    whole, part = load_corpus(OWN_FOLDER, PAIR), load_corpus(OWN_FOLDER, PAIR, 6)
    assert (len(part), part.lines["en"]) == (6, whole.lines["en"][:6])
    assert part.data_set.sha256 != whole.data_set.sha256


def test_flores_is_found_in_its_folder_and_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "flores200-devtest"
    folder.mkdir()
    (folder / "por.devtest").write_text("Um.\nDois\u2028mesmo.\n", encoding="utf-8")
    (folder / "eng.devtest").write_text("One.\nTwo indeed.\n", encoding="utf-8")
    corpus = load_corpus(tmp_path, PAIR)
    # Only a line feed ends a line; other separators are part of the sentence.
    assert corpus.lines == {"pt": ("Um.", "Dois\u2028mesmo."), "en": ("One.", "Two indeed.")}
    assert load_corpus(folder, PAIR) == corpus


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        ({}, r"has no flores200-devtest/por\.devtest or sentences\.pt\.txt"),
        ({"pt": "Um.\n"}, r"sentences\.en\.txt is missing"),
        ({"pt": "Um.\n", "en": "One.\nTwo.\n"}, r"sentences\.pt\.txt has 1 lines, sentences\.en\.txt has 2 lines"),
        ({"pt": "Um.\n \n", "en": "One.\nTwo.\n"}, r"sentences\.pt\.txt has no sentence in line 2"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told(tmp_path: Path, texts: dict[str, str], complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        load_corpus(_write(tmp_path, **texts), PAIR)


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    _write(tmp_path, en="One.\n")
    (tmp_path / "sentences.pt.txt").write_bytes("Avó\n".encode("latin-1"))
    with pytest.raises(InvalidInput, match=r"sentences\.pt\.txt is not valid UTF-8 at byte 2"):
        load_corpus(tmp_path, PAIR)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=10, unique=True), st.integers(0, 50))
def test_sentences_made_for_bulk_work_are_all_different(lines: list[str], count: int) -> None:
    made = distinct(lines, count)
    assert len(set(made)) == count
    assert all(text.endswith(lines[index % len(lines)]) for index, text in enumerate(made))


def test_words_are_counted_by_white_space() -> None:
    assert words(["Um  dois\ttrês.", "", "quatro"]) == 4


def test_scores_are_sacrebleus_with_its_signature() -> None:
    references = list(load_corpus(OWN_FOLDER, PAIR).lines["en"])
    perfect = score(references, references)
    assert perfect.bleu == pytest.approx(100)
    assert perfect.chrf == pytest.approx(100)
    assert "tok:13a" in perfect.signatures["bleu"]
    assert "nc:6" in perfect.signatures["chrf"]
    assert score(references[1:] + references[:1], references).bleu < 10
