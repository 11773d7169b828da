"""What a server says of itself in Prometheus's text format, before and after a phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import aiohttp

# Some phases end without a single batch; a mean of nothing is not shown.
Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """Samples of one moment, by name and labels."""

    samples: Mapping[tuple[str, Labels], float]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an exposition; raises ValueError when it is not one."""
        from prometheus_client.parser import text_string_to_metric_families

        return cls(
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }
        )

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name which have these labels, whatever others they have; 0 without any."""
        wanted = labels.items()
        return sum(value for (own, has), value in self.samples.items() if own == name and wanted <= has)


@dataclass(frozen=True, slots=True)
class Change:
    """Two scrapes of one server."""

    before: Scrape
    after: Scrape

    def count(self, name: str, **labels: str) -> float:
        """By how much a counter has grown."""
        return self.after.total(name, **labels) - self.before.total(name, **labels)

    def mean(self, histogram: str) -> float | None:
        """The mean of what a histogram observed in between, None when that is nothing."""
        observed = self.count(f"{histogram}_count")
        return self.count(f"{histogram}_sum") / observed if observed else None


async def scrape(http: aiohttp.ClientSession) -> Scrape | None:
    """The server's metrics now, None when it has none."""
    import aiohttp

    try:
        async with http.get("metrics", allow_redirects=False) as response:
            return Scrape.parse(await response.text()) if response.status == HTTPStatus.OK else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
