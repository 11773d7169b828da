"""Which language a text is in, how sure that is, and what else it may be."""

from __future__ import annotations

from service.detect.detector import Detector

__all__ = ["Detector"]
