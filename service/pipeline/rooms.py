"""What the pipeline is given: the rooms it calls in order, already wired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from service.batching import Batcher
from service.detect import Detector
from service.guards import Check, Watch, check
from service.models import ModelPool, Router

if TYPE_CHECKING:
    from service.summarize import Writer


class Rooms(msgspec.Struct, frozen=True):
    """The pipeline's collaborators, the one limit it enforces itself (in characters), versions to report, the
    guards, who hears what they find, and what writes summaries, where something does."""

    detector: Detector
    router: Router
    pool: ModelPool
    batcher: Batcher
    char_limit: int
    libraries: Mapping[str, str]
    check: Check = check
    watch: Watch = msgspec.field(default_factory=Watch)
    writer: Writer | None = None
