"""What must come through a translation as it is, or as a glossary says: found, carried past the model, verified.

Only the look at whether there is any is imported at once; all that deals with it, when there is (`markup.veil`).
"""

from __future__ import annotations

from service.markup.hint import may_have_spans

__all__ = ["may_have_spans"]
