"""From a pair of languages to the chain of models that connects them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import msgspec

from service.errors import InvalidInput, UnsupportedPair
from service.models.catalog import ModelEntry
from service.models.entry import EngineKind, base_id, estimated_loss, language_key

# Each hop loses quality; a text that went through three languages would not be worth reading.
MAX_HOPS = 2
_REMEMBERED_ROUTES = 1024

Quality = Literal["fast", "best"]
QUALITIES: Final[tuple[Quality, ...]] = ("fast", "best")
_Chain: TypeAlias = tuple[ModelEntry, ...]
# Source and target keys -> the models, each with its own tags for the two.
_Edges: TypeAlias = dict[str, dict[str, list[tuple[ModelEntry, str, str]]]]


class RoutePolicy(msgspec.Struct, frozen=True):
    """How routes are chosen.

    A chain is estimated to lose what its models lose (`estimated_loss`) and `hop_loss` for every model after the first.
    With `direct_first` a direct model is taken however much it is estimated to lose. Among several models for a pair
    those that `engine` runs come first, unless the request says otherwise.
    """

    hop_loss: float = 0.05
    direct_first: bool = True
    engine: EngineKind = "student"


class Route(msgspec.Struct, frozen=True):
    """The models to apply in order, each narrowed to one direction; empty when source and target are the same."""

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
    """Finds routes over a set of models. Regions do not matter to it: a model for `pt` reads `pt-PT`.

    Where one model writes several variants of the target, the one asked for is taken. The choice depends on the models
    alone, not on their order.
    """

    def __init__(self, entries: Iterable[ModelEntry], policy: RoutePolicy | None = None) -> None:
        self._policy = policy or RoutePolicy()
        self._edges: _Edges = {}
        self.learn(entries)

    def learn(self, entries: Iterable[ModelEntry]) -> None:
        """Find routes over these models, and no longer over those it had. Safe while others ask for routes."""
        edges: _Edges = {}
        for entry in entries:
            for source in entry.sources:
                targets = edges.setdefault(language_key(source), {})
                for target in entry.targets:
                    targets.setdefault(language_key(target), []).append((entry, source, target))
        self._edges = edges
        # Every request asks for one of a few; a pair without a route raises, which is not remembered.
        self._found = lru_cache(_REMEMBERED_ROUTES)(self._find)

    @property
    def sources(self) -> tuple[str, ...]:
        """Languages that some model reads, in the catalogue's order."""
        return tuple(self._edges)

    def route(self, source: str, target: str, *, quality: str | None = None, model: str | None = None) -> Route:
        """The chain to use; raises UnsupportedPair when there is none within `MAX_HOPS`.

        `quality` chooses among several models of a pair: `fast` the fastest where all were measured, else the smallest;
        `best` the one estimated to lose least; without it the best of those that the default engine runs. `model` names
        one that must be used. Both raise InvalidInput when they cannot be had.
        """
        return self._found(source, target, quality, model)

    def reachable(self, source: str) -> tuple[str, ...]:
        """Targets that `route` finds from `source`, itself first."""
        found = dict.fromkeys([language_key(source)])
        for _ in range(MAX_HOPS):
            found |= dict.fromkeys(target for here in list(found) for target in self._edges.get(here, ()))
        return tuple(found)

    def installed(self, source: str, target: str) -> tuple[ModelEntry, ...]:
        """The models of one pair, the default first."""
        return tuple(sorted(self._edge(language_key(source), target), key=self._default_rank))

    def _find(self, source: str, target: str, quality: str | None, model: str | None) -> Route:
        if quality is not None and quality not in QUALITIES:
            raise InvalidInput(f"quality: {quality[:40]} is not one of {', '.join(QUALITIES)}", field="quality")
        here, there = language_key(source), language_key(target)
        if here == there:
            return Route(())
        direct = [(entry,) for entry in self._edge(here, target)]
        chains: list[_Chain] = [*direct, *self._pivots(here, target)]
        if not chains:
            raise UnsupportedPair(source, target)
        if model is not None:
            chains = [chain for chain in chains if any(_named(entry, model) for entry in chain)]
            if not chains:
                known = ", ".join(base_id(entry.model_id) for (entry,) in direct) or "none"
                raise InvalidInput(
                    f"model: {model[:96]} does not lead from {source} to {target}; of this pair there are: {known}",
                    field="model",
                )
        if quality == "fast" and all(entry.speed for chain in chains for entry in chain):
            return Route(min(chains, key=lambda chain: (len(chain), _seconds(chain), self._rank(chain, quality))))
        return Route(min(chains, key=lambda chain: self._rank(chain, quality)))

    def _pivots(self, here: str, target: str) -> Iterator[_Chain]:
        for middle in self._edges.get(here, ()):
            if middle in (here, language_key(target)):
                continue
            seconds = self._edge(middle, target)
            if seconds:
                for first in self._edge(here, middle):
                    yield from ((first, second) for second in seconds)

    def _edge(self, here: str, target: str) -> list[ModelEntry]:
        """The models from one language to another, narrowed to it, one entry for each model."""
        chosen: dict[str, tuple[int, ModelEntry, str, str]] = {}
        for entry, source, tag in self._edges.get(here, {}).get(language_key(target), ()):
            # The very variant asked for, else the plain language, else whichever comes first.
            distance = 0 if tag == target else 1 if tag == language_key(tag) else 2
            if entry.model_id not in chosen or distance < chosen[entry.model_id][0]:
                chosen[entry.model_id] = distance, entry, source, tag
        return [entry.narrowed(source, tag) for _, entry, source, tag in chosen.values()]

    def _rank(self, chain: Sequence[ModelEntry], quality: str | None) -> tuple[object, ...]:
        hops = len(chain)
        loss = sum(map(estimated_loss, chain)) + self._policy.hop_loss * (hops - 1)
        names = tuple(entry.model_id for entry in chain)
        size = sum(entry.parameters for entry in chain)
        unsized = sum(not entry.parameters for entry in chain)
        other = sum(entry.kind != self._policy.engine for entry in chain) if quality is None else 0
        order = (unsized, size, loss) if quality == "fast" else (other, loss, unsized, size)
        return (hops if self._policy.direct_first or quality == "fast" else 0, *order, hops, names)

    def _default_rank(self, entry: ModelEntry) -> tuple[object, ...]:
        return self._rank((entry,), None)


def _seconds(chain: _Chain) -> float:
    """What a chain of measured models takes for one token."""
    return sum(1 / entry.speed for entry in chain if entry.speed)


def _named(entry: ModelEntry, model: str) -> bool:
    return model in (entry.model_id, base_id(entry.model_id))
