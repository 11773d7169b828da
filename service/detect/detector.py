"""Text -> the language it is in, with the confidence that the evidence bears.

The script decides where only one language that news is written in uses it. Elsewhere langdetect's profiles decide
among the languages of the script.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import exp, log

from service.detect.evidence import words_by_script
from service.detect.profiles import Profiles, Scores, load_profiles
from service.languages import primary
from service.types import UNDETERMINED, Candidate, Detection

# Whose script is seldom anyone else's: the language, and how sure the script makes it.
_LANGUAGE_OF_SCRIPT = {
    "ARMENIAN": ("hy", 0.99),
    "BENGALI": ("bn", 0.95),
    "ETHIOPIC": ("am", 0.8),
    "GEORGIAN": ("ka", 0.99),
    "GREEK": ("el", 0.99),
    "GUJARATI": ("gu", 0.99),
    "GURMUKHI": ("pa", 0.99),
    "HANGUL": ("ko", 0.99),
    "HEBREW": ("he", 0.95),
    "HIRAGANA": ("ja", 0.99),
    "KANNADA": ("kn", 0.99),
    "KATAKANA": ("ja", 0.99),
    "KHMER": ("km", 0.99),
    "LAO": ("lo", 0.99),
    "MALAYALAM": ("ml", 0.99),
    "MYANMAR": ("my", 0.9),
    "ORIYA": ("or", 0.99),
    "SINHALA": ("si", 0.99),
    "TAMIL": ("ta", 0.99),
    "TELUGU": ("te", 0.99),
    "THAANA": ("dv", 0.99),
    "THAI": ("th", 0.99),
    "TIBETAN": ("bo", 0.9),
}
# The languages of the other scripts among those langdetect has profiles of; the rest write Latin.
_LANGUAGES_OF_SCRIPT = {
    "ARABIC": ("ar", "fa", "ur"),
    "CJK": ("ja", "zh-Hans", "zh-Hant"),
    "CYRILLIC": ("bg", "mk", "ru", "uk"),
    "DEVANAGARI": ("hi", "mr", "ne"),
}
_JAPANESE_SYLLABARIES = ("HIRAGANA", "KATAKANA")
# A character of these says as much as two letters of an alphabet.
_SYLLABIC_SCRIPTS = {"CJK", "HANGUL", *_JAPANESE_SYLLABARIES}
_LEAST_KANA_SHARE = 0.1

# Fitted on sentences, word pairs and words, 5,400 each, of 54 languages (a sample of the test data of lingua): with it,
# mean confidence is within 0.035 of accuracy for each of the three kinds.
_TEMPERATURE = 0.2
# A language that has no profile fits the best profile hardly better than it fits all profiles of its script together;
# the least gain is in nats an n-gram.
_LEAST_GAIN = 0.05
_UNKNOWN_LANGUAGE_PRIOR = -1.0
# Nor should more than this share of the letters be ones that the language never uses; log-odds a letter beyond it.
_FOREIGN_LETTERS = 0.02
_FOREIGN_LETTER_EVIDENCE = 1.5

_PREFERENCE = log(2.0)
_LEAST_CONFIDENCE = 0.01
_MOST_CANDIDATES = 5


class Detector:
    """Identifies languages; the same text always gets the same answer, on any thread.

    `signature` names the method and the data behind the answers.
    """

    @cached_property
    def signature(self) -> str:
        """The method and the version of the profiles, for the signature of a response."""
        from importlib.metadata import version

        return f"langdetect-{version('langdetect')}/exact"

    def load(self) -> None:
        """Read the profiles now, which takes a few tenths of a second, rather than at the first text."""
        load_profiles()

    def identify(self, text: str, *, hint: str | None = None, prefer: Sequence[str] = ()) -> Detection:
        """The language of `text`, ranked candidates and where the answer comes from.

        `hint` is the language the caller says it is: it is believed and nothing is detected. `prefer` names languages
        that are likelier beforehand, such as those with a model; it turns only answers that are nearly a tie. Both are
        tags as `service.languages` writes them. Time is bounded however long the text. A text without two different
        letters in a row that are not part of an address gives `und`.
        """
        if hint is not None:
            return Detection(hint, 1.0, (Candidate(hint, 1.0),), "caller")
        words = words_by_script(text)
        script = _main_script(words)
        if script is None:
            return Detection(UNDETERMINED, 0.0, (), "evidence")
        if script in _LANGUAGE_OF_SCRIPT:
            language, confidence = _LANGUAGE_OF_SCRIPT[script]
            return Detection(language, confidence, (Candidate(language, confidence),), "script")
        candidates = _rank(load_profiles(), words[script], script, prefer)
        if not candidates:
            return Detection(UNDETERMINED, 0.0, (), "evidence")
        return Detection(candidates[0].language, candidates[0].confidence, candidates, "langdetect")


def _main_script(words: dict[str, list[str]]) -> str | None:
    """The script with most evidence, None where no script has any; kana beats the Han characters it stands among."""
    weights = {script: _weight(script, found) for script, found in words.items()}
    kana = sum(weights.get(script, 0) for script in _JAPANESE_SYLLABARIES)
    if kana >= _LEAST_KANA_SHARE * (kana + weights.get("CJK", 0)) > 0:
        weights["HIRAGANA"] = kana + weights.pop("CJK", 0)
    script = max(weights, key=lambda script: weights[script], default=None)
    return script if script is not None and weights[script] else None


def _weight(script: str, words: list[str]) -> int:
    if script in _SYLLABIC_SCRIPTS:
        return 2 * sum(map(len, words))
    # A single letter, or one letter repeated, is a word of no language in particular.
    return sum(len(word) for word in words) if any(len(set(word)) > 1 for word in words) else 0


def _languages_of(script: str, profiles: Profiles) -> tuple[str, ...]:
    if script in _LANGUAGES_OF_SCRIPT:
        return _LANGUAGES_OF_SCRIPT[script]
    elsewhere = {language for languages in _LANGUAGES_OF_SCRIPT.values() for language in languages}
    elsewhere |= {language for language, _ in _LANGUAGE_OF_SCRIPT.values()}
    return tuple(language for language in profiles.languages if language not in elsewhere)


def _rank(profiles: Profiles, words: list[str], script: str, prefer: Sequence[str]) -> tuple[Candidate, ...]:
    languages = _languages_of(script, profiles)
    scores = profiles.score(words, languages)
    if not scores.grams:
        return ()
    wanted = {form for tag in prefer for form in (tag, primary(tag))}
    logits = {
        language: _TEMPERATURE * float(likelihood) + (_PREFERENCE if language in wanted else 0.0)
        for language, likelihood in zip(languages, scores.likelihoods, strict=True)
    }
    best = max(logits, key=lambda language: logits[language])
    odds = {language: exp(logit - logits[best]) for language, logit in logits.items()}
    total = sum(odds.values()) + exp(min(_log_odds_of_unknown(profiles, scores, words, script, best), 50.0))
    ranked = sorted(odds.items(), key=lambda item: -item[1])
    return tuple(
        Candidate(language, round(value / total, 4))
        for rank, (language, value) in enumerate(ranked[:_MOST_CANDIDATES])
        if rank == 0 or value / total >= _LEAST_CONFIDENCE
    )


def _log_odds_of_unknown(profiles: Profiles, scores: Scores, words: list[str], script: str, best: str) -> float:
    """How much likelier than `best` it is that the text is in a language without a profile."""
    odds = _UNKNOWN_LANGUAGE_PRIOR
    if script == "LATIN":
        gain = float(scores.likelihoods.max()) - scores.background
        odds -= _TEMPERATURE * (gain - _LEAST_GAIN * scores.grams)
    else:
        # Too few languages share the script for their mixture to stand for an unknown one.
        odds -= 3.0
    if script != "CJK":
        foreign = profiles.unused_letters(words, best) - _FOREIGN_LETTERS * sum(map(len, words))
        odds += _FOREIGN_LETTER_EVIDENCE * max(0.0, foreign)
    return odds
