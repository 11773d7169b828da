"""The vocabulary of an OPUS-MT model: a SentencePiece model for each side and one table of ids for both.

Files of a `MarianMTModel` folder: `source.spm`, `target.spm`, `vocab.json` (piece -> id). Models with several target
languages have a token for each, such as `>>fra<<`, which is written before the text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from service.engines.tokens import MAX_SOURCE_TOKENS, Vocabulary, sentencepiece_model
from service.errors import InvalidInput, ModelCorrupt, ModelMissing

SOURCE_FILE: Final = "source.spm"
TARGET_FILE: Final = "target.spm"
IDS_FILE: Final = "vocab.json"
# Another table for the target side: a layout this does not read.
_TARGET_IDS_FILE: Final = "target_vocab.json"
END: Final = "</s>"
UNKNOWN: Final = "<unk>"
PADDING: Final = "<pad>"
_NAMED_TOKENS: Final = 8


class OpusVocabulary(Vocabulary):
    """Ids as `MarianTokenizer` of transformers gives them, but for two things that a text must not do.

    A `>>fra<<` at the start of a text is text and chooses no language; punctuation is left as it is whether or not
    `sacremoses` is installed.
    """

    def __init__(
        self,
        folder: Path,
        model_id: str,
        *,
        target_token: str | None = None,
        max_source_tokens: int = MAX_SOURCE_TOKENS,
    ) -> None:
        """Raises ModelMissing or ModelCorrupt naming the file, InvalidInput for a token that the model has not."""
        self.tokens = _tokens(folder, model_id)
        ids = {token: place for place, token in enumerate(self.tokens)}
        super().__init__(end=ids[END], max_source_tokens=max_source_tokens)
        self.unknown = ids[UNKNOWN]
        self._prefix = [] if target_token is None else [_target_id(target_token, ids, model_id)]
        path = folder / SOURCE_FILE
        try:
            self._source = sentencepiece_model(path)
            path = folder / TARGET_FILE
            self._target = sentencepiece_model(path)
        except (OSError, RuntimeError) as error:
            raise unreadable(path, model_id, error) from error
        # By SentencePiece's own ids: what is unknown to it comes back as the text's characters, which could spell the
        # name of a token.
        pieces = [self._source.id_to_piece(place) for place in range(self._source.get_piece_size())]
        self._ids_of_pieces = [ids.get(piece, self.unknown) for piece in pieces]

    def decode(self, ids: list[int]) -> str:
        """The text of target ids; an end-of-sentence token at their end is left out."""
        text: str = self._target.decode_pieces([self.tokens[one] for one in self._without_end(ids)])
        # A piece that only the source side knows keeps its mark of a space.
        return text.replace("▁", " ").strip()

    def _encode_one(self, text: str) -> list[int]:
        return [*self._prefix, *(self._ids_of_pieces[piece] for piece in self._source.encode(text)), self.end]


def unreadable(path: Path, model_id: str, error: Exception) -> ModelMissing | ModelCorrupt:
    """What to raise for a file of a model that could not be read, with what repairs it."""
    if not path.exists():
        return ModelMissing(f"{path} is missing; {repair(model_id)}", model_id=model_id)
    return ModelCorrupt(f"{path} cannot be used ({error}); {repair(model_id)}", model_id=model_id)


def repair(model_id: str) -> str:
    """How to get the model's files again."""
    return f"get the model again with 'manchete models pull {model_id}', or replace its folder"


def _tokens(folder: Path, model_id: str) -> list[str]:
    path = folder / IDS_FILE
    try:
        ids = json.loads(path.read_text(encoding="utf-8"))
        tokens = sorted(ids, key=ids.__getitem__)
        if [ids[token] for token in tokens] != list(range(len(tokens))):
            raise ValueError("its ids are not 0, 1, 2 and so on")
        if not {END, UNKNOWN, PADDING} <= ids.keys():
            raise ValueError(f"it lacks one of {END}, {UNKNOWN}, {PADDING}")
        if (folder / _TARGET_IDS_FILE).exists():
            raise ValueError(f"there is also {_TARGET_IDS_FILE}, and vocabularies of two tables are not supported")
    except (OSError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(path, model_id, error) from error
    return tokens


def _target_id(token: str, ids: dict[str, int], model_id: str) -> int:
    known = sorted(one for one in ids if one.startswith(">>") and one.endswith("<<"))
    if token not in known:
        some = ", ".join(known[:_NAMED_TOKENS]) or "none"
        more = f" and {len(known) - _NAMED_TOKENS} more" if len(known) > _NAMED_TOKENS else ""
        raise InvalidInput(
            f"target_token: {token[:40]} is no target language of {model_id}; it has {some}{more}", field="target_token"
        )
    return ids[token]
