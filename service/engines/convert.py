"""Turns a Marian student's files into what the student engine loads. Needs the `onnx` package; serving does not."""

from __future__ import annotations

import shutil
from pathlib import Path

from service.engines.architecture import read_architecture
from service.engines.beam_graph import beam_graph
from service.engines.candidate_graph import candidate_graph
from service.engines.encoder_graph import encoder_graph
from service.engines.external import write_graphs
from service.engines.greedy_graph import greedy_graph
from service.engines.loading import SHORTLIST_FILE, StudentFiles
from service.engines.marian import MarianFormatError, read_marian
from service.engines.pairing import arranged
from service.engines.shortlist import ShortlistFormatError, read_shortlist
from service.engines.student import BEAM_FILE, CANDIDATES_FILE, ENCODER_FILE, GREEDY_FILE, vocabulary_files
from service.engines.tokens import Tokenizer, VocabularyFormatError
from service.errors import ModelCorrupt


def convert_student(files: StudentFiles, destination: Path, model_id: str) -> int:
    """Write the graphs, the vocabularies and the shortlist into the folder `destination`; returns the size of the
    target's vocabulary.

    Raises ModelCorrupt naming the source file that is not what it should be, OSError when the disk refuses.
    """
    path = files.model
    try:
        model = read_marian(files.model)
        arch = read_architecture(model)
        model = arranged(model, arch)
        graphs = {
            ENCODER_FILE: encoder_graph(model),
            CANDIDATES_FILE: candidate_graph(model),
            GREEDY_FILE: greedy_graph(model),
            BEAM_FILE: beam_graph(model),
        }
        path = files.shortlist
        read_shortlist(files.shortlist, arch.source_vocabulary, arch.target_vocabulary)
        tokenizer = Tokenizer(*files.vocabularies)
        tokenizer.check_sizes(files.vocabularies, arch.source_vocabulary, arch.target_vocabulary)
    except VocabularyFormatError as error:
        raise ModelCorrupt(f"{error.path} {error}", model_id=model_id) from error
    except (MarianFormatError, ShortlistFormatError) as error:
        raise ModelCorrupt(f"{path}: {error}", model_id=model_id) from error
    write_graphs(graphs, destination)
    for vocabulary, name in zip(files.vocabularies, vocabulary_files(len(files.vocabularies)), strict=True):
        shutil.copyfile(vocabulary, destination / name)
    shutil.copyfile(files.shortlist, destination / SHORTLIST_FILE)
    return arch.target_vocabulary
