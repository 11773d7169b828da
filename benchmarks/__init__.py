"""Benchmarks: `manchete bench speed`, `load` and `summarize`, on one result schema.

Nothing is imported here: `benchmarks.cli` is mounted by the command line and has to start quickly.
"""

from __future__ import annotations
