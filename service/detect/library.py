"""What is used of langdetect, imported when first needed and by one thread at a time.

Its modules import one another in a circle, where Python lets a second thread see them half-made.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

_importing = Lock()


def spell(letter: str) -> str:
    """A letter as langdetect's profiles spell it."""
    with _importing:
        from langdetect.utils.ngram import NGram  # type: ignore[import-untyped]
    return str(NGram.normalize(letter))


def profile_files() -> list[Path]:
    """The profiles, one JSON file a language, in the order of their names."""
    with _importing:
        from langdetect.detector_factory import PROFILES_DIRECTORY  # type: ignore[import-untyped]
    return sorted(Path(PROFILES_DIRECTORY).iterdir())
