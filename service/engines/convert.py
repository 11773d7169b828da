"""Turns a Marian student's files into what the student engine loads. Needs the `onnx` package; serving does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from service.engines.architecture import read_architecture
from service.engines.beam_graph import beam_graph
from service.engines.encoder_graph import encoder_graph
from service.engines.external import write_graphs
from service.engines.greedy_graph import greedy_graph
from service.engines.loading import SHORTLIST_FILE
from service.engines.marian import MarianFormatError, read_marian
from service.engines.shortlist import ShortlistFormatError, read_shortlist
from service.engines.student import BEAM_FILE, ENCODER_FILE, GREEDY_FILE, VOCABULARY_FILE
from service.errors import ModelCorrupt


@dataclass(frozen=True, slots=True)
class StudentFiles:
    """The three files of a student as Mozilla publishes them."""

    model: Path
    vocabulary: Path
    shortlist: Path


def convert_student(files: StudentFiles, destination: Path, model_id: str) -> int:
    """Write the graphs, the vocabulary and the shortlist into the folder `destination`; returns the vocabulary size.

    Raises ModelCorrupt naming the source file that is not what it should be, OSError when the disk refuses.
    """
    path = files.model
    try:
        model = read_marian(files.model)
        vocabulary_size = read_architecture(model).vocabulary
        graphs = {
            ENCODER_FILE: encoder_graph(model),
            GREEDY_FILE: greedy_graph(model),
            BEAM_FILE: beam_graph(model),
        }
        path = files.shortlist
        read_shortlist(files.shortlist, vocabulary_size)
    except (MarianFormatError, ShortlistFormatError) as error:
        raise ModelCorrupt(f"{path}: {error}", model_id=model_id) from error
    write_graphs(graphs, destination)
    (destination / VOCABULARY_FILE).write_bytes(files.vocabulary.read_bytes())
    (destination / SHORTLIST_FILE).write_bytes(files.shortlist.read_bytes())
    return vocabulary_size
