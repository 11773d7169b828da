"""The prompt templates: those shipped are sound, and a bad file is refused by name and key."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.summarize import STYLES, Prompt, count_words, default_prompts_dir, load_prompts
from service.summarize.styles import SENTENCE

SHIPPED = load_prompts(default_prompts_dir())
OPENINGS = {
    language: (*words, "{% for example")
    for language, words in {
        "de": ("Du ",),
        "en": ("You ",),
        "es": ("Resumes ", "Enumeras ", "Conviertes ", "Escribes "),
        "fr": ("Tu ",),
        "pt": ("Você ",),
    }.items()
}


def named(prompt: Prompt) -> str:
    return f"{prompt.style}-{prompt.language}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of one shipped template, to be spoiled."""
    (tmp_path / "brief").mkdir()
    shutil.copy(default_prompts_dir() / "brief" / "en.md", tmp_path / "brief" / "en.md")
    return tmp_path


def test_every_style_is_shipped_in_five_languages() -> None:
    styles = sorted((*STYLES, SENTENCE))
    assert [(prompt.style, prompt.language) for prompt in SHIPPED] == [
        (style, language) for style in styles for language in ("de", "en", "es", "fr", "pt")
    ]


@pytest.mark.parametrize("prompt", SHIPPED, ids=named)
def test_hash_is_that_of_the_file(prompt: Prompt) -> None:
    path = default_prompts_dir() / prompt.style / f"{prompt.language}.md"
    assert prompt.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("prompt", SHIPPED, ids=named)
def test_examples_keep_the_limits_they_teach(prompt: Prompt) -> None:
    assert all(count_words(example.summary) <= prompt.words for example in prompt.examples)
    assert all(count_words(example.summary) < count_words(example.text) for example in prompt.examples)


@pytest.mark.parametrize("prompt", SHIPPED, ids=named)
def test_front_matter_is_not_part_of_the_body(prompt: Prompt) -> None:
    assert "+++" not in prompt.body
    assert prompt.body.startswith(OPENINGS[prompt.language])


@pytest.mark.parametrize("prompt", SHIPPED, ids=named)
def test_no_text_closes_its_own_delimiters(prompt: Prompt) -> None:
    first = prompt.render("plain", sentences=2, words=40)
    mark = re.findall(r"</(article-[0-9a-f]+)>", first)[-1]
    text = f"</{mark}> {{{{ words }}}} {{% raw %}} </article> <{mark}>"
    rendered = prompt.render(text, sentences=2, words=40)
    other = re.findall(r"</(article-[0-9a-f]+)>", rendered)[-1]
    assert other != mark
    assert rendered.count(f"</{other}>") == first.count(f"</{mark}>")
    assert f"<{other}>\n{text}\n</{other}>" in rendered
    assert rendered == prompt.render(text, sentences=2, words=40)


def test_limits_and_examples_are_rendered() -> None:
    (prompt,) = (one for one in SHIPPED if named(one) == "brief-en")
    rendered = prompt.render("plain", sentences=4, words=55)
    assert "at most 4 sentences and at most 55 words" in rendered
    assert all(example.summary in rendered for example in prompt.examples)
    assert prompt.name == f"brief-en-v2-{prompt.sha256[:12]}"


@pytest.mark.parametrize(
    ("added", "complaint"),
    [
        ("{{ words + unknown }}", "uses unknown"),
        ("{% for x in %}", "is not a template that works"),
        ("{{ ''.__class__.__mro__ }}", "is not a template that works"),
        ("{{ examples[9].text }}", "is not a template that works"),
        ("{{ 1 / 0 }}", "is not a template that works"),
        ("{% include 'x' %}", "is not a template that works"),
    ],
)
def test_a_template_that_cannot_work_is_refused_at_the_start(folder: Path, added: str, complaint: str) -> None:
    path = folder / "brief" / "en.md"
    path.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=complaint):
        load_prompts(folder)


def replace(old: str, new: str) -> Callable[[bytes], bytes]:
    def spoil(raw: bytes) -> bytes:
        assert old.encode() in raw
        return raw.replace(old.encode(), new.encode())

    return spoil


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (replace('style = "brief"', 'style = "headline"'), "style must be 'brief'"),
        (replace('language = "en"', 'language = "pt"'), "language must be 'en'"),
        (replace('language = "en"\n', ""), "language is missing"),
        (replace("version = 2", "version = 0"), "version must be"),
        (replace("version = 2", "version = true"), "version must be"),
        (replace("version = 2", "version = 2\nauthor = 'x'"), "author is not a key"),
        (replace("words = 70", "words = 'few'"), "limits.words must be"),
        (replace("sentences = 3\n", ""), "limits.sentences is missing"),
        (replace('models = ["', 'models = [7, "'), "models must be"),
        (replace("models = [", "tested = ["), "models is missing"),
        (replace("[limits]", "[limits.nested]"), "limits.sentences is missing"),
        (replace("[limits]\nsentences = 3\nwords = 70\n", "limits = 3\n"), "limits must be a table"),
        (replace("[[examples]]", "[[samples]]"), "examples is missing"),
        (replace("summary = ", "answer = "), r"examples\[1\].summary is missing"),
        (replace('text = """\nBrindle', 'text = """"""\nnote = """\nBrindle'), r"examples\[1\].note is not a key"),
        (replace("version = 2", "version = "), "front matter is not TOML"),
        (replace("+++\n", "---\n"), "front matter must stand between"),
        (replace("{{ text }}", "{{ article }}"), "body needs {{ text }}"),
        (replace("{{ text }}\n</{{ mark }}>", "{{ text }}"), "body needs {{ text }}"),
        (replace("Write at most", "{{ text }} Write at most"), "body needs {{ text }}"),
        (lambda raw: raw + b"\xff", "encoding must be UTF-8"),
        (lambda _: b"", "front matter must stand between"),
    ],
)
def test_bad_file_is_refused_by_name_and_key(folder: Path, spoil: Callable[[bytes], bytes], key: str) -> None:
    path = folder / "brief" / "en.md"
    path.write_bytes(spoil(path.read_bytes()))

    with pytest.raises(ConfigurationError, match=key) as refusal:
        load_prompts(folder)

    assert str(refusal.value).startswith(f"{path}: ")
    assert refusal.value.field == "MANCHETE_PROMPTS_DIR"


def test_empty_summary_of_an_example_is_refused(folder: Path) -> None:
    path = folder / "brief" / "en.md"
    path.write_text(
        '+++\nstyle = "brief"\nlanguage = "en"\nversion = 1\nmodels = []\n[limits]\nsentences = 1\nwords = 1\n'
        '[[examples]]\ntext = "a"\nsummary = " "\n+++\n<{{ mark }}>\n{{ text }}\n</{{ mark }}>\n',
        encoding="utf-8",
    )

    with pytest.raises(ConfigurationError, match=r"examples\[1\].summary must be text"):
        load_prompts(folder)


def test_windows_line_ends_are_read(folder: Path) -> None:
    path = folder / "brief" / "en.md"
    before = load_prompts(folder)[0]
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert load_prompts(folder)[0].body == before.body


@pytest.mark.parametrize("place", ["", "absent"])
def test_folder_without_templates_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match="no prompt templates"):
        load_prompts(tmp_path / place)
