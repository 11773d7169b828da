"""Models in folders as Hugging Face lays them out: what they answer, through both engines that serve them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hub_models import TARGET_TOKENS, one_thread, write_m2m100, write_nllb
from sentences import ODD
from toy_language import held_out
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, MarianMTModel, MarianTokenizer

from service.engines import Engine
from service.engines.decoding import Found, Seconds, hypothesis_of
from service.engines.loading import Direction, Placement, load_ctranslate2, load_seq2seq
from service.engines.opus import OpusVocabulary
from service.engines.seq2seq import HubVocabulary
from service.engines.tokens import length_limit
from service.errors import EngineFailure, InvalidInput
from service.types import DecodeOptions, Hypothesis

TEXTS = [source for source, _ in held_out()]
LONG_AND_SHORT = [" ".join(TEXTS[:4]), *TEXTS[4:12], "", "x", " ".join(TEXTS[12:15])]
GREEDY_AND_BEAM = pytest.mark.parametrize("options", [DecodeOptions(), DecodeOptions(4, 3)], ids=["greedy", "beam"])


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(params=["ctranslate2", "seq2seq"])
def toy(request: pytest.FixtureRequest, ctranslate2: Engine, seq2seq: Engine) -> Engine:
    """The trained model in each engine."""
    return {"ctranslate2": ctranslate2, "seq2seq": seq2seq}[request.param]


@pytest.fixture(params=["ctranslate2", "seq2seq"])
def load_random(
    request: pytest.FixtureRequest, random_folder: Path, random_converted: Path
) -> Callable[[str | None], Engine]:
    """Loads the random model into each engine, given a target token."""
    if request.param == "ctranslate2":
        return lambda token: load_ctranslate2(random_converted, "random", "1", target_token=token)
    return lambda token: load_seq2seq(random_folder, "random", "1", Placement(), Direction(target_token=token))


def everything(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    return [one for best in hypotheses for one in (best, *best.alternatives)]


def test_unseen_sentences_are_translated(toy: Engine) -> None:
    right = sum(one.text == target for one, (_, target) in zip(toy.translate(TEXTS), held_out(), strict=True))
    assert right >= 0.95 * len(TEXTS), f"{right} of {len(TEXTS)}"


def test_a_beam_translates_them_too(toy: Engine) -> None:
    answers = toy.translate(TEXTS, DecodeOptions(beam=4, n_best=2))
    right = sum(one.text == target for one, (_, target) in zip(answers, held_out(), strict=True))
    assert right >= 0.95 * len(TEXTS), f"{right} of {len(TEXTS)}"


@pytest.fixture(scope="module")
def transformers_answers(toy_folder: Path) -> dict[str, tuple[str, float]]:
    """Greedy text and mean log-probability of each text, by transformers alone, one at a time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sacremoses
        tokenizer = MarianTokenizer.from_pretrained(toy_folder)
    model = MarianMTModel.from_pretrained(toy_folder).eval()
    never = [tokenizer.pad_token_id, tokenizer.unk_token_id]
    answers = {}
    for text in TEXTS[:40]:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            ids = model.generate(**inputs, num_beams=1, max_new_tokens=60, suppress_tokens=never)
            labels = ids[:, 1:]
            logits = model(**inputs, labels=labels).logits[0]
            logits[:, never] = -torch.inf
            score = logits.log_softmax(dim=-1).gather(1, labels[0][:, None]).mean().item()
        answers[text] = tokenizer.decode(ids[0], skip_special_tokens=True, use_source_tokenizer=False), score
    return answers


def test_answers_and_scores_are_those_of_transformers(
    ctranslate2: Engine, seq2seq: Engine, transformers_answers: dict[str, tuple[str, float]]
) -> None:
    for engine, tolerance in ((seq2seq, 1e-4), (ctranslate2, 0.05)):
        same = 0
        found = engine.translate(list(transformers_answers))
        for one, (text, score) in zip(found, transformers_answers.values(), strict=True):
            if one.text == text:
                same += 1
                assert one.score == pytest.approx(score, abs=tolerance)
        assert same >= len(found) - (0 if engine is seq2seq else 2)


