"""Language codes: what is accepted, what it becomes, and that normalising twice changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import UnknownLanguage
from service.languages import name, normalise, primary, variants
from service.languages.registry import LANGUAGES, REGIONS

ACCEPTED = {
    # as this service writes them
    "pt": "pt",
    "pt-BR": "pt-BR",
    "zh-Hans": "zh-Hans",
    "sr-Latn": "sr-Latn",
    # case and separator
    "EN": "en",
    "pt_br": "pt-BR",
    "Pt-bR": "pt-BR",
    # ISO 639-2 and -3
    "por": "pt",
    "eng": "en",
    "spa": "es",
    "deu": "de",
    "ger": "de",
    "fra": "fr",
    "fre": "fr",
    "zho": "zh-Hans",
    "chi": "zh-Hans",
    "cmn": "zh-Hans",
    "nob": "nb",
    # LibreTranslate
    "pb": "pt-BR",
    "zt": "zh-Hant",
    "zh": "zh-Hans",
    # DeepL
    "EN-US": "en-US",
    "EN-GB": "en-GB",
    "PT-PT": "pt-PT",
    "ZH-HANT": "zh-Hant",
    "ES-419": "es-419",
    # regions that imply a script, and scripts that go without saying
    "zh-CN": "zh-Hans",
    "zh_SG": "zh-Hans",
    "zh-TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "zh-Hans-CN": "zh-Hans",
    "ru-Cyrl": "ru",
    "pt-Latn-BR": "pt-BR",
    # FLORES-200
    "por_Latn": "pt",
    "arb_Arab": "ar",
    "cmn_Hant": "zh-Hant",
    "srp_Cyrl": "sr",
    # withdrawn and macrolanguage codes
    "iw": "he",
    "in": "id",
    "no": "nb",
    "sh": "sr-Latn",
    "fil": "tl",
    "en-UK": "en-GB",
}


@pytest.mark.parametrize(("code", "tag"), ACCEPTED.items())
def test_accepted_codes(code: str, tag: str) -> None:
    assert normalise(code, field="target") == tag


@pytest.mark.parametrize(
    "code",
    [
        "", " ", "-", "p", "xx", "zz", "qqq", "auto", "und", "mul", "english", "pt-", "-pt", "pt--BR", "pt BR", " pt",
        "pt\n", "pt-BR-BR", "pt-BR-Latn", "pt-Latn-Cyrl", "pt-XX", "pt-Zzzz", "pt-999", "pt-BR-x-sms",
        "en-u-ca-buddhist", "ca-valencia", "pb-PT", "zh-Latn", "pt_BR.UTF-8", "ñ", "рт", "ptⅹ", "p\u0131", "pt" * 200,
    ],
)  # fmt: skip
def test_refused_codes_name_the_field_and_the_code(code: str) -> None:
    with pytest.raises(UnknownLanguage) as caught:
        normalise(code, field="source")
    assert caught.value.field == "source"
    assert caught.value.code == code
    assert str(caught.value).startswith(f"source: {code[:40]}")


@given(
    st.sampled_from(sorted({code for language in LANGUAGES.values() for code in (language.tag, *language.alpha3)})),
    st.sampled_from(["", "Latn", "Cyrl", "Hans", "Hant", "Arab"]),
    st.sampled_from(["", *sorted(REGIONS)]),
    st.sampled_from("-_"),
    st.sampled_from([str.lower, str.upper, str.title, str]),
)
def test_normalising_is_idempotent_and_keeps_the_language(language, script, region, separator, case) -> None:
    code = case(separator.join(part for part in (language, script, region) if part))
    try:
        tag = normalise(code, field="target")
    except UnknownLanguage:
        assert primary(normalise(language, field="target")) == "zh"
        assert script not in {"", "Hans", "Hant"}
        return
    assert normalise(tag, field="target") == tag
    assert primary(tag) == primary(normalise(language, field="target"))
    assert name(tag).startswith(LANGUAGES[primary(tag)].name)


@given(st.text(max_size=40))
def test_any_text_is_either_normalised_or_refused(code: str) -> None:
    try:
        tag = normalise(code, field="target")
    except UnknownLanguage:
        return
    assert normalise(tag, field="target") == tag


def test_no_code_means_two_languages() -> None:
    codes = [code for language in LANGUAGES.values() for code in {language.tag, *language.alpha3}]
    assert len(codes) == len(set(codes))
    assert all(primary(normalise(tag, field="target")) == tag for tag in LANGUAGES)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("pt", "Portuguese"),
        ("pt-BR", "Portuguese (Brazil)"),
        ("zh-Hans", "Chinese (simplified)"),
        ("zh-Hant", "Chinese (traditional)"),
        ("sr-Latn", "Serbian (Latin script)"),
        ("de-AT", "German (AT)"),
        ("und", "Undetermined"),
        ("tlh", "tlh"),
    ],
)
def test_names(tag: str, expected: str) -> None:
    assert name(tag) == expected


def test_variants_are_tags_of_the_language() -> None:
    assert variants("pt") == variants("pt-BR") == ("pt-BR", "pt-PT")
    assert variants("zh-Hant") == ("zh-Hans", "zh-Hant")
    assert variants("cy") == ()
    for language in LANGUAGES:
        for tag in variants(language):
            assert normalise(tag, field="target") == tag
            assert primary(tag) == language


def test_primary_drops_script_and_region() -> None:
    assert [primary(tag) for tag in ("pt", "pt-BR", "zh-Hant", "sr-Latn-RS")] == ["pt", "pt", "zh", "sr"]
