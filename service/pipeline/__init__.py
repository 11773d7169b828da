"""The one readable path: detect -> route -> segment -> translate -> join -> summarize."""

from __future__ import annotations

from service.pipeline.pipeline import Pipeline
from service.pipeline.rooms import Rooms
from service.pipeline.steps import Pause, Steps, complete
from service.pipeline.stories import StoryRequest, StoryResult

__all__ = ["Pause", "Pipeline", "Rooms", "Steps", "StoryRequest", "StoryResult", "complete"]
