"""Engines: `list[str] -> list[Hypothesis]`. The only room that imports a machine-learning library.

Nothing heavy is imported here: the modules of the engines are imported by the loaders in `service.engines.loading` when
an engine is first asked for.
"""

from __future__ import annotations

from service.engines.base import Engine
from service.engines.echo import EchoEngine

__all__ = ["EchoEngine", "Engine"]
