"""What is known of one model, wherever it comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec.structs import replace

from service.errors import ModelMissing
from service.languages import primary

EngineKind = Literal["student", "ctranslate2", "seq2seq"]
KINDS: Final[tuple[str, ...]] = get_args(EngineKind)
UNKNOWN_LICENCE: Final = "unknown"
# ISO 639-2 for several languages.
SEVERAL: Final = "mul"

_MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
# How Marian spells a target token.
_OPENING: Final = ">>"


class SourceFile(msgspec.Struct, frozen=True):
    """A file of a model as published: its path within the carrier, SHA-256 in hexadecimal."""

    path: str
    sha256: str


class Carried(msgspec.Struct, frozen=True):
    """Where a student that arrives with `pip install` is within its carrier."""

    model: SourceFile
    vocabulary: SourceFile
    shortlist: SourceFile


class ModelEntry(msgspec.Struct, frozen=True):
    """One model. Languages are BCP-47; `target_variant` is what a regionless target really is.

    A group model reads or writes several languages; `target_tokens` then says, for each target, the token that asks for
    it (`fr` -> `>>fra<<`). `parameters` is the number of weights, 0 where it is not known; `score` a BLEU on FLORES
    that its makers published; `speed` the source tokens a second that it was measured to take on this machine.
    """

    model_id: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    revision: str
    origin: str
    licence: str = UNKNOWN_LICENCE
    kind: EngineKind = "student"
    target_variant: str | None = None
    target_tokens: Mapping[str, str] = msgspec.field(default_factory=dict)
    parameters: int = 0
    score: float | None = None
    carried: Carried | None = None
    speed: float | None = None

    @property
    def source(self) -> str:
        """The language it reads; `mul` where there are several."""
        return self.sources[0] if len(self.sources) == 1 else SEVERAL

    @property
    def target(self) -> str:
        """The language it writes; `mul` where there are several."""
        return self.targets[0] if len(self.targets) == 1 else SEVERAL

    @property
    def pair(self) -> str:
        """The direction as routes report it, `pt-en`; `mul-en` of a group model that was not narrowed to one."""
        return f"{self.source}-{self.target}"

    @property
    def target_token(self) -> str | None:
        """The token that asks for the target, of a model of one direction that needs one."""
        return self.target_tokens.get(self.targets[0]) if len(self.targets) == 1 else None

    @property
    def model(self) -> SourceFile:
        """The weights within the carrier; raises ModelMissing for a model that does not arrive with pip."""
        return self._carried().model

    @property
    def vocabulary(self) -> SourceFile:
        """The vocabulary within the carrier; raises ModelMissing."""
        return self._carried().vocabulary

    @property
    def shortlist(self) -> SourceFile:
        """The shortlist within the carrier; raises ModelMissing."""
        return self._carried().shortlist

    def narrowed(self, source: str, target: str) -> ModelEntry:
        """The same model for one of its directions, whose tags are written as in `sources` and `targets`.

        A target that is asked for by a token makes another engine, hence another id: `opus-mt-en-ROMANCE>>fra<<`.
        """
        token = self.target_tokens.get(target)
        if token is None and self.sources == (source,) and self.targets == (target,):
            return self
        plain = language_key(target)
        return replace(
            self,
            model_id=self.model_id + (token or ""),
            sources=(source,),
            targets=(plain,),
            target_tokens={plain: token} if token else {},
            target_variant=self.target_variant if plain == target else target,
        )

    def _carried(self) -> Carried:
        if self.carried is None:
            raise ModelMissing(f"{self.model_id} does not arrive with the installation", model_id=self.model_id)
        return self.carried

    def to_fields(self) -> dict[str, Any]:
        """What a manifest keeps of it: plain JSON values."""
        names = ("model_id", "revision", "origin", "licence", "kind", "target_variant", "parameters", "score")
        fields = {name: getattr(self, name) for name in names}
        lists = {"sources": list(self.sources), "targets": list(self.targets)}
        return {**fields, **lists, "target_tokens": dict(self.target_tokens)}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> ModelEntry:
        """Read what `to_fields` wrote; raises ValueError, TypeError or KeyError when it is not that."""
        languages = {name: tuple(fields[name]) for name in ("sources", "targets")}
        entry = cls(**{**fields, **languages})
        texts = (*entry.sources, *entry.targets, *entry.target_tokens, *entry.target_tokens.values())
        well_typed = (
            all(isinstance(text, str) for text in (*texts, entry.revision, entry.origin, entry.licence)),
            isinstance(entry.parameters, int),
            isinstance(entry.score, float | int | None),
            isinstance(entry.target_variant, str | None),
        )
        known = is_model_id(entry.model_id) and entry.kind in KINDS and entry.sources and entry.targets
        if not known or not all(well_typed):
            raise ValueError("not a model's fields")
        return entry


def is_model_id(text: object) -> bool:
    """Whether `text` may be a model's id, and so the name of its folder."""
    return isinstance(text, str) and _MODEL_ID.fullmatch(text) is not None and ".." not in text


def base_id(model_id: str) -> str:
    """The id of the model as it is installed, without the target token of a narrowed one."""
    return model_id.partition(_OPENING)[0]


def language_key(tag: str) -> str:
    """What routes tell languages by: a script makes another written language (zh-Hans, zh-Hant), a region does not."""
    return "-".join([primary(tag), *(part for part in tag.split("-")[1:] if len(part) == 4)])


def estimated_loss(entry: ModelEntry) -> float:
    """What a translation loses, 0 to 1, for comparing models: 1 - BLEU / 100, else guessed from the size.

    The guess: 0.60 for a student of 16 million weights, 0.03 less each time the size doubles, which is roughly what
    published scores of small and large models of one pair differ by.
    """
    if entry.score is not None:
        return min(1.0, max(0.0, 1.0 - entry.score / 100.0))
    smallest = 16e6
    return min(0.8, max(0.3, 0.60 - 0.03 * math.log2(max(entry.parameters, smallest / 8) / smallest)))
