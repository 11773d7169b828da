"""What the guards find on the way: mended by a second try where one helps, reported where none does."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.engines.echo import EchoEngine
from service.errors import EngineFailure
from service.settings import settings_from
from service.types import (
    GREEDY,
    DecodeOptions,
    DigestRequest,
    Hypothesis,
    RequestContext,
    TranslateRequest,
    Translation,
)
from service.wiring import Service, build

SOURCE = "Choveu no bairro. O metrô transportou 154.320 passageiros ontem."
LOST = "The metro carried passengers yesterday."
KEPT = "The metro carried 154,320 passengers yesterday."


class ForgetfulEngine(EchoEngine):
    """Loses the number at first; a beam finds it second. `second_try` runs before a beam answers."""

    second_try: Callable[[], None] = staticmethod(lambda: None)

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        if options.beam > 1:
            self.second_try()
        return [self._answer(text, options) for text in texts]

    def _answer(self, text: str, options: DecodeOptions) -> Hypothesis:
        if "metrô" not in text:
            return Hypothesis("It rained there.", -1.0, 4, 4)
        first = Hypothesis(LOST, -1.0, 8, 8)
        return first if options.beam == 1 else replace(first, alternatives=(Hypothesis(KEPT, -2.0, 8, 8),))


def _service(tmp_path: Path, engine: type[EchoEngine], **values: int) -> Service:
    fields = {"home": tmp_path, "preload": "", "threads": 1, "translation_memory_mb": 0} | values
    return build(settings_from(fields), load=engine)


def _translation(service: Service, text: str, source: str = "pt", target: str = "en") -> Translation:
    return service.pipeline.translate(TranslateRequest(text, target, source), RequestContext("test")).translation


def _counted(service: Service, name: str) -> dict[str, float]:
    lines = service.metrics.exposition().decode().splitlines()
    found = (re.fullmatch(rf'manchete_{name}_total{{\w+="([\w-]+)"}} ([\d.]+)', line) for line in lines)
    return {match[1]: float(match[2]) for match in found if match}


def test_a_lost_number_is_found_by_a_second_try(tmp_path: Path) -> None:
    service = _service(tmp_path, ForgetfulEngine)
    translation = _translation(service, SOURCE)
    assert translation.text == f"It rained there. {KEPT}"
    assert translation.warnings == ()
    assert _counted(service, "guard_findings") == {"number-lost": 1.0}
    assert _counted(service, "guard_retries") == {"mended": 1.0}
    service.close()


def test_alternatives_stay_whole_after_a_second_try(tmp_path: Path) -> None:
    service = _service(tmp_path, ForgetfulEngine)
    result = service.pipeline.translate(TranslateRequest(SOURCE, "en", "pt", alternatives=1), RequestContext("test"))
    assert result.translation.text.endswith(KEPT)
    assert result.alternatives == (f"It rained there. {LOST}",)
    service.close()


def test_what_no_hypothesis_has_is_reported_where_it_stands(tmp_path: Path) -> None:
    class HopelessEngine(ForgetfulEngine):
        def _answer(self, text: str, options: DecodeOptions) -> Hypothesis:
            return replace(super()._answer(text, options), alternatives=())

    service = _service(tmp_path, HopelessEngine)
    translation = _translation(service, SOURCE)
    assert translation.text == f"It rained there. {LOST}"
    (warning,) = translation.warnings
    assert warning.code == "number-lost"
    assert warning.span is not None
    assert SOURCE[warning.span.start : warning.span.end] == "154.320"
    assert _counted(service, "guard_retries") == {"kept": 1.0}
    service.close()


def test_a_second_try_that_fails_costs_nothing(tmp_path: Path) -> None:
    class BrittleEngine(ForgetfulEngine):
        @staticmethod
        def second_try() -> None:
            raise EngineFailure("no beams today")

    service = _service(tmp_path, BrittleEngine)
    translation = _translation(service, SOURCE)
    assert translation.text == f"It rained there. {LOST}"
    assert [warning.code for warning in translation.warnings] == ["number-lost"]
    assert _counted(service, "guard_retries") == {"failed": 1.0}
    service.close()


def test_a_second_try_that_is_refused_costs_nothing(tmp_path: Path) -> None:
    at_work, go_on, finish = threading.Event(), threading.Event(), threading.Event()

    class SlowEngine(ForgetfulEngine):
        def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
            if "hold" in texts:
                assert finish.wait(20)
            elif any("metrô" in text for text in texts):
                at_work.set()
                assert go_on.wait(20)
            return super().translate(texts, options)

    service = _service(tmp_path, SlowEngine, max_queue_tokens=12)
    results: list[Translation] = []
    asking = threading.Thread(target=lambda: results.append(_translation(service, SOURCE.partition(". ")[2])))
    asking.start()
    assert at_work.wait(20)
    with service.batcher.admit(RequestContext("other")) as ticket:
        # One model holds the only worker after the first try, another fills the queue meanwhile.
        service.batcher.submit(ticket, "holding", ["hold"], [2])
        service.batcher.submit(ticket, "waiting", ["a b c d e f g h i"], [10])
        go_on.set()
        asking.join(20)
        finish.set()
    assert [result.text for result in results] == [LOST]
    assert _counted(service, "guard_retries") == {"refused": 1.0}
    service.close()


def test_a_client_that_goes_during_the_second_try_breaks_nothing(tmp_path: Path) -> None:
    context = RequestContext("test")

    class CancelledEngine(ForgetfulEngine):
        @staticmethod
        def second_try() -> None:
            context.cancelled.set()

    service = _service(tmp_path, CancelledEngine)
    result = service.pipeline.translate(TranslateRequest(SOURCE, "en", "pt"), context)
    assert result.translation.text.endswith((LOST, KEPT))
    service.close()


def test_real_weights_keep_the_time_and_the_fraction(service: Service) -> None:
    quake = _translation(service, "A small earthquake shook the coast at 10:08 p.m. on Friday.", "en", "pt")
    assert re.search(r"10:08 p\.?m|22[:h]08|10[:h]08 da noite", quake.text)
    assert quake.warnings == ()
    board = _translation(service, "The board measures 12¾ inches by 8½ inches.", "en", "pt")
    assert re.search(r"12 ?(3/4|¾)|12,75", board.text)
    assert board.warnings == ()


def test_capitals_are_reported_in_a_digest(service: Service) -> None:
    request = DigestRequest("GOVERNO ANUNCIA CORTE DE GASTOS E REVOLTA SINDICATOS.", "en", "pt")
    digest = service.pipeline.digest(request, RequestContext("test"))
    assert [warning.code for warning in digest.translation.warnings] == ["all-capitals"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "target", "name", "share"), [("pt", "en", "por", 0.995), ("en", "pt", "eng", 0.985)]
)
def test_numbers_survive_on_flores(
    service: Service, shared_data: Path, source: str, target: str, name: str, share: float
) -> None:
    text = (shared_data / "flores200-devtest" / f"{name}.devtest").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.search(r"[0-9]", line)]
    requests = [TranslateRequest(line, target, source) for line in lines]
    results = service.pipeline.translate_many(requests, RequestContext("test"))
    lost = {"number-lost", "time-lost", "date-lost"}
    whole = [
        result
        for result in results
        if not isinstance(result, Exception) and not lost & {one.code for one in result.translation.warnings}
    ]
    assert len(whole) / len(lines) >= share


def test_a_segment_tells_what_made_it_and_how_good_it_is(tmp_path: Path) -> None:
    service = _service(tmp_path, ForgetfulEngine)
    result = service.pipeline.translate(TranslateRequest(SOURCE, "en", "pt"), RequestContext("test"))
    first, mended = result.translation.segments
    assert (first.method, first.beam, mended.method, mended.beam) == ("first", 1, "beam", 6)
    assert SOURCE[mended.source.start : mended.source.end].startswith("O metrô")
    assert [model.beam for model in result.signature.models] == [1, 6]
    service.close()


def test_a_fault_that_is_left_halves_the_quality(service: Service) -> None:
    class Worse(ForgetfulEngine):
        def _answer(self, text: str, options: DecodeOptions) -> Hypothesis:
            assert options.n_best == options.beam
            return Hypothesis(LOST if "metrô" in text else "It rained.", -0.1, 8, 8)

    worse = build(settings_from({"home": service.settings.home, "preload": "", "threads": 1}), load=Worse)
    good, bad = _translation(worse, SOURCE).segments
    assert bad.quality == pytest.approx(good.quality / 2)
    assert 0 < good.quality < 1
    worse.close()


def test_capitals_are_translated_as_a_sentence(service: Service) -> None:
    text = "O MINISTRO DA FAZENDA ANUNCIOU HOJE UM CORTE DE 15 BILHÕES DE REAIS."
    translation = _translation(service, text)
    assert translation.text.isupper()
    assert "MINISTER" in translation.text
    assert "15 BILLION" in translation.text
    assert [segment.method for segment in translation.segments] == ["capitals"]
    (warning,) = translation.warnings
    assert warning.code == "all-capitals"
    assert "ordinary letters" in warning.message


def test_capitals_leave_what_is_no_prose_as_it_is(service: Service) -> None:
    text = "{nome}: O MINISTRO ANUNCIOU UM CORTE DE 15 BILHÕES DE REAIS; VEJA EM https://exemplo.org/corte-2026"
    translation = _translation(service, text)
    assert "MINISTER ANNOUNCED" in translation.text
    assert "{nome}" in translation.text
    assert translation.text.endswith("https://exemplo.org/corte-2026")
    assert [warning.code for warning in translation.warnings] == ["all-capitals"]


def test_a_long_segment_is_tried_in_halves(tmp_path: Path) -> None:
    class ShortSighted(EchoEngine):
        def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
            assert options == GREEDY
            return [Hypothesis(self._said(text), -0.1, 8, 8) for text in texts]

        def _said(self, text: str) -> str:
            return f"{text[:30]} 154" if "154" in text and len(text) < 120 else text.replace("154", "")[:150]

    long = f"{'uma coisa e outra ' * 5}, {'casas brancas e altas ' * 4}com 154 pessoas"
    service = _service(tmp_path, ShortSighted)
    translation = _translation(service, long)
    assert [segment.method for segment in translation.segments] == ["split"]
    assert "154" in translation.text
    service.close()
