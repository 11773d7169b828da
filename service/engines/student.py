"""Serves a converted student with ONNX Runtime."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.engines.decoding import Found, Seconds, beam_width, collected, hypothesis_of
from service.engines.encoding import Encoder
from service.engines.greedy_search import GreedySearch
from service.engines.loading import SHORTLIST_FILE, STUDENT, WEIGHTS_FILE, expected_bytes
from service.engines.shortlist import Shortlist, ShortlistFormatError, read_shortlist
from service.engines.student_batch import Row, batches, beam_results, lay_out, own_candidates
from service.engines.tokens import MAX_SOURCE_TOKENS, Tokenizer, VocabularyFormatError
from service.errors import EngineFailure, ModelCorrupt
from service.types import GREEDY, DecodeOptions, Hypothesis, ModelSignature

if TYPE_CHECKING:
    import onnxruntime

ENCODER_FILE: Final = "encoder.onnx"
CANDIDATES_FILE: Final = "candidates.onnx"
GREEDY_FILE: Final = "greedy.onnx"
BEAM_FILE: Final = "beam.onnx"
VOCABULARY_FILE: Final = "vocab.spm"
SOURCE_VOCABULARY_FILE: Final = "srcvocab.spm"
TARGET_VOCABULARY_FILE: Final = "trgvocab.spm"


class StudentEngine:
    """A Firefox/Bergamot student in static int8. Satisfies `service.engines.base.Engine`."""

    def __init__(
        self,
        signature: ModelSignature,
        folder: Path,
        tokenizer: Tokenizer,
        shortlist: Shortlist,
        weights_bytes: int,
    ) -> None:
        self.signature = signature
        self.max_source_tokens = MAX_SOURCE_TOKENS
        self._folder = folder
        self._weights_bytes = weights_bytes
        self._encoder: Any = Encoder(_session(folder / ENCODER_FILE, signature.model))
        self._lay_out: Any = partial(lay_out, _session(folder / CANDIDATES_FILE, signature.model))
        self._greedy: Any = GreedySearch(_session(folder / GREEDY_FILE, signature.model))
        self._beam: Any = None
        self._beam_lock = threading.Lock()
        self._tokenizer = tokenizer
        self._shortlist = shortlist

    @property
    def resident_bytes(self) -> int:
        """Estimate of the memory that unloading the model gives back; it grows when beam search is first used."""
        sessions = 1 if self._beam is None else 2
        return expected_bytes(STUDENT, sessions * self._weights_bytes, self._shortlist.resident_bytes)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the end-of-sentence token included."""
        return [len(ids) for ids in self._tokenizer.encode(texts)]

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        """Translate each text; the answer has the length and the order of `texts`.

        Raises TooLarge for too wide a beam, EngineFailure when a text is too long or ONNX Runtime fails.
        """
        return collected(self.translate_in_parts(texts, options), len(texts))

    def translate_in_parts(
        self, texts: Sequence[str], options: DecodeOptions = GREEDY
    ) -> Iterator[dict[int, Hypothesis]]:
        """As `translate`, but what greedy search finds is given when its loop is left, by the places of the texts."""
        beam_width(options)
        started = time.perf_counter()
        rows = self._rows(texts)
        tokenize_seconds = time.perf_counter() - started
        for batch in batches(rows):
            started = time.perf_counter()
            for found in self._found(batch, options):
                seconds = Seconds(tokenize_seconds, time.perf_counter() - started)
                yield {
                    batch[place].index: hypothesis_of(
                        nbest, options.n_best, len(batch[place].ids), self._tokenizer, seconds
                    )
                    for place, nbest in found.items()
                }

    def close(self) -> None:
        """Give the sessions' memory back."""
        self._encoder = self._lay_out = self._greedy = self._beam = None

    def _rows(self, texts: Sequence[str]) -> list[Row]:
        encoded = self._tokenizer.encode_segments(texts)
        copied = map(self._tokenizer.copied, texts)
        return [
            Row(index, ids, self._shortlist.candidates(ids, own))
            for index, (ids, own) in enumerate(zip(encoded, copied, strict=True))
        ]

    def _found(self, batch: Sequence[Row], options: DecodeOptions) -> Iterator[dict[int, list[Found]]]:
        try:
            yield from self._search(batch, options)
        except ModelCorrupt:
            raise
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            raise EngineFailure(f"{self.signature.model} failed in ONNX Runtime: {type(error).__name__}") from error

    def _search(self, batch: Sequence[Row], options: DecodeOptions) -> Iterator[dict[int, list[Found]]]:
        """What the search finds for the rows, by their places in the batch, as it finds it."""
        memory = self._encoder(batch)
        candidates = own_candidates(batch, self._lay_out)
        if options == GREEDY:
            for found in self._greedy(batch, memory, candidates):
                yield {place: [one] for place, one in found.items()}
            return
        limits = np.array([row.limit for row in batch], dtype=np.int64)
        beam = np.array([beam_width(options)], dtype=np.int64)
        feeds = {**memory, **candidates.feeds(), "limits": limits, "beam": beam}
        yield dict(enumerate(beam_results(batch, self._beam_session().run(None, feeds))))

    def _beam_session(self) -> Any:
        # Few requests ask for more than the best: the second graph's memory is taken when one does.
        with self._beam_lock:
            if self._beam is None:
                self._beam = _session(self._folder / BEAM_FILE, self.signature.model)
            return self._beam


def load_student(folder: Path, signature: ModelSignature, vocabulary_size: int) -> StudentEngine:
    """Load a converted student for use on one core a call; raises ModelCorrupt naming the file that cannot be used."""
    separate = (folder / SOURCE_VOCABULARY_FILE).exists()
    vocabularies = [folder / name for name in vocabulary_files(2 if separate else 1)]
    path = folder / SHORTLIST_FILE
    try:
        tokenizer = Tokenizer(*vocabularies)
        # The model has as many source ids as the shortlist has lists: that was checked when it was converted.
        tokenizer.check_sizes(vocabularies, tokenizer.source_size, vocabulary_size)
        shortlist = read_shortlist(path, tokenizer.source_size, tokenizer.target_size)
        path = folder / WEIGHTS_FILE
        weights_bytes = path.stat().st_size
    except VocabularyFormatError as error:
        raise _corrupt(signature.model, error.path, str(error)) from error
    except (ShortlistFormatError, OSError) as error:
        raise _corrupt(signature.model, path, f"cannot be read ({error})") from error
    return StudentEngine(signature, folder, tokenizer, shortlist, weights_bytes)


def vocabulary_files(count: int) -> tuple[str, ...]:
    """What the vocabularies are called in a converted student's folder: one for both languages, or one for each."""
    return (VOCABULARY_FILE,) if count == 1 else (SOURCE_VOCABULARY_FILE, TARGET_VOCABULARY_FILE)


def _session(path: Path, model_id: str) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One core a call: several calls run side by side, which serves more than one call on several cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Plans of memory reuse are kept for each input shape, and shapes here are endless: memory would only grow.
    options.enable_mem_pattern = False
    # The arena of a session has one lock, on which two calls at once wait for each other; malloc has one a thread.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            # Measured 6.6 times slower than the addition and the normalisation that it replaces.
            disabled_optimizers=["SkipLayerNormFusion", "BiasSkipLayerNormFusion"],
        )
    except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
        raise _corrupt(model_id, path, f"cannot be loaded ({type(error).__name__})") from error


def _corrupt(model_id: str, path: Path, what: str) -> ModelCorrupt:
    return ModelCorrupt(f"{path} {what}; run 'manchete models prepare --force' to repair it", model_id=model_id)
