"""From a pair of languages to the chain of models that connects them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.errors import UnsupportedPair
from service.languages import primary
from service.models.catalog import ModelEntry

# Each hop loses quality; a text that went through three languages would not be worth reading.
MAX_HOPS = 2
_REMEMBERED_ROUTES = 1024


@dataclass(frozen=True, slots=True)
class Route:
    """The models to apply in order; empty when source and target are the same language."""

    entries: tuple[ModelEntry, ...]

    @property
    def pairs(self) -> tuple[str, ...]:
        """The hops as they are reported, `("es-en", "en-pt")`."""
        return tuple(entry.pair for entry in self.entries)

    @property
    def target_variant(self) -> str | None:
        """The regional variant that the last model writes, where it is known."""
        return self.entries[-1].target_variant if self.entries else None


class Router:
    """Finds routes over a set of models. Regions do not matter to it: a model for `pt` reads `pt-PT`."""

    def __init__(self, entries: Iterable[ModelEntry]) -> None:
        self._from: dict[str, list[ModelEntry]] = {}
        for entry in entries:
            self._from.setdefault(_key(entry.source), []).append(entry)
        # Every request asks for one of a few; a pair without a route raises, which is not remembered.
        self._found = lru_cache(_REMEMBERED_ROUTES)(self._find)

    @property
    def sources(self) -> tuple[str, ...]:
        """Languages that some model reads, in the catalogue's order."""
        return tuple(self._from)

    def route(self, source: str, target: str) -> Route:
        """The route with the fewest hops; raises UnsupportedPair when there is none within `MAX_HOPS`."""
        return self._found(source, target)

    def _find(self, source: str, target: str) -> Route:
        if _key(source) == _key(target):
            return Route(())
        chains: list[tuple[ModelEntry, ...]] = [()]
        for _ in range(MAX_HOPS):
            chains = [(*chain, entry) for chain in chains for entry in self._onward(source, chain)]
            for chain in chains:
                if _key(chain[-1].target) == _key(target):
                    return Route(chain)
        raise UnsupportedPair(source, target)

    def reachable(self, source: str) -> tuple[str, ...]:
        """Targets that `route` finds from `source`, itself first."""
        found = [_key(source)]
        chains: list[tuple[ModelEntry, ...]] = [()]
        for _ in range(MAX_HOPS):
            chains = [(*chain, entry) for chain in chains for entry in self._onward(source, chain)]
            found += [key for key in (_key(chain[-1].target) for chain in chains) if key not in found]
        return tuple(dict.fromkeys(found))

    def _onward(self, source: str, chain: Sequence[ModelEntry]) -> list[ModelEntry]:
        visited = {_key(source), *(_key(entry.target) for entry in chain)}
        here = chain[-1].target if chain else source
        return [entry for entry in self._from.get(_key(here), ()) if _key(entry.target) not in visited]


def _key(tag: str) -> str:
    # A script makes another written language (zh-Hans, zh-Hant); a region does not. Scripts have four letters.
    return "-".join([primary(tag), *(part for part in tag.split("-")[1:] if len(part) == 4)])
