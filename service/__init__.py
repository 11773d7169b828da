"""Manchete: a self-hosted multilingual translation and summarization service.

The package's rooms and the one-way doors between them are drawn in `docs/architecture.md`. Importing `service` loads
none of them, so that `import service` stays cheap.
"""

from __future__ import annotations

__version__ = "0.1.0"
