"""Versions of installed libraries, looked up when somebody reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final

_OF_ENGINE: Final[Mapping[str, tuple[str, ...]]] = {
    "student": ("onnxruntime", "sentencepiece"),
    "transformers": ("torch", "transformers"),
    "seq2seq": ("torch", "transformers"),
    "ctranslate2": ("ctranslate2", "sentencepiece"),
}


class Versions(Mapping[str, str]):
    """Distribution name to version, without those that are not installed.

    Looked up at the first use: the library that reads the metadata takes longer to import than a sentence to translate.
    """

    def __init__(self, distributions: Sequence[str]) -> None:
        self._distributions = distributions

    def include(self, engines: Iterable[str]) -> None:
        """Tell the versions of what these engines run on too."""
        self._distributions = tuple(dict.fromkeys((*self._distributions, *_distributions(engines))))
        self.__dict__.pop("_found", None)

    def __getitem__(self, name: str) -> str:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @cached_property
    def _found(self) -> dict[str, str]:
        from importlib import metadata

        found = {}
        for name in self._distributions:
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
        return found


def of_engines(engines: Iterable[str]) -> Versions:
    """The versions of what these engines run on."""
    return Versions(_distributions(engines))


def _distributions(engines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for engine in engines for name in _OF_ENGINE[engine]))