def test_ids_are_those_of_transformers(random_folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sacremoses
        theirs = MarianTokenizer.from_pretrained(random_folder)
    plain = OpusVocabulary(random_folder, "random")
    token = TARGET_TOKENS[1]
    prefixed = OpusVocabulary(random_folder, "random", target_token=token)
    for text in [*TEXTS[:20], "", "x 한글", "🙂", "a\tb  c", "\ue000"]:
        (ours,) = plain.encode([text])
        assert ours == theirs(text)["input_ids"]
        assert prefixed.encode([text]) == [[theirs.convert_tokens_to_ids(token), *ours]]


def test_a_text_chooses_no_language_and_ends_no_sentence(random_folder: Path) -> None:
    vocabulary = OpusVocabulary(random_folder, "random")
    special = {place for place, token in enumerate(vocabulary.tokens) if token in (*TARGET_TOKENS, "<pad>", "</s>")}
    for text in (">>por<< x", ">>por<<", "x </s> x", "<pad>"):
        (ids,) = vocabulary.encode([text])
        assert ids[-1] == vocabulary.end
        assert not special & set(ids[:-1])


@GREEDY_AND_BEAM
def test_decoding_stops_at_a_limit_and_says_so(
    load_random: Callable[[str | None], Engine], options: DecodeOptions
) -> None:
    # Random weights end few sentences.
    found = everything(load_random(None).translate(LONG_AND_SHORT, options))
    assert all(one.target_tokens <= length_limit(one.source_tokens) for one in found)
    cut = [one for one in found if not one.complete]
    assert cut
    assert all(one.target_tokens == length_limit(one.source_tokens) for one in cut)


@GREEDY_AND_BEAM
def test_a_row_has_its_own_limit_in_any_batch(
    load_random: Callable[[str | None], Engine], options: DecodeOptions
) -> None:
    engine = load_random(None)
    for together, text in zip(engine.translate(LONG_AND_SHORT, options), LONG_AND_SHORT, strict=True):
        (alone,) = engine.translate([text], options)
        assert (together.text, together.target_tokens) == (alone.text, alone.target_tokens)


def test_a_target_token_is_put_before_every_text(load_random: Callable[[str | None], Engine]) -> None:
    plain, french, portuguese = (load_random(token) for token in (None, *TARGET_TOKENS))
    assert french.count_tokens(TEXTS) == [count + 1 for count in plain.count_tokens(TEXTS)]
    answers = [[one.text for one in engine.translate(TEXTS[:10])] for engine in (plain, french, portuguese)]
    assert answers[0] != answers[1] != answers[2] != answers[0]


def test_an_unknown_target_token_is_refused(load_random: Callable[[str | None], Engine]) -> None:
    for token in (">>deu<<", "fra", "</s>", ""):
        with pytest.raises(InvalidInput, match=r"target_token: .* it has >>fra<<, >>por<<") as caught:
            load_random(token)
        assert caught.value.field == "target_token"


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_bfloat16_translates_alike(toy_folder: Path, device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    engine = load_seq2seq(toy_folder, "toy", "1", Placement(device, "bfloat16"))
    assert engine.signature.dtype == "bfloat16"
    right = sum(one.text == target for one, (_, target) in zip(engine.translate(TEXTS), held_out(), strict=True))
    assert right >= 0.9 * len(TEXTS)


@pytest.fixture(scope="module")
def m2m100(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("m2m100") / "model"
    write_m2m100(folder)
    return folder


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nllb") / "model"
    write_nllb(folder)
    return folder


@pytest.fixture(params=["m2m100", "nllb"])
def told(request: pytest.FixtureRequest, m2m100: Path, nllb: Path) -> tuple[Path, tuple[str, str, str]]:
    """A folder of a model that is told its languages, and three of these."""
    if request.param == "m2m100":
        return m2m100, ("en", "fr", "pt")
    return nllb, ("eng_Latn", "fra_Latn", "por_Latn")


@GREEDY_AND_BEAM
def test_languages_decide_what_is_written(told: tuple[Path, tuple[str, str, str]], options: DecodeOptions) -> None:
    folder, (english, french, portuguese) = told
    answers = {}
    for source, target in ((english, french), (portuguese, french), (english, portuguese)):
        engine = load_seq2seq(folder, "told", "1", Placement(), Direction((source, target)))
        found = engine.translate(TEXTS[:6], options)
        assert [one.source_tokens for one in found] == engine.count_tokens(TEXTS[:6])
        for one in everything(found):
            assert one.score <= 0
            assert 0 < one.target_tokens <= length_limit(one.source_tokens)
            assert target not in one.text
        answers[source, target] = tuple((one.text, round(one.score, 2)) for one in found)
        alone = [engine.translate([text], options)[0].text for text in TEXTS[:6]]
        assert alone == [one.text for one in found]
    assert len(set(answers.values())) == 3


def test_the_source_languages_token_stands_where_the_model_has_it(m2m100: Path, nllb: Path) -> None:
    for folder, language, token in ((m2m100, "pt", "__pt__"), (nllb, "por_Latn", "por_Latn")):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.src_lang = language
        (ids,) = HubVocabulary(tokenizer, 128).encode([TEXTS[0]])
        assert ids[0] == tokenizer.convert_tokens_to_ids(token)
        assert ids[-1] == tokenizer.eos_token_id


def test_special_tokens_in_a_text_are_text(told: tuple[Path, tuple[str, str, str]]) -> None:
    folder, (english, french, _) = told
    engine = load_seq2seq(folder, "told", "1", Placement(), Direction((english, french)))
    plain, special = engine.count_tokens(["a", "a </s>"])
    assert special > plain + 1, "'</s>' was read as one token"


def test_odd_texts_get_an_answer_each_of_models_told_their_languages(
    told: tuple[Path, tuple[str, str, str]],
) -> None:
    folder, (english, french, _) = told
    engine = load_seq2seq(folder, "told", "1", Placement(), Direction((english, french)))
    texts = [*ODD, "", " ", "안녕하세요", "\ue000"]
    assert [one.source_tokens for one in engine.translate(texts)] == engine.count_tokens(texts)


@pytest.mark.parametrize(
    ("direction", "field"),
    [
        (Direction(), "languages"),
        (Direction(("en", "xx")), "languages"),
        (Direction(("xx", "fr")), "languages"),
        (Direction(target_token=">>fra<<"), "target_token"),
    ],
)
def test_a_direction_the_model_does_not_have_is_refused(
    told: tuple[Path, tuple[str, str, str]], direction: Direction, field: str
) -> None:
    with pytest.raises(InvalidInput, match=f"{field}: ") as caught:
        load_seq2seq(told[0], "told", "1", Placement(), direction)
    assert caught.value.field == field


def test_languages_are_refused_by_a_model_that_takes_none(toy_folder: Path) -> None:
    with pytest.raises(InvalidInput, match="languages: toy takes none"):
        load_seq2seq(toy_folder, "toy", "1", Placement(), Direction(("en", "fr")))


def test_threads_share_a_fast_tokenizer(nllb: Path) -> None:
    engine = load_seq2seq(nllb, "told", "1", Placement(), Direction(("eng_Latn", "fra_Latn")))
    texts = [f"{text} {place}" for place in range(10) for text in TEXTS]
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda text: engine.count_tokens([text])[0], texts))
    assert counts == engine.count_tokens(texts)


def test_a_long_segment_names_the_limit(toy: Engine) -> None:
    with pytest.raises(EngineFailure, match=r"a segment has \d+ tokens; the model takes 128"):
        toy.translate(["fine", " ".join(TEXTS)])


def test_the_forced_language_token_is_no_part_of_the_score(m2m100: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(m2m100, src_lang="en")
    model = AutoModelForSeq2SeqLM.from_pretrained(m2m100).eval()
    engine = load_seq2seq(m2m100, "told", "1", Placement(), Direction(("en", "fr")))
    (found,) = engine.translate(TEXTS[:1])
    inputs = tokenizer(TEXTS[0], return_tensors="pt")
    never = [tokenizer.pad_token_id, tokenizer.unk_token_id]
    room = {"forced_bos_token_id": tokenizer.get_lang_id("fr"), "max_new_tokens": 1 + length_limit(found.source_tokens)}
    with torch.inference_mode():
        ids = model.generate(**inputs, num_beams=1, suppress_tokens=never, **room)
        logits = model(**inputs, decoder_input_ids=ids[:, :-1]).logits[0]
        logits[:, never] = -torch.inf
        each = logits.log_softmax(dim=-1).gather(1, ids[0, 1:, None])
    assert found.target_tokens == len(each) - 1
    assert found.score == pytest.approx(each[1:].mean().item(), abs=1e-4)


def test_of_hypotheses_that_read_the_same_the_best_is_kept(random_folder: Path) -> None:
    vocabulary = OpusVocabulary(random_folder, "random")
    # "▁" and a letter, and the letter with its space in one piece.
    ids = {token: place for place, token in enumerate(vocabulary.tokens)}
    letter = next(token for token in ids if len(token) == 1 and token != "▁" and f"▁{token}" in ids)
    whole, parts, other = [ids[f"▁{letter}"]], [ids["▁"], ids[letter]], [ids["▁"]]
    found = [Found(parts, -0.5, True), Found(other, -0.3, True), Found(whole, -0.2, True)]
    best = hypothesis_of(found, 3, 2, vocabulary, Seconds(0.0, 0.0))
    assert [(one.text, one.score) for one in (best, *best.alternatives)] == [(letter, -0.2), ("", -0.3)]
