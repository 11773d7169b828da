"""What must come through, on the real weights, and on engines that lose it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from service.engines.echo import EchoEngine
from service.models import Catalog
from service.models.catalog import EMBEDDED
from service.settings import Settings, settings_from
from service.types import GREEDY, DecodeOptions, DigestRequest, Hypothesis, RequestContext, TranslateRequest
from service.types import TranslateResult as Result
from service.wiring import Service, build

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "data" / "protected_spans.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
OTHER = {"pt": "en", "en": "pt"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = build(Settings(home=tmp_path_factory.mktemp("home")))
    yield service
    service.close()


def translate(service: Service, text: str, source: str = "pt", **fields: Any) -> Result:
    request = TranslateRequest(text, OTHER[source], source, **fields)
    return service.pipeline.translate(request, RequestContext("test"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_real_weights_keep_what_must_be_kept(service: Service, case: dict[str, Any]) -> None:
    terms = tuple(case.get("glossary", {}).items())
    result = translate(service, case["text"], case["from"], glossary=terms)
    for kept, times in Counter(case["keeps"]).items():
        assert result.translation.text.count(kept) == times, result.translation.text
    assert result.translation.warnings == ()


def test_the_table_is_large_and_has_every_kind() -> None:
    assert len(CASES) >= 60
    text = " ".join(case["text"] for case in CASES)
    for kind in (r"https://", r"\w@\w", "`", r"\{\{", r"\$\{", r"<b>", r"%s", r"%\(", r"%1\$s", " @", "#", "🏆"):
        assert re.search(kind, text)


def test_without_a_glossary_the_translation_is_another(service: Service) -> None:
    text = "O presidente visitou a fábrica na manhã de ontem."
    plain, with_term, again = (
        translate(service, text, glossary=terms) for terms in ((), (("presidente", "head of state"),), ())
    )
    assert "president" in plain.translation.text
    assert "head of state" in with_term.translation.text
    assert plain.translation.text == again.translation.text
    assert plain.signature.glossary is None
    assert with_term.signature.glossary is not None
    assert with_term.signature.glossary.startswith("1 terms/")


def test_alternatives_have_everything_too(service: Service) -> None:
    text = "A deputada @maria_silva leu https://exemplo.org/carta em voz alta 😀 ontem."
    result = translate(service, text, alternatives=4)
    assert result.alternatives
    for output in (result.translation.text, *result.alternatives):
        for kept in ("@maria_silva", "https://exemplo.org/carta", "😀"):
            assert output.count(kept) == 1, output


def test_places_stay_right(service: Service) -> None:
    text = "O aviso saiu em https://exemplo.org/a.b/c. O rio 🌊 subiu dois metros.\n\n- Escreva a {nome}."
    translation = translate(service, text).translation
    parts = [translation.text[one.target.start : one.target.end] for one in translation.sentences]
    sources = [text[one.source.start : one.source.end] for one in translation.sentences]
    assert sources == ["O aviso saiu em https://exemplo.org/a.b/c.", "O rio 🌊 subiu dois metros.", "Escreva a {nome}."]
    assert [("https://exemplo.org/a.b/c" in part, "🌊" in part, "{nome}" in part) for part in parts] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


@pytest.mark.parametrize(
    "text", ["https://exemplo.org", "@ana #tbt", "{a}{b} %s", "😀 🚀", "`x = 1`", "<b></b>", "a@b.org", "\u2af7 @x"]
)
def test_what_has_nothing_else_comes_back_as_it_is(service: Service, text: str) -> None:
    assert translate(service, text).translation.text == text


def test_a_link_longer_than_the_model_takes_is_kept(service: Service) -> None:
    link = "https://exemplo.org/" + "".join(f"a{number}-" for number in range(800))
    text = f"O relatório está em {link} e foi lido ontem."
    translation = translate(service, text).translation
    assert link in translation.text
    assert "read" in translation.text
    assert translation.warnings == ()


def test_a_long_sentence_is_not_cut_within_a_link(service: Service) -> None:
    link = "https://exemplo.org/" + "parte-de-um-caminho/" * 40
    text = (
        ", ".join(["o prefeito abriu a ponte nova sobre o rio"] * 25) + f", {link}, " + ", ".join(["e saiu"] * 60) + "."
    )
    translation = translate(service, text).translation
    assert translation.text.count(link) == 1
    assert "link-lost" not in {one.code for one in translation.warnings}


def test_a_digest_keeps_to_the_glossary(service: Service) -> None:
    request = DigestRequest(
        "O presidente visitou a fábrica. Ele leu https://exemplo.org ontem.",
        "en",
        "pt",
        title="Presidente visita fábrica",
        glossary=(("presidente", "head of state"),),
    )
    digest = service.pipeline.digest(request, RequestContext("test"))
    assert "head of state" in digest.translation.text
    assert "https://exemplo.org" in digest.translation.text
    assert digest.title is not None
    assert digest.title.startswith("Head of state")
    assert digest.signature.glossary is not None


class LosingEngine(EchoEngine):
    """Leaves out every word with a digit in it, as models leave out what they do not know."""

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        return super().translate([re.sub(r" ?\b\w*[0-9]\w*\b", "", text) for text in texts], options)


@pytest.fixture
def losing(tmp_path: Path) -> Iterator[Service]:
    fields = {"home": tmp_path, "preload": "", "threads": 1}
    service = build(settings_from(fields), load=LosingEngine)
    yield service
    service.close()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("O menino leu a carta em https://exemplo.org/a ontem.", "https://exemplo.org/a"),
        ("@ana leu a carta para o menino.", "@ana"),
        ("O menino leu a carta para {nome}.", "{nome}"),
        ("O menino 😀 leu a carta.", "😀"),
        ("O menino (a@b.org) leu a carta.", "(a@b.org)"),
        ("O menino leu `a b`", "`a b`"),
    ],
)
def test_what_a_model_loses_is_put_back_and_told(losing: Service, text: str, kept: str) -> None:
    translation = translate(losing, text).translation
    assert kept in translation.text
    assert translation.text.replace(kept, "").split() == text.replace(kept, "").split()
    (warning,) = [one for one in translation.warnings if one.code == "span-moved"]
    assert warning.span is not None
    assert text[warning.span.start : warning.span.end] == kept.strip("()")
    assert not [one for one in translation.warnings if one.code.endswith("-lost")]


def test_a_term_that_a_model_loses_is_told(losing: Service) -> None:
    text = "O menino leu. O presidente da cidade ficou em casa."
    translation = translate(losing, text, glossary=(("presidente", "chairman no 1"),)).translation
    (warning,) = [one for one in translation.warnings if one.code == "glossary-lost"]
    assert warning.span is not None
    assert text[warning.span.start : warning.span.end] == "presidente"
    assert "chairman no 1" in warning.message


class StammeringEngine(EchoEngine):
    """Says every word with a digit in it twice, the second time with a letter missing."""

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        doubled = [re.sub(r"\b(\w*)([0-9])(\w*)\b", r"\1\2\3 \1\2\3", text) for text in texts]
        return super().translate(doubled, options)


def test_a_code_said_twice_is_one_span(tmp_path: Path) -> None:
    service = build(settings_from({"home": tmp_path, "preload": "", "threads": 1}), load=StammeringEngine)
    text = "O menino leu https://exemplo.org e escreveu a @ana ontem."
    translation = translate(service, text).translation
    service.close()
    assert translation.text == text


def test_a_chain_of_models_keeps_spans_and_terms(tmp_path: Path) -> None:
    # The embedded model to Portuguese, said to write Galician: there is a chain from Portuguese to it.
    first, second = sorted(EMBEDDED, key=lambda entry: entry.source, reverse=True)
    catalog = Catalog((first, replace(second, targets=("gl",))))
    service = build(Settings(home=tmp_path), catalog=catalog)
    text = "O presidente leu https://exemplo.org/a e agradeceu a @maria_silva 👍🏽 ontem."
    request = TranslateRequest(text, "gl", "pt", glossary=(("presidente", "Xefe do Estado"),))
    translation = service.pipeline.translate(request, RequestContext("test")).translation
    service.close()
    assert translation.route == ("pt-en", "en-gl")
    for kept in ("https://exemplo.org/a", "@maria_silva", "👍🏽", "Xefe do Estado"):
        assert translation.text.count(kept) == 1, translation.text
    assert [warning.code for warning in translation.warnings if warning.code != "pivot"] == []
