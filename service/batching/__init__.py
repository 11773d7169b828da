"""One queue for the segments of all requests: padded-token batches, priorities, fairness, deadlines, admission."""

from __future__ import annotations

from service.batching.batcher import Batcher
from service.batching.contract import (
    BatchReport,
    Dropped,
    Limits,
    Memory,
    Observer,
    Outcome,
    Part,
    QueueLoad,
    Recall,
    Run,
)
from service.batching.jobs import Ticket
from service.batching.memory import MemoryCounts, TranslationMemory

__all__ = [
    "BatchReport",
    "Batcher",
    "Dropped",
    "Limits",
    "Memory",
    "MemoryCounts",
    "Observer",
    "Outcome",
    "Part",
    "QueueLoad",
    "Recall",
    "Run",
    "Ticket",
    "TranslationMemory",
]
