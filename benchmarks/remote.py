"""Peers that are not the same weights: Argos Translate, and servers that speak LibreTranslate's or DeepL's protocol.

Keys come from the environment (`LIBRETRANSLATE_API_KEY`, `DEEPL_AUTH_KEY`), so that no command line shows them.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from service.errors import EngineFailure, ModelMissing

if TYPE_CHECKING:
    import httpx

LIBRETRANSLATE_KEY: Final = "LIBRETRANSLATE_API_KEY"
DEEPL_KEY: Final = "DEEPL_AUTH_KEY"
# What the protocols' own servers take at once by default.
_TEXTS_A_REQUEST: Final = 25
_SECONDS: Final = 120.0
_ATTEMPTS: Final = 5
# Told to wait, a client waits: 429 of both protocols, 456 is DeepL's used-up quota and final.
_WAIT: Final = frozenset({429, 503})
_DEEPL_TARGETS: Final[Mapping[str, str]] = {"en": "EN-US", "pt": "PT-BR", "zh": "ZH-HANS"}


class ArgosAdapter:
    """The package `argostranslate`, with the models that are installed for it."""

    def __init__(self) -> None:
        self._module: Any = importlib.import_module("argostranslate.translate")
        self._translations: dict[str, Any] = {}

    def open(self, direction: str) -> None:
        """Find the installed model; raises ModelMissing."""
        source, _, target = direction.partition("-")
        try:
            self._translations[direction] = self._module.get_translation_from_codes(source, target)
        except Exception as error:  # what the package raises without a model differs between its releases
            message = f"argostranslate has no model for {direction} installed"
            raise ModelMissing(message, model_id=direction) from error
        self.translate_one(direction, ".")

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """Line by line: there is no call for several texts."""
        return [self.translate_one(direction, line) for line in lines]

    def translate_one(self, direction: str, line: str) -> str:
        """One line."""
        text: str = self._translations[direction].translate(line)
        return text

    def close(self) -> None:
        """Drop the models."""
        self._translations.clear()


class _ServerAdapter:
    """What clients of both protocols do: lists of texts in, lists of texts out, waiting when told to."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        import httpx

        self._url = url.rstrip("/")
        # The environment's proxies lead to servers elsewhere, not to this machine.
        elsewhere = urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}
        self._http = httpx.Client(headers=headers, timeout=_SECONDS, trust_env=elsewhere)

    def open(self, direction: str) -> None:
        """Translate once, so that the server has its model loaded."""
        self.translate_one(direction, ".")

    def translate_all(self, direction: str, lines: Sequence[str]) -> list[str]:
        """Some lines a request, one request after the other."""
        parts = [lines[start : start + _TEXTS_A_REQUEST] for start in range(0, len(lines), _TEXTS_A_REQUEST)]
        return [text for part in parts for text in self._translate(direction, part)]

    def translate_one(self, direction: str, line: str) -> str:
        """One line in a request."""
        return self._translate(direction, [line])[0]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _translate(self, direction: str, lines: Sequence[str]) -> list[str]:
        source, _, target = direction.partition("-")
        path, body = self._request(lines, source, target)
        try:
            texts = self._texts(self._post(path, body).json())
        except (ValueError, KeyError, TypeError) as error:
            raise EngineFailure(f"{self._url} did not answer in the protocol it was taken for") from error
        if len(texts) != len(lines):
            raise EngineFailure(f"{self._url} answered {len(texts)} texts for {len(lines)}")
        # An output is a line in every file that is made of it.
        return [" ".join(text.split()) for text in texts]

    def _post(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        import httpx

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._http.post(f"{self._url}{path}", json=body)
            except httpx.HTTPError as error:
                raise EngineFailure(f"{self._url} does not answer ({type(error).__name__})") from error
            if response.status_code == httpx.codes.OK:
                return response
            if response.status_code not in _WAIT or attempt == _ATTEMPTS:
                break
            time.sleep(float(attempt))
        raise EngineFailure(f"{self._url} answered {response.status_code}")

    def _request(self, lines: Sequence[str], source: str, target: str) -> tuple[str, Mapping[str, object]]:
        raise NotImplementedError

    def _texts(self, answer: Any) -> list[str]:
        raise NotImplementedError


class LibreTranslateAdapter(_ServerAdapter):
    """A server of LibreTranslate's `POST /translate`: LibreTranslate itself, or Manchete."""

    def __init__(self, url: str) -> None:
        super().__init__(url, {})
        key = os.environ.get(LIBRETRANSLATE_KEY)
        self._key = {"api_key": key} if key else {}

    def _request(self, lines: Sequence[str], source: str, target: str) -> tuple[str, Mapping[str, object]]:
        return "/translate", {"q": list(lines), "source": source, "target": target, "format": "text", **self._key}

    def _texts(self, answer: Any) -> list[str]:
        return list(answer["translatedText"])


class DeeplAdapter(_ServerAdapter):
    """A server of DeepL's `POST /v2/translate`."""

    def __init__(self, url: str) -> None:
        key = os.environ.get(DEEPL_KEY)
        super().__init__(url, {"authorization": f"DeepL-Auth-Key {key}"} if key else {})

    def _request(self, lines: Sequence[str], source: str, target: str) -> tuple[str, Mapping[str, object]]:
        languages = {"source_lang": source.upper(), "target_lang": _DEEPL_TARGETS.get(target, target.upper())}
        return "/v2/translate", {"text": list(lines), **languages}

    def _texts(self, answer: Any) -> list[str]:
        return [one["text"] for one in answer["translations"]]
