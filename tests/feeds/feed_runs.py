"""What most tests of feeds do: subscribe, run, look."""

from __future__ import annotations

import json
from typing import Any

from service.feeds.addresses import policy_from
from service.feeds.config import FetchConfig
from service.feeds.desk import FeedDesk
from service.feeds.opml import Outline
from service.feeds.progress import Progress, RunOptions, RunReport
from service.pipeline import Pipeline

LOCAL = FetchConfig(
    addresses=policy_from("127.0.0.1"),
    total_seconds=5.0,
    host_pause_seconds=0.0,
    backoff_seconds=0.01,
    max_bytes=1_000_000,
)


def subscribe(desk: FeedDesk, *urls: str, full_text: bool = False) -> None:
    """Subscribe to all of them; none may be refused."""
    added = desk.add([Outline(url, None) for url in urls], full_text=full_text)
    assert [one.reason for one in added] == [None] * len(urls)


def run(desk: FeedDesk, pipeline: Pipeline, **options: Any) -> RunReport:
    """One run to English."""
    return desk.run(pipeline, RunOptions("en", **options), Progress())


def exported(desk: FeedDesk) -> list[dict[str, Any]]:
    """Every item, as it is exported."""
    return [json.loads(line) for line in desk.export()]
