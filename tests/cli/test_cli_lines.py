"""`--lines` over an engine that answers each text with itself: one line in, one line out, whatever it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.cli.lines import LineInput, detect_lines, translate_lines
from service.engines.echo import EchoEngine
from service.errors import ModelMissing, UnknownLanguage, UnsupportedPair
from service.guards import unchecked
from service.settings import settings_from
from service.types import GREEDY, DecodeOptions, Hypothesis, TranslateRequest
from service.wiring import Service, build

PT = "Esta é uma frase escrita em português, para que se possa reconhecer a língua sem dúvida."
EN = "This is a sentence that was written in English, so that its language can be told for sure."
LIMIT = 1000


class PickyEngine(EchoEngine):
    """Fails on texts with a certain word, and writes line feeds where nobody asked for any."""

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        if any("veneno" in text for text in texts):
            raise RuntimeError("cannot do this one")
        return super().translate([text.replace("quebra", "que\nbra") for text in texts], options)


@pytest.fixture(scope="module")
def make_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Build services without models."""
    services = []
    home = tmp_path_factory.mktemp("home")

    def make(load: Callable[[str], EchoEngine] = EchoEngine) -> Service:
        values = {"home": home, "preload": "", "threads": 1, "char_limit": LIMIT}
        services.append(build(settings_from(values), load=load, check=unchecked))
        return services[-1]

    yield make
    for service in services:
        service.close()


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    """A service that answers with what it is asked."""
    return make_service()


@pytest.fixture
def source_file(tmp_path: Path) -> Callable[[bytes], LineInput]:
    """Write bytes to a file to read lines from."""

    def write(raw: bytes) -> LineInput:
        (tmp_path / "in.txt").write_bytes(raw)
        return LineInput(str(tmp_path / "in.txt"), LIMIT)

    return write


Write = Callable[[bytes], LineInput]


def test_every_line_gives_one_line(service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    raw = b"\nUm.\n\n  dois  \r\n\ttr\xc3\xaas\x0b\x0c\xe2\x80\xa8fim\n\n\nultima"
    assert translate_lines(service.pipeline, source_file(raw), TranslateRequest("", "en", "pt")) == 0
    out, err = capsys.readouterr()
    assert out == "\nUm.\n\n  dois  \n\ttrês\x0b\x0c\u2028fim\n\n\nultima\n"
    assert err == ""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=30)))
def test_lines_come_back_in_order(
    service: Service, source_file: Write, capsys: pytest.CaptureFixture[str], texts: list[str]
) -> None:
    raw = "".join(f"{text}\n" for text in texts).removeprefix("\ufeff").encode()
    assert translate_lines(service.pipeline, source_file(raw), TranslateRequest("", "en", "pt")) == 0
    assert capsys.readouterr().out == raw.decode()


def test_many_portions_keep_their_order(
    service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = "".join(f"frase {number}\n" for number in range(3000))
    assert translate_lines(service.pipeline, source_file(raw.encode()), TranslateRequest("", "en", "pt")) == 0
    assert capsys.readouterr().out == raw


def test_a_line_that_fails_leaves_its_place_empty(
    make_service: Callable[..., Service], source_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = source_file(b"um\ncom veneno\nol\xe1\n" + b"x" * 1001 + b"\na\0b\nquebra\nfim\n")
    assert translate_lines(make_service(PickyEngine).pipeline, lines, TranslateRequest("", "en", "pt")) == 4
    out, err = capsys.readouterr()
    assert out == "um\n\n\n\n\nque bra\nfim\n"
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 2", "line 3", "line 4", "line 5"]
    assert "veneno" not in err


def test_each_line_has_its_own_language(
    service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = f"{PT}\n{EN}\nᚠᚢᚦᚨᚱᚲ ᚺᚨᛁᛏᛖ\n\n"
    assert translate_lines(service.pipeline, source_file(raw.encode()), TranslateRequest("", "en", None)) == 0
    out, err = capsys.readouterr()
    assert out == raw
    assert err == "line 3: language not detected, passed through untranslated\n"


def test_warnings_go_to_standard_error_with_their_line(
    service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        translate_lines(
            service.pipeline, source_file(b"um\n" + b"ola " * 150 + b"fim\n"), TranslateRequest("", "en", "pt")
        )
        == 0
    )
    out, err = capsys.readouterr()
    assert out.count("\n") == 2
    assert err.startswith("line 2: sentence-split: ")


def test_a_line_in_a_language_without_a_model_fails_alone(
    service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    german = "Dies ist ein Satz, der auf Deutsch geschrieben wurde, damit man die Sprache sicher erkennt."
    assert (
        translate_lines(service.pipeline, source_file(f"{german}\n{PT}\n".encode()), TranslateRequest("", "en", None))
        == 1
    )
    out, err = capsys.readouterr()
    assert out == f"\n{PT}\n"
    assert err.startswith("line 1: de to en is not supported")


@pytest.mark.parametrize(("target", "source", "error"), [("zz", "pt", UnknownLanguage), ("en", "de", UnsupportedPair)])
def test_languages_wrong_for_every_line_are_raised(
    service: Service, source_file: Write, target: str, source: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        translate_lines(service.pipeline, source_file(b"um\n"), TranslateRequest("", target, source))


def test_a_missing_model_is_raised(make_service: Callable[..., Service], source_file: Write) -> None:
    def load(model_id: str) -> EchoEngine:
        raise ModelMissing(f"{model_id}: not there", model_id=model_id)

    with pytest.raises(ModelMissing):
        translate_lines(make_service(load).pipeline, source_file(b"um\n"), TranslateRequest("", "en", "pt"))


def test_detection_gives_one_object_a_line(
    service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = source_file(f"{PT}\n\n{EN}\n777\nol".encode() + b"\xe1\n" + EN.encode())
    assert detect_lines(service.pipeline, lines, as_json=True) == 1
    out, err = capsys.readouterr()
    objects = [json.loads(line) for line in out.splitlines()]
    assert [each["language"] for each in objects] == ["pt", "und", "en", "und", "und", "en"]
    assert all(list(each) == ["language", "confidence", "candidates"] for each in objects)
    assert err == "line 5: not valid UTF-8 at byte 2\n"


def test_detection_as_text(service: Service, source_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert detect_lines(service.pipeline, source_file(f"{PT}\n\n".encode()), as_json=False) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(("pt\t0.9", "pt\t1.0"))
    assert second == "und\t0.0000"
