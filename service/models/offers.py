"""What sources of models offer."""

from __future__ import annotations

from pathlib import Path

import msgspec

from service.models.download import RemoteFile
from service.models.entry import ModelEntry


class Offer(msgspec.Struct, frozen=True):
    """A model that can be pulled: its files are fetched from a server, or lie in a folder of this machine already.

    `weights` is the name of the file that the others belong to. `obstacle` says why no engine here could run it.
    """

    entry: ModelEntry
    weights: str
    files: tuple[RemoteFile, ...] = ()
    folder_files: tuple[tuple[str, Path], ...] = ()
    obstacle: str | None = None

    @property
    def bytes(self) -> int:
        """What has to be fetched."""
        return sum(file.size for file in self.files)
