"""From what the operator says to something that writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from service.engines.loading import Placement, Writer, load_gguf_writer, load_torch_writer
from service.errors import Cancelled, ConfigurationError, MancheteError, WritingFailed
from service.generators.endpoint import Endpoint
from service.generators.options import OPENAI, SMOLLM2, Options
from service.writing import Writing, Written


class Generator(msgspec.Struct, frozen=True):
    """Something that writes: its name for signatures, the words it should be given, the seconds that it gets.

    A `small` one is given a sentence at a time.
    """

    write: Callable[[Writing], Written]
    name: str
    input_words: int
    seconds: float
    small: bool = False


def open_generator(options: Options) -> Generator:
    """Check the options and make what they name; models are loaded when something is first written.

    Raises ConfigurationError naming the setting at fault.
    """
    if options.backend == OPENAI:
        address = urlsplit(options.url or "")
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ConfigurationError(
                "MANCHETE_SUMMARY_URL: must be the http or https address of an OpenAI-compatible API, up to /v1",
                field="MANCHETE_SUMMARY_URL",
            )
        return Generator(
            Endpoint(options).write,
            f"openai:{options.model or 'default'}",
            options.input_words,
            options.timeout_seconds,
        )
    if options.backend == SMOLLM2:
        local = _Local(lambda: load_gguf_writer(options.threads))
        return Generator(local.write, "smollm2", options.input_words, options.timeout_seconds, small=True)
    model = options.model
    if model is None:
        raise ConfigurationError(
            "MANCHETE_SUMMARY_MODEL: must name a folder or a repository of the hub", field="MANCHETE_SUMMARY_MODEL"
        )
    placement = Placement(options.device, options.dtype)
    local = _Local(lambda: load_torch_writer(model, placement, offline=options.offline))
    return Generator(
        local.write,
        f"transformers:{model.rstrip('/').rpartition('/')[2]}",
        options.input_words,
        options.timeout_seconds,
    )


class _Local:
    """A model in this process, loaded once; one text is written at a time, and who waits too long gives up."""

    def __init__(self, load: Callable[[], Writer]) -> None:
        self._load = load
        self._model: Writer | None = None
        self._lock = threading.Lock()

    def write(self, writing: Writing) -> Written:
        """What the model writes; raises WritingFailed with the reason, Cancelled."""
        if not self._lock.acquire(timeout=max(0.0, writing.deadline - time.monotonic())):
            raise WritingFailed("the summary model was busy until the time was up", reason="timeout")
        try:
            if self._model is None:
                self._model = self._load()
            return self._model.write(writing)
        except (WritingFailed, Cancelled):
            raise
        except MancheteError as error:
            raise WritingFailed(error.message, reason="model-failed") from error
        finally:
            self._lock.release()
