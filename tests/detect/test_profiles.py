"""The n-grams and scores taken from langdetect's profiles are those of langdetect itself."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram

from service.detect.evidence import words_by_script
from service.detect.profiles import _grams, load_profiles


@given(st.lists(st.text("abcxyzãéşыяאب", min_size=1, max_size=8), max_size=6))
def test_n_grams_are_those_that_langdetect_counts(words: list[str]) -> None:
    expected, buffer = [], NGram()
    for letter in " ".join(words) + " ":
        buffer.add_char(letter)
        grams = [buffer.get(length) for length in (1, 2, 3)]
        expected += [gram for gram in grams if gram and gram != " "]
    assert sorted(gram for word in words for gram in _grams(word)) == sorted(expected)


def test_frequencies_are_those_that_langdetect_loads() -> None:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    profiles = load_profiles()
    assert len(profiles.languages) == len(factory.get_lang_list()) == 55
    portuguese = factory.get_lang_list().index("pt")
    column = profiles.languages.index("pt")
    for gram in ("a", "ã", "ão", " qu", "os ", "w"):
        ours = profiles._frequencies[profiles._rows[gram], column]
        assert abs(ours - factory.word_lang_prob_map[gram][portuguese]) < 1e-6


def test_profiles_are_read_once() -> None:
    assert load_profiles() is load_profiles()


def test_words_are_cut_where_the_script_changes_and_kept_once() -> None:
    assert words_by_script("O iPhone. O ИПХОНЕ, o ああiPhone-12!") == {
        "LATIN": ["o", "iphone"],
        "CYRILLIC": ["ипхоне"],
        "HIRAGANA": ["ああ"],
    }


def test_vowel_signs_stay_with_their_letters() -> None:
    assert words_by_script("नमस्ते दुनिया") == {"DEVANAGARI": ["नमस्ते", "दुनिया"]}


def test_the_words_of_a_long_text_are_bounded() -> None:
    words = words_by_script(" ".join(f"palavra{'abcdefghij'[i % 10]}{chr(97 + i // 10 % 26)}" for i in range(300_000)))
    assert 0 < len(words["LATIN"]) <= 1000
    assert max(map(len, words_by_script("ação" * 200_000)["LATIN"])) <= 200


def test_many_first_callers_at_once_get_the_same_answer() -> None:
    # In a process of its own: what is tested is the very first import of langdetect, from several threads.
    code = (
        "import sys; sys.setswitchinterval(1e-6)\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from service.detect import Detector\n"
        "detector = Detector()\n"
        "def ask(number):\n"
        "    return detector.load() if number % 2 else detector.identify('A chuva parou ontem.').language\n"
        "with ThreadPoolExecutor(8) as threads: print({*threads.map(ask, range(16))})\n"
    )
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        assert set(run.stdout.strip()[1:-1].split(", ")) == {"None", "'pt'"}
