"""Benchmarks: `manchete bench speed` and `manchete bench load`, on one result schema.

Nothing is imported here: `benchmarks.cli` is mounted by the command line and has to start quickly.
"""

from __future__ import annotations
