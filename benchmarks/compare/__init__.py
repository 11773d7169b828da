"""`manchete bench compare`: the same texts through several systems, side by side."""

from __future__ import annotations
