"""Language detection through its front door: answers, abstentions, honesty of the confidence, determinism."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.detect import Detector
from service.languages import normalise
from service.types import Candidate, Detection

SENTENCES = {
    "pt": "O ministro disse que a nova ponte só ficará pronta no fim do ano que vem.",
    "en": "The mayor said that the new bridge will not be ready before the end of next year.",
    "es": "La alcaldesa dijo que el nuevo puente no estará listo hasta finales del próximo año.",
    "fr": "Le maire a déclaré que le nouveau pont ne serait pas prêt avant la fin de l'année.",
    "de": "Der Bürgermeister sagte, die neue Brücke werde erst Ende nächsten Jahres fertig.",
    "it": "Il sindaco ha detto che il nuovo ponte non sarà pronto prima della fine dell'anno.",
    "nl": "De burgemeester zei dat de nieuwe brug pas eind volgend jaar klaar zal zijn.",
    "nb": "Ordføreren sa at den nye brua ikke blir ferdig før ut på høsten neste år.",
    "pl": "Burmistrz powiedział, że nowy most będzie gotowy dopiero pod koniec roku.",
    "tr": "Belediye başkanı yeni köprünün gelecek yılın sonuna kadar bitmeyeceğini söyledi.",
    "fi": "Pormestari sanoi, että uusi silta valmistuu vasta ensi vuoden lopussa.",
    "vi": "Thị trưởng nói rằng cây cầu mới sẽ chưa hoàn thành trước cuối năm sau.",
    "ru": "Мэр сказал, что новый мост будет готов только в конце следующего года.",
    "uk": "Міський голова сказав, що новий міст буде готовий лише наприкінці року.",
    "ar": "قال رئيس البلدية إن الجسر الجديد لن يكون جاهزا قبل نهاية العام المقبل.",
    "fa": "شهردار گفت که پل جدید تا پایان سال آینده آماده نخواهد شد.",
    "hi": "मेयर ने कहा कि नया पुल अगले साल के अंत तक तैयार नहीं होगा।",
    "el": "Ο δήμαρχος είπε ότι η νέα γέφυρα δεν θα είναι έτοιμη φέτος.",
    "he": "ראש העיר אמר שהגשר החדש לא יהיה מוכן לפני סוף השנה.",
    "ko": "시장은 새 다리가 내년 말까지 완공되지 않을 것이라고 말했다.",
    "ja": "市長は、新しい橋の完成は来年末になると述べた。",
    "th": "นายกเทศมนตรีกล่าวว่าสะพานใหม่จะเสร็จปลายปีหน้า",
    "ka": "მერმა თქვა, რომ ახალი ხიდი წლის ბოლოს იქნება მზად.",
    "hy": "Քաղաքապետն ասաց, որ նոր կամուրջը պատրաստ կլինի տարեվերջին։",
    "zh-Hans": "市长说，新桥要到明年年底才能建成通车。",
    "zh-Hant": "市長說，新橋要到明年年底才能建成通車。",
}

PARAGRAPH = """Moradores dos dois bairros esperam a obra desde 2019, quando uma enchente levou a passarela de madeira.
Segundo a prefeitura, faltam vigas de aço e mão de obra especializada; a empreiteira nega qualquer atraso e culpa as
chuvas fortes. Enquanto isso, quem trabalha do outro lado do rio gasta quase uma hora a mais por dia no ônibus."""

NO_EVIDENCE = {
    "empty": "",
    "spaces": " \t\n\u00a0\u200b\ufeff",
    "digits": "2024 1.000,50 12:30 ٣٤٥",
    "punctuation": "... !? — «» ;-) ***",
    "emoji": "🎉👩‍👩‍👧‍👦 🇧🇷 ❤️",
    "address": "https://www.exemplo.com.br/noticias/o-governo-anunciou?id=1#topo",
    "bare host": "noticias.exemplo.com.br/economia www.exemplo.org",
    "mail": "redacao@exemplo.com.br, maria.da.silva+jornal@mail.exemplo.org",
    "handles": "@governo @maria_da_silva",
    "single letters": "a b c X. Y.",
    "one letter repeated": "kkkkkkkk aaaa hhh",
    "money": "R$ 1.000 € 20",
    "lone surrogate": "\ud800",
    "mixed": "12 🎉 https://exemplo.com @eu a!",
}


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize(("language", "text"), SENTENCES.items())
def test_a_news_sentence_is_told_with_confidence(detector: Detector, language: str, text: str) -> None:
    found = detector.identify(text)
    assert found.language == language
    assert found.confidence > 0.8
    assert found.provenance in {"langdetect", "script"}


@pytest.mark.parametrize("text", NO_EVIDENCE.values(), ids=NO_EVIDENCE.keys())
def test_no_evidence_is_no_answer(detector: Detector, text: str) -> None:
    assert detector.identify(text) == Detection("und", 0.0, (), "evidence")


@pytest.mark.parametrize("text", ["", "😀", SENTENCES["en"]])
def test_the_callers_word_is_taken(detector: Detector, text: str) -> None:
    assert detector.identify(text, hint="pt-BR") == Detection("pt-BR", 1.0, (Candidate("pt-BR", 1.0),), "caller")


@pytest.mark.parametrize("language", ["pt", "en", "de", "ru", "el"])
def test_capitals_and_decomposed_letters_change_nothing(detector: Detector, language: str) -> None:
    text = SENTENCES[language]
    assert detector.identify(text.upper()).language == language
    assert detector.identify(unicodedata.normalize("NFD", text)) == detector.identify(text)


def test_what_is_not_prose_changes_nothing(detector: Detector) -> None:
    text = SENTENCES["pt"]
    noise = f"https://example.com/the-weather-in-the-city 🎉 {text} 12.345 joao@example.com @the_weather_channel"
    assert detector.identify(noise) == detector.identify(text)


def test_a_foreign_name_in_another_script_does_not_decide(detector: Detector) -> None:
    assert detector.identify("Президент встретился с главой компании Apple Тимом Куком").language == "ru"
    assert detector.identify("新しいiPhoneのProモデルを発表した").language == "ja"
    assert detector.identify("The word café and the name Дмитрий appear in this English text").language == "en"


def test_one_kana_quoted_in_chinese_is_not_japanese(detector: Detector) -> None:
    assert detector.identify("这家饮料店叫鲜の每日，在城里有三十多家分店，生意一直很好").language == "zh-Hans"


def test_less_evidence_gives_less_confidence(detector: Detector) -> None:
    words = SENTENCES["pt"].split()
    short, medium, long = (detector.identify(" ".join(words[:count])).confidence for count in (1, 4, len(words)))
    assert short < 0.6
    assert short <= medium <= long
    # Saying it again is no further evidence.
    assert detector.identify("ministro " * 50) == detector.identify("ministro")


def test_languages_without_a_profile_are_not_claimed_with_confidence(detector: Detector) -> None:
    texts = (
        "Alkateak esan du zubi berria ez dela datorren urtearen amaiera arte prest egongo.",
        "Borgarstjórinn sagði að nýja brúin yrði ekki tilbúin fyrr en í lok næsta árs.",
        "Қала әкімі жаңа көпірдің келесі жылдың соңына дейін дайын болмайтынын айтты.",
    )
    assert [detector.identify(text).confidence < 0.5 for text in texts] == [True, True, True]


def test_preference_turns_near_ties_only(detector: Detector) -> None:
    tie = detector.identify("importante")
    first, second = tie.candidates[:2]
    turned = detector.identify("importante", prefer=(f"{second.language}-XX",))
    assert second.confidence > first.confidence / 2
    assert turned.language == second.language
    for language, text in SENTENCES.items():
        assert detector.identify(text, prefer=("pt", "en", "zh-Hans")).language == language


def test_the_answer_is_the_same_on_every_thread_and_in_every_process(detector: Detector) -> None:
    texts = ["bom dia", "informação", *SENTENCES.values()]
    expected = [detector.identify(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(Detector().identify, texts * 8)) == expected * 8
    script = "import sys; from service.detect import Detector; print(Detector().identify('bom dia'))"
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == str(expected[0])


def test_a_long_text_is_sampled_throughout(detector: Detector) -> None:
    assert detector.identify(SENTENCES["en"] + f" {PARAGRAPH}" * 2_000 + SENTENCES["en"]).language == "pt"
    assert detector.identify("7 " * 90_000 + f" {SENTENCES['pt']}").language == "pt"
    assert detector.identify("ação" * 500_000).provenance == "langdetect"


def test_signature_names_the_data(detector: Detector) -> None:
    assert detector.signature.startswith("langdetect-")


ALPHABETS = "abeo ãçñ ыя한の国ไתا🎉1.@/\u0301\n"


@given(st.one_of(st.text(max_size=80), st.text(ALPHABETS, max_size=80)))
def test_every_answer_is_well_formed(text: str) -> None:
    found = Detector().identify(text)
    confidences = [candidate.confidence for candidate in found.candidates]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0.0 <= confidence <= 1.0 for confidence in confidences)
    assert sum(confidences) <= 1.001
    if found.language == "und":
        assert found == Detection("und", 0.0, (), "evidence")
    else:
        assert found.candidates[0] == Candidate(found.language, found.confidence)
        assert all(
            normalise(candidate.language, field="source") == candidate.language for candidate in found.candidates
        )
