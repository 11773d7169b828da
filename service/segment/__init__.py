"""A text and its segments: taken apart for the engines, put together again without losing a character."""

from __future__ import annotations

from service.segment.document import Document, Joined, Segment
from service.segment.pieces import CountTokens
from service.segment.splitter import sentences, split

__all__ = ["CountTokens", "Document", "Joined", "Segment", "sentences", "split"]
