"""The command line: `manchete serve | translate | detect | summarize | digest | models`.

Commands load what they use when they run: a translation from the shell must not wait for an HTTP framework.
"""

from __future__ import annotations

from service.cli.app import main

__all__ = ["main"]
