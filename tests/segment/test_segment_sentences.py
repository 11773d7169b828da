"""Sentence boundaries where they are easily missed, and floors on third-party data."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.segment import sentences, split

PORTUGUESE = [
    ["O Sr. Silva e a Dra. Ana chegaram.", "A Profa. Maria saiu."],
    ["O dep. Beltrano (PSDB-SP) e o gov. Fulano votaram.", "A Av. Paulista fechou."],
    ["Ver o art. 5.º da CF.", "A lei n.º 12.345 vale.", "Também o art. 7 vale."],
    ["Custou R$ 1.000.000,50 em 2023.", "Caro!"],
    ["Está na p. 5 e no vol. II da obra.", "Leia."],
    ["Foi em 49 a.C. e durou pouco.", "No século V d.C. acabou."],
    ["Os E.U.A. venceram.", "J. R. R. Tolkien e José G. Souza também."],
    ["O rei era D. Pedro II.", "A república veio depois."],
    ["Falta vitamina C.", "Compre laranja."],
    ["Chegou às 15h30.", "Saiu às 16h."],
    ["“Vamos!”, disse ela.", "“Quando?” — perguntou ele.", "— Já! — respondeu ela."],
    ["Quem?", "Eu!", "Nós?!", "Sim."],
    ["Quero ir.", "Também quero."],
    ["Visite exemplo.com.br hoje.", "Ou amanhã."],
]


@pytest.mark.parametrize("expected", PORTUGUESE, ids=lambda expected: expected[0])
def test_portuguese(expected: list[str]) -> None:
    text = " ".join(expected)
    assert [text[span.start : span.end] for span in sentences(text, "pt-BR")] == expected


def test_a_long_quotation_is_not_one_sentence() -> None:
    speech = [f"«Esta é a frase número {number} do discurso que o ministro leu ontem." for number in range(1, 2)]
    speech += [f"Esta é a frase número {number} do discurso que o ministro leu ontem." for number in range(2, 6)]
    text = " ".join(speech) + "»"
    assert len(sentences(text, "pt")) == 5
    stray = 'Ele gritou: "Chega. ' + " ".join(speech[1:])
    assert len(sentences(stray, "pt")) == 5


@pytest.mark.parametrize("language", ["und", "xx", "zh-Hant", "pt-BR", "nb", "sr-Latn"])
def test_any_language_has_sentences(language: str) -> None:
    assert len(sentences("Um dois três. Quatro cinco. 我来了。你呢？", language)) == 4


def test_hebrew_acronyms_are_no_quotation() -> None:
    text = 'צה"ל הודיע על כך היום. הממשלה בארה"ב הגיבה.'
    assert len(sentences(text, "he")) == 2


def test_a_paragraph_longer_than_the_window_has_the_sentences_of_its_parts() -> None:
    sentence = "O governo anunciou um pacote de medidas, disse o Sr. Silva."
    text = " ".join([sentence] * 500)
    assert {text[span.start : span.end] for span in sentences(text, "pt")} == {sentence}
    assert len(sentences("“" * 9_000 + text, "pt")) == 500


@pytest.mark.parametrize(
    ("source", "language", "outputs", "expected"),
    [
        ("我来了。你呢？", "zh-Hans", ["I came.", "And you?"], "I came. And you?"),
        ("我来了。你呢？", "zh-Hans", ["来た。", "君は？"], "来た。君は？"),
        ("Acabou.Começou.", "pt", ["It is over.", "It began."], "It is over.It began."),
        ("我来了。\n\n你呢？", "zh-Hans", ["I came.", "And you?"], "I came.\n\nAnd you?"),
        ("I came. And you?", "en", ["我来了。", "你呢？"], "我来了。你呢？"),
        (
            "I came.  And you?\nYes. I did.",
            "en",
            ["来た。", "君は？", "はい。", "来た。"],
            "来た。君は？\nはい。来た。",
        ),
        ("I came. And you?", "en", ["나는 왔다.", "너는?"], "나는 왔다. 너는?"),
        ("I came. And you?", "en", ["我来了。", "OK?"], "我来了。 OK?"),
        ("我来了。 你呢？", "zh-Hans", ["来た。", "君は？"], "来た。 君は？"),
        ("나는 왔다. 너는?", "ko", ["我来了。", "你呢？"], "我来了。你呢？"),
    ],
)
def test_outputs_are_spaced_as_their_script_is(source, language, outputs, expected) -> None:
    document = split(source, language, count_tokens=lambda texts: [1 for _ in texts], max_tokens=9)
    assert document.join(outputs).text == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh-Hans", ["今天天气很好！", "你去哪里？", "他说：“我不去。”", "然后走了。"]),
        ("zh-Hans", ["增长了３．５％。", "真的吗？！"]),
        ("zh-Hant", ["今天天氣很好！", "你去哪裡？", "他說：「我不去。」", "然後走了。"]),
        ("ja", ["人口は1億人です！", "「行かない。」と彼は言った。", "３．５％増えた。"]),
        ("ja", ["『なぜ？』って聞いた。", "「知らない。」", "そう。"]),
        ("ja", ["「はい。」", "彼は去った。", "本当ですか？！"]),
    ],
)
def test_sentences_that_touch_are_told_apart(language: str, expected: list[str]) -> None:
    text = "".join(expected)
    assert [text[span.start : span.end] for span in sentences(text, language)] == expected


WRAPPED = (
    "> O governo anunciou nesta segunda-feira um pacote\r\n"
    "> de medidas para conter a alta dos preços de\r\n"
    "> alimentos."
)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "On Monday the government announced a package of measures to contain the rise in food prices.",
            "> On Monday the government announced a package\r\n> of measures to contain the rise in food\r\n> prices.",
        ),
        (
            "政府は月曜日に食品価格の上昇を抑える措置を発表した。",
            "> 政府は月曜日に食品価格の\r\n> 上昇を抑える措置を発表\r\n> した。",
        ),
        ("Short.", "> Short.\r\n> \r\n> "),
        ("Two words.", "> Two\r\n> words.\r\n> "),
    ],
)
def test_a_translation_of_wrapped_lines_is_wrapped_alike(output: str, expected: str) -> None:
    document = split(WRAPPED, "pt", count_tokens=lambda texts: [1 for _ in texts], max_tokens=9)
    assert len(document.segments) == 1
    joined = document.join([output])
    assert joined.text == expected
    assert joined.text[joined.sentences[0].target.start :] == expected[2:]


def _cases(folder: Path, name: str) -> Iterator[tuple[str, str, list[str]]]:
    for line in (folder / "segmentation" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield case["text"], case["lang"], case["sentences"]


@pytest.mark.parametrize(
    ("name", "floor"), [("English-PUD", 0.99), ("Portuguese-PUD", 0.985), ("Portuguese-Bosque", 0.81)]
)
def test_f1_of_sentences(shared_data: Path, name: str, floor: float) -> None:
    # Bosque runs headlines into the text that follows, without a line break or a period; no splitter can tell them.
    right = stated = found = 0
    for text, language, expected in _cases(shared_data, name):
        ours = {text[span.start : span.end] for span in sentences(text, language)}
        right += len(ours & set(expected))
        stated += len(set(expected))
        found += len(ours)
    assert 2 * right / (stated + found) >= floor


@pytest.mark.parametrize("width", [60, 72, 80])
def test_wrapping_changes_few_sentences(shared_data: Path, width: int) -> None:
    kept = total = 0
    for text, language, _ in _cases(shared_data, "Portuguese-PUD"):
        wrapped = textwrap.fill(text, width, break_on_hyphens=False)
        flat = {text[span.start : span.end] for span in sentences(text, language)}
        ours = {" ".join(wrapped[span.start : span.end].split()) for span in sentences(wrapped, language)}
        kept += len(flat & ours)
        total += len(flat)
    assert kept / total >= 0.98


def test_lines_that_are_sentences_stay_apart(shared_data: Path) -> None:
    for _, language, expected in _cases(shared_data, "Portuguese-PUD"):
        text = "\n".join(expected)
        assert not any("\n" in text[span.start : span.end] for span in sentences(text, language))
