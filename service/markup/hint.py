"""Whether a text may have anything in it that must come through as it is: most do not, and pay for this look only."""

from __future__ import annotations

import re

PICTURE = "[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
# A mathematical operator that hardly any text has: neither a letter, which would be prose, nor a symbol that the
# segmenter takes off the edges of a sentence.
STAND_IN = "\u2af7"
_HINT = re.compile(f"[@#{{%`<\u20e3{STAND_IN}©®™‼⁉ℹ]|[.:][a-z/]|{PICTURE}")


def may_have_spans(text: str) -> bool:
    """False where `text` has neither a link, an address, code, a placeholder, a handle nor an emoji."""
    return _HINT.search(text) is not None
