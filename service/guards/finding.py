"""What a guard has to say."""

from __future__ import annotations

import msgspec

from service.types import Span


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with the translation of a segment.

    `code` is stable and kebab-case, `message` is for people, `span` is the range of the segment's source that it is
    about, in characters. `mendable` says that another hypothesis for the same source may be free of it.
    """

    code: str
    message: str
    span: Span
    mendable: bool = True
