"""Benchmarks, the commands of `manchete bench`: one runner, one result schema, one report, one signature.

Nothing is imported here: `benchmarks.cli` is mounted by the command line and has to start quickly.
"""

from __future__ import annotations
