"""Students whose languages have a vocabulary each: what they write, and what is said of files that do not fit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from marian_files import CHARACTERS, shortlist, two_vocabulary_files, vocabulary_size
from msgspec.structs import replace
from toy_language import held_out, in_characters

from service.engines import Engine
from service.engines.loading import Placement, StudentFiles, convert, load_marian_torch, load_student
from service.engines.shortlist import SHARED_CANDIDATES
from service.errors import ModelCorrupt
from service.types import DecodeOptions

SOURCES = [source for source, _ in held_out()]
TARGETS = [in_characters(target) for _, target in held_out()]


def test_what_was_learnt_is_translated_in_int8_and_in_float(two_student: Engine, two_reference: Engine) -> None:
    ours, theirs = two_student.translate(SOURCES), two_reference.translate(SOURCES)
    for answers in (ours, theirs):
        right = sum(one.text == target for one, target in zip(answers, TARGETS, strict=True))
        assert right >= 0.95 * len(TARGETS), f"{right} of {len(TARGETS)} are right"
    same = [(left, right) for left, right in zip(ours, theirs, strict=True) if left.text == right.text]
    assert len(same) >= 0.97 * len(TARGETS)
    for left, right in same:
        assert left.score == pytest.approx(right.score, abs=0.05)


def test_mozillas_own_engine_reads_the_same_files_alike(two_student: Engine, two_vocabularies: StudentFiles) -> None:
    theirs = pytest.importorskip("fxtranslate", reason="Mozilla's engine is installed with the bench extra")
    files = (two_vocabularies.model, *two_vocabularies.vocabularies, two_vocabularies.shortlist)
    translator = theirs.Translator(*(path.read_bytes() for path in files))
    ours = [one.text for one in two_student.translate(SOURCES)]
    same = sum(translator.translate(source) == text for source, text in zip(SOURCES, ours, strict=True))
    assert same >= 0.97 * len(SOURCES), f"{same} of {len(SOURCES)} are the same"


def test_a_beam_translates_it_too(two_student: Engine, two_reference: Engine) -> None:
    for engine in (two_student, two_reference):
        answers = engine.translate(SOURCES[:40], DecodeOptions(beam=4, n_best=2))
        assert sum(one.text == target for one, target in zip(answers, TARGETS, strict=False)) >= 38


def test_tokens_are_counted_in_the_sources_vocabulary(two_student: Engine, two_vocabularies: StudentFiles) -> None:
    source, target = (
        sentencepiece.SentencePieceProcessor(model_file=str(path)) for path in two_vocabularies.vocabularies
    )
    counts = two_student.count_tokens(SOURCES)
    assert counts == [len(source.encode(text)) + 1 for text in SOURCES]
    assert counts != [len(target.encode(text)) + 1 for text in SOURCES]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> StudentFiles:
    """A random student whose target has more tokens than every sentence may use."""
    return write(tmp_path_factory.mktemp("random"), two_vocabulary_files())


def write(folder: Path, files: dict[str, bytes]) -> StudentFiles:
    for kind, content in files.items():
        (folder / kind).write_bytes(content)
    return StudentFiles(folder / "model", (folder / "srcvocab", folder / "trgvocab"), folder / "lex")


@pytest.fixture(scope="module")
def converted(published: StudentFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("converted")
    return folder, convert(published, folder, "two")


@pytest.fixture(scope="module")
def engine(converted: tuple[Path, int]) -> Iterator[Engine]:
    folder, size = converted
    engine = load_student(folder, "two", "1", size)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def may_write(published: StudentFiles) -> Callable[[str], set[str]]:
    """The characters that a translation of a text may have, computed from the published files."""
    source, target = (sentencepiece.SentencePieceProcessor(model_file=str(path)) for path in published.vocabularies)
    size = target.get_piece_size()
    assert size > SHARED_CANDIDATES + 100

    def allowed(text: str) -> set[str]:
        ids = {*range(SHARED_CANDIDATES), *target.encode(text)}
        for one in {*source.encode(text), 0}:
            ids |= {size - 1 - 2 * one % size, size - 1 - (2 * one + 1) % size}
        return {letter for one in ids for letter in target.id_to_piece(one)}

    return allowed


TEXTS = st.one_of(
    st.text("casa ponte rio 1,2.", max_size=40),
    st.lists(st.sampled_from(["casa", "ponte", "mulher", *CHARACTERS[-60:]]), max_size=12).map(" ".join),
    st.text(max_size=20),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from([DecodeOptions(), DecodeOptions(beam=3, n_best=2)]))
def test_only_what_is_frequent_listed_or_in_the_source_is_written(
    engine: Engine, may_write: Callable[[str], set[str]], texts: list[str], options: DecodeOptions
) -> None:
    answers = engine.translate(texts, options)
    assert len(answers) == len(texts)
    for text, answer in zip(texts, answers, strict=True):
        for one in (answer, *answer.alternatives):
            assert set(one.text) - {" "} <= may_write(text)
            assert 0 < one.target_tokens <= 3 * one.source_tokens + 8


def test_a_list_lets_its_tokens_be_written(engine: Engine, may_write: Callable[[str], set[str]]) -> None:
    everywhere = may_write("")
    texts = ["casa ponte rio", "mulher livro dia", "terra sol lua mar", "homem cidade"]
    written = {letter for answer in engine.translate(texts) for letter in answer.text} - {" "}
    assert written - everywhere, "no translation uses what only its own list allows"


def test_more_source_than_target_ids(tmp_path: Path) -> None:
    """Source ids that were taken for target ids would be out of range."""
    files = write(tmp_path, two_vocabulary_files(reads_chinese=True))
    folder = tmp_path / "converted"
    folder.mkdir()
    engine = load_student(folder, "two", "1", convert(files, folder, "two"))
    reference = load_marian_torch(files, "two", "1", Placement())
    texts = [CHARACTERS[start : start + 9] for start in range(0, len(CHARACTERS), 60)]
    source = sentencepiece.SentencePieceProcessor(model_file=str(files.vocabularies[0]))
    assert max(one for ids in source.encode(texts) for one in ids) > SHARED_CANDIDATES
    for one in (engine, reference):
        answers = one.translate(texts)
        assert [answer.source_tokens for answer in answers] == one.count_tokens(texts)
        assert [one.translate([text])[0].text for text in texts] == [answer.text for answer in answers]
        one.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: replace(files, vocabularies=files.vocabularies[::-1]), r"srcvocab|trgvocab has \d+ pieces"),
        (lambda files: replace(files, vocabularies=files.vocabularies[:1]), r"srcvocab has \d+ pieces, the model has"),
        (
            lambda files: replace(files, vocabularies=(files.vocabularies[0], files.vocabularies[0])),
            r"srcvocab has \d+ pieces, the model has",
        ),
        (
            lambda files: replace(files, vocabularies=(files.vocabularies[0], files.model.with_name("none"))),
            "none cannot be read",
        ),
        (lambda files: replace(files, vocabularies=(files.model, files.vocabularies[1])), "model cannot be read"),
    ],
)
def test_vocabularies_that_do_not_fit_are_named(
    published: StudentFiles, tmp_path: Path, change: Callable[[StudentFiles], StudentFiles], message: str
) -> None:
    files = change(published)
    with pytest.raises(ModelCorrupt, match=message):
        convert(files, tmp_path, "two")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ModelCorrupt, match=message):
        load_marian_torch(files, "two", "1", Placement())


def test_a_vocabulary_that_was_not_made_for_marian_is_named(published: StudentFiles, tmp_path: Path) -> None:
    lines = [CHARACTERS[start : start + 12] for start in range(20)] * 10
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(tmp_path / "other"),
        vocab_size=100,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    files = replace(published, vocabularies=(published.vocabularies[0], tmp_path / "other.model"))
    with pytest.raises(ModelCorrupt, match=r"other\.model has ids 2 and 0 for </s> and <unk>, Marian's are 0 and 1"):
        convert(files, tmp_path, "two")


def test_a_shortlist_of_the_other_direction_is_named(published: StudentFiles, tmp_path: Path) -> None:
    size = vocabulary_size(published.vocabularies[1].read_bytes())
    (tmp_path / "other").write_bytes(shortlist({}, size))
    with pytest.raises(ModelCorrupt, match=rf"other: {size + 1} offsets do not fit a source vocabulary of"):
        convert(replace(published, shortlist=tmp_path / "other"), tmp_path, "two")


@pytest.mark.parametrize("name", ["srcvocab.spm", "trgvocab.spm", "lex.bin"])
def test_a_file_missing_from_the_converted_student_is_named(
    converted: tuple[Path, int], tmp_path: Path, name: str
) -> None:
    folder, size = converted
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / name).unlink()
    # Without the source's, what remains looks like a student with one vocabulary that lacks it.
    missing = "vocab.spm" if name == "srcvocab.spm" else name
    with pytest.raises(ModelCorrupt, match=rf"/{missing} cannot be read"):
        load_student(copy, "two", "1", size)


def test_a_vocabulary_of_another_size_than_was_converted_is_named(converted: tuple[Path, int]) -> None:
    folder, size = converted
    with pytest.raises(ModelCorrupt, match=rf"trgvocab\.spm has {size} pieces, the model has {size + 1}"):
        load_student(folder, "two", "1", size + 1)


def test_the_output_layers_scale_may_have_the_name_that_a_shortlist_gives_it(
    engine: Engine, published: StudentFiles, tmp_path: Path
) -> None:
    content = published.model.read_bytes()
    # Of the same length, so that all offsets of the file stay right.
    (tmp_path / "model").write_bytes(content.replace(b"decoder_Wemb_QuantMultA", b"none_QuantMultA\0\0\0\0\0\0\0\0"))
    folder = tmp_path / "converted"
    folder.mkdir()
    size = convert(replace(published, model=tmp_path / "model"), folder, "two")
    renamed = load_student(folder, "two", "1", size)
    texts = ["casa ponte rio", "mulher livro"]
    assert [one.text for one in renamed.translate(texts)] == [one.text for one in engine.translate(texts)]
    renamed.close()
