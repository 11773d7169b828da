"""Results as text to read."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from service.cli.exits import complain
from service.languages import name
from service.types import Detection, DigestResult, Notice


def print_text(text: str) -> None:
    """Print a text exactly as it is; on a terminal, the prompt gets a line of its own."""
    sys.stdout.write(text)
    if sys.stdout.isatty() and not text.endswith("\n"):
        sys.stdout.write("\n")


def print_line(text: str) -> None:
    """Print a text and a line feed."""
    sys.stdout.write(f"{text}\n")


def print_notices(notices: Iterable[Notice]) -> None:
    """Write each warning to standard error, on a line of its own."""
    for notice in notices:
        complain(f"{notice.code}: {' '.join(notice.message.split())}")


def print_digest(result: DigestResult) -> None:
    """Print what the text is, its headline, the summary and the translation; warnings go to standard error."""
    translation = result.translation
    print_notices([*translation.warnings, *result.summary.warnings])
    parts = [f"{_described(result.detected)} -> {name(translation.target)}"]
    if result.title:
        parts.append(result.title)
    parts += ["Summary", result.summary.text, "Translation", translation.text.rstrip()]
    sys.stdout.write("\n\n".join(parts) + "\n")


def _described(detection: Detection) -> str:
    language = f"{name(detection.language)} ({detection.language})"
    return language if detection.provenance == "caller" else f"{language}, {detection.confidence:.1%} sure"
