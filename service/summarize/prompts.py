"""Prompt templates for back ends that write summaries: read from a folder, checked strictly, rendered in a sandbox.

A template is `<folder>/<style>/<language>.md`: TOML front matter between two lines `+++`, then the body.

    style       the folder's name: `brief`, `headline`, `bullets`, `thread`
    language    the file's name: the BCP-47 tag of the language the summary is written in
    version     a whole number from 1, raised with every change of meaning
    models      names of the models that it was tried with, perhaps none
    [limits]    `sentences` and `words`: the most that an answer may have
    [[examples]]  `text` and `summary`: worked examples, at least one

The body is a Jinja template of `sentences`, `words`, `examples`, `mark` and `text`; anything else is an error, here and
not at a request. `{{ text }}` stands once, between `<{{ mark }}>` and `</{{ mark }}>`: what is between these is data,
never instructions. The mark is made so that the text does not hold it, so no text can close it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from service.errors import ConfigurationError

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_SETTING = "MANCHETE_PROMPTS_DIR"
_FENCE = "+++\n"
_ENCLOSED = re.compile(r"<\{\{ mark \}\}>\s*\{\{ text \}\}\s*</\{\{ mark \}\}>")
_VARIABLES = frozenset({"sentences", "words", "examples", "mark", "text"})
_MARK_DIGITS = 12


class PromptExample(msgspec.Struct, frozen=True):
    """A worked example: a text and the answer it should get."""

    text: str
    summary: str


class Prompt(msgspec.Struct, frozen=True):
    """One template. `sentences` and `words` limit the answer; `sha256` is that of the whole file, in hexadecimal."""

    style: str
    language: str
    version: int
    models: tuple[str, ...]
    sentences: int
    words: int
    examples: tuple[PromptExample, ...]
    body: str
    sha256: str

    @property
    def name(self) -> str:
        """What a signature calls it: style, language, version and the beginning of its hash."""
        return f"{self.style}-{self.language}-v{self.version}-{self.sha256[:12]}"

    @property
    def description(self) -> dict[str, str]:
        """What `/info` tells of it."""
        version = str(self.version)
        return {"style": self.style, "language": self.language, "version": version, "sha256": self.sha256}

    def render(self, text: str, *, sentences: int, words: int) -> str:
        """The prompt for `text`, which may hold anything: it is a value, not part of the template."""
        template = _environment().from_string(self.body)
        return template.render(sentences=sentences, words=words, examples=self.examples, mark=_mark(text), text=text)


def default_prompts_dir() -> Path:
    """The folder of templates that came with the service: in an installed wheel, or the repository's `prompts/`."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_prompts"
    return packaged if packaged.is_dir() else package.parent / "prompts"


def load_prompts(folder: Path) -> tuple[Prompt, ...]:
    """Every template in `folder`, ordered by style and language.

    Raises ConfigurationError naming the file and the key at fault, or the folder where it holds no template.
    """
    prompts = tuple(_load(path) for path in sorted(folder.glob("*/*.md")))
    if not prompts:
        raise ConfigurationError(f"{folder}: no prompt templates (<style>/<language>.md) are there", field=_SETTING)
    return prompts


def _load(path: Path) -> Prompt:
    raw = path.read_bytes()
    front, body = _parts(path, raw)
    _check_keys(path, front, {"style", "language", "version", "models", "limits", "examples"}, "")
    for key, expected in (("style", path.parent.name), ("language", path.stem)):
        if front[key] != expected:
            raise _error(path, key, f"must be {expected!r}, as the path says")
    limits = front["limits"]
    _check_keys(path, limits, {"sentences", "words"}, "limits.")
    if len(_ENCLOSED.findall(body)) != 1 or body.count("{{ text }}") != 1:
        raise _error(path, "body", "needs {{ text }} exactly once, between <{{ mark }}> and </{{ mark }}>")
    prompt = Prompt(
        style=path.parent.name,
        language=path.stem,
        version=_positive(path, front, "version", ""),
        models=_models(path, front["models"]),
        sentences=_positive(path, limits, "sentences", "limits."),
        words=_positive(path, limits, "words", "limits."),
        examples=_examples(path, front["examples"]),
        body=body,
        sha256=hashlib.sha256(raw).hexdigest(),
    )
    _try(path, prompt)
    return prompt


@cache
def _environment() -> SandboxedEnvironment:
    # Imported here: only those who write need it. Immutable, and an undefined name is an error, not an empty text.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)


def _mark(text: str) -> str:
    """A tag that `text` does not hold: the same text always gets the same one."""
    tag, salt = "", 0
    while not tag or tag in text:
        digest = hashlib.sha256(f"{salt}:{text}".encode(errors="replace")).hexdigest()
        tag, salt = f"article-{digest[:_MARK_DIGITS]}", salt + 1
    return tag


def _try(path: Path, prompt: Prompt) -> None:
    """Render once, so that a mistake in a template is told at the start."""
    from jinja2 import TemplateError
    from jinja2.meta import find_undeclared_variables

    try:
        unknown = find_undeclared_variables(_environment().parse(prompt.body)) - _VARIABLES
        if unknown:
            raise _error(path, "body", f"uses {', '.join(sorted(unknown))}; there are {', '.join(sorted(_VARIABLES))}")
        prompt.render("text", sentences=prompt.sentences, words=prompt.words)
    except (TemplateError, ArithmeticError, TypeError) as error:
        raise _error(path, "body", f"is not a template that works: {error}") from error


def _models(path: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise _error(path, "models", "must be a list of names")
    return tuple(value)


def _parts(path: Path, raw: bytes) -> tuple[Mapping[str, Any], str]:
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _error(path, "encoding", "must be UTF-8") from error
    opening, found, rest = text.partition(_FENCE)
    front, closed, body = rest.partition("\n" + _FENCE)
    if opening or not found or not closed:
        raise _error(path, "front matter", "must stand between two lines of +++ at the start of the file")
    try:
        return tomllib.loads(front), body.strip()
    except tomllib.TOMLDecodeError as error:
        raise _error(path, "front matter", f"is not TOML: {error}") from error


def _check_keys(path: Path, table: object, keys: set[str], prefix: str) -> None:
    if not isinstance(table, dict):
        raise _error(path, prefix.rstrip("."), "must be a table")
    for key in sorted(keys - table.keys()):
        raise _error(path, prefix + key, "is missing")
    for key in sorted(table.keys() - keys):
        raise _error(path, prefix + key, "is not a key of a prompt template")


def _positive(path: Path, table: Mapping[str, Any], key: str, prefix: str) -> int:
    value = table[key]
    if type(value) is not int or value < 1:
        raise _error(path, prefix + key, "must be a whole number from 1")
    return value


def _examples(path: Path, entries: object) -> tuple[PromptExample, ...]:
    if not isinstance(entries, list) or not entries:
        raise _error(path, "examples", "must be one table or more")
    examples = []
    for number, entry in enumerate(entries, start=1):
        prefix = f"examples[{number}]."
        _check_keys(path, entry, {"text", "summary"}, prefix)
        for key in ("text", "summary"):
            if not isinstance(entry[key], str) or not entry[key].strip():
                raise _error(path, prefix + key, "must be text")
        examples.append(PromptExample(entry["text"].strip(), entry["summary"].strip()))
    return tuple(examples)


def _error(path: Path, key: str, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {key} {problem}", field=_SETTING)
