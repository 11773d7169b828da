"""The one readable path: detect -> route -> segment -> translate -> join -> summarize."""

from __future__ import annotations

from service.pipeline.pipeline import Pipeline
from service.pipeline.rooms import Rooms
from service.pipeline.steps import Pause, Steps, complete

__all__ = ["Pause", "Pipeline", "Rooms", "Steps", "complete"]
