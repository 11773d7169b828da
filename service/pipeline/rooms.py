"""What the pipeline is given: the rooms it calls in order, already wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.batching import Batcher
from service.detect import Detector
from service.guards import Check, Watch, check
from service.models import ModelPool, Router


@dataclass(frozen=True, slots=True)
class Rooms:
    """The pipeline's collaborators, the one limit it enforces itself (in characters), versions to report, the
    guards, and who hears what they find."""

    detector: Detector
    router: Router
    pool: ModelPool
    batcher: Batcher
    char_limit: int
    libraries: Mapping[str, str]
    check: Check = check
    watch: Watch = field(default_factory=Watch)
