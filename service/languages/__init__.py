"""Language codes: normalised to BCP-47, named, and related to their variants."""

from __future__ import annotations

from service.languages.tags import name, normalise, primary, script, variants

__all__ = ["name", "normalise", "primary", "script", "variants"]
