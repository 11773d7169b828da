"""What a guard has to say."""

from __future__ import annotations

from dataclasses import dataclass

from service.types import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the translation of a segment.

    `code` is stable and kebab-case, `message` is for people, `span` is the range of the segment's source that it is
    about, in characters. `mendable` says that another hypothesis for the same source may be free of it.
    """

    code: str
    message: str
    span: Span
    mendable: bool = True
