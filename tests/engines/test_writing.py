"""Models of transformers as writers: tiny ones with random weights, made here, in folders as the hub lays them out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from service.errors import Cancelled, ConfigurationError, WritingFailed
from service.generators import Options, open_generator
from service.generators.options import OPENAI, TRANSFORMERS
from service.settings import Settings, settings_from
from service.writing import Writing

WORDS = [
    "<pad>",
    "<s>",
    "</s>",
    "<unk>",
    "the",
    "council",
    "voted",
    "to",
    "buy",
    "a",
    "theater",
    "on",
    "monday",
    "user",
    "assistant",
]
TEMPLATE = (
    "{% for m in messages %}user {{ m['content'] }} </s>{% endfor %}{% if add_generation_prompt %}assistant {% endif %}"
)


def save_tokenizer(folder: Path, *, chat: bool) -> None:
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    if chat:
        fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("causal")
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=512,
        eos_token_id=2,
        bos_token_id=1,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    save_tokenizer(folder, chat=True)
    return folder


@pytest.fixture(scope="module")
def seq2seq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("seq2seq")
    config = BartConfig(
        vocab_size=len(WORDS),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=512,
        forced_eos_token_id=None,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
    )
    model = BartForConditionalGeneration(config)
    # Random weights would end at once.
    model.final_logits_bias[0, 2] = -100.0
    model.save_pretrained(folder)
    save_tokenizer(folder, chat=False)
    return folder


def writing(prompt: str = "the council voted", seconds: float = 60.0, words: int = 5) -> Writing:
    return Writing(prompt, "the council voted on monday", words, time.monotonic() + seconds)


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_a_model_in_a_folder_writes_the_same_each_time(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    generator = open_generator(Options(TRANSFORMERS, str(folder)))
    first = generator.write(writing())
    assert set(first.text.split()) <= set(WORDS)
    assert first.text
    assert generator.write(writing()) == first
    assert generator.name == f"transformers:{folder.name}"


def test_a_causal_model_reads_the_prompt_and_none_is_cut(causal: Path) -> None:
    generator = open_generator(Options(TRANSFORMERS, str(causal)))
    with pytest.raises(WritingFailed) as refusal:
        generator.write(writing("the council " * 400))
    assert refusal.value.reason == "too-long"


def test_a_summarizer_reads_the_bare_text(seq2seq: Path) -> None:
    generator = open_generator(Options(TRANSFORMERS, str(seq2seq)))
    assert generator.write(writing("the council " * 400)) == generator.write(writing("a theater"))


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_time_that_runs_out_and_a_client_that_goes_end_it(kind: str, request: pytest.FixtureRequest) -> None:
    generator = open_generator(Options(TRANSFORMERS, str(request.getfixturevalue(kind))))
    generator.write(writing())
    with pytest.raises(WritingFailed) as late:
        generator.write(writing(seconds=-1.0))
    assert late.value.reason == "timeout"
    gone = writing()
    gone.cancelled.set()
    with pytest.raises(Cancelled):
        generator.write(gone)


def test_a_pickle_is_not_read(causal: Path, tmp_path: Path) -> None:
    for path in causal.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "model.safetensors"
    torch.save({}, tmp_path / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(WritingFailed) as refusal:
        open_generator(Options(TRANSFORMERS, str(tmp_path))).write(writing())
    assert refusal.value.reason == "model-failed"
    assert "safetensors" in refusal.value.message


def test_offline_a_model_of_the_hub_is_not_fetched() -> None:
    generator = open_generator(Options(TRANSFORMERS, "nobody/nothing", offline=True))
    with pytest.raises(WritingFailed) as refusal:
        generator.write(writing())
    assert refusal.value.reason == "model-failed"


@pytest.mark.parametrize(
    ("options", "setting"),
    [
        (Options(OPENAI), "MANCHETE_SUMMARY_URL"),
        (Options(OPENAI, url="ftp://127.0.0.1/v1"), "MANCHETE_SUMMARY_URL"),
        (Options(OPENAI, url="127.0.0.1:8000"), "MANCHETE_SUMMARY_URL"),
        (Options(TRANSFORMERS), "MANCHETE_SUMMARY_MODEL"),
    ],
)
def test_options_that_cannot_work_name_the_setting(options: Options, setting: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        open_generator(options)
    assert refusal.value.field == setting


def test_options_are_those_of_the_settings() -> None:
    given = settings_from({"summary_backend": "openai", "summary_retries": 5, "threads": 3, "summary_api_key": "k"})
    options = Options.of(given)
    assert (options.backend, options.retries, options.threads) == ("openai", 5, 3)
    assert options.api_key is not None
    assert options.api_key.reveal() == "k"
    assert "k" not in repr(options.api_key)
    assert Options.of(Settings()).backend == "none"
