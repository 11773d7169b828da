"""What each endpoint takes, with strict types: a number where a text belongs is an error that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from service.api.limits import MAX_RATIO, MAX_SENTENCES, MAX_TEXTS, MAX_WORDS, MIN_RATIO, MIN_SENTENCES, MIN_WORDS
from service.errors import InvalidInput

AUTO: Final = "auto"
MAX_ALTERNATIVES: Final = 7

_TEXT, _TEXTS = "_text", "_texts"


def _kind(value: object) -> str:
    return _TEXTS if isinstance(value, list) else _TEXT


TextOrTexts = Annotated[
    Annotated[str, Tag(_TEXT)] | Annotated[Annotated[list[str], Field(min_length=1)], Tag(_TEXTS)],
    Discriminator(_kind),
]
Code = Annotated[str, Field(min_length=1, description="A BCP-47 code, for example `pt`, `pt-BR` or `en`")]
Source = Annotated[str, Field(min_length=1, description="A language code, or `auto` to detect it")]
Sentences = Annotated[int | None, Field(ge=MIN_SENTENCES, le=MAX_SENTENCES, description="Length in sentences")]
Words = Annotated[int | None, Field(ge=MIN_WORDS, le=MAX_WORDS, description="Length in words, instead of sentences")]
Ratio = Annotated[
    float | None, Field(ge=MIN_RATIO, le=MAX_RATIO, description="Length as a share of the text's words, instead")
]
Quality = Annotated[
    Literal["fast", "best"] | None, Field(description="Which of several models of the pair; else the default one")
]
Model = Annotated[
    str | None, Field(min_length=1, max_length=128, description="The very model, as `GET /models` names it")
]
Glossary = Annotated[
    dict[str, str] | None,
    Field(description="Terms, each with how it is to read in the translation", examples=[{"Planalto": "Planalto"}]),
]
Method = Annotated[
    Literal["extractive", "abstractive", "auto"],
    Field(description="Sentences of the text, or written anew where the server can; `auto` does what it can"),
]
Style = Annotated[Literal["brief", "headline", "bullets", "thread"], Field(description="How the summary is set")]
Key = Annotated[str | None, Field(description="Only where the server needs one; `Authorization: Bearer` works too")]


class Fields(BaseModel):
    """Base of the request schemas. `LISTS` may be repeated in a form, `NUMBERS` may arrive as digits in one."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    LISTS: ClassVar[frozenset[str]] = frozenset()
    NUMBERS: ClassVar[frozenset[str]] = frozenset()

    api_key: Key = None

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Validate what a client sent; raises InvalidInput naming the first field that is wrong."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = _field_name(first["loc"])
            raise InvalidInput(_sentence(name, first), field=name) from error


class TranslateFields(Fields):
    """`POST /translate`, as LibreTranslate's clients send it; fields it does not know are ignored."""

    model_config = ConfigDict(extra="ignore")
    LISTS = frozenset({"q"})
    NUMBERS = frozenset({"alternatives"})

    q: TextOrTexts = Field(description="The text to translate, or a list of texts")
    target: Code
    source: Source = AUTO
    format: Literal["text", "html"] = Field(default="text", description="Only `text` is supported")
    alternatives: int = Field(default=0, ge=0, le=MAX_ALTERNATIVES, description="How many other translations to add")
    quality: Quality = None
    model: Model = None
    glossary: Glossary = None


class DetectFields(Fields):
    """`POST /detect`, as LibreTranslate's clients send it; fields it does not know are ignored."""

    model_config = ConfigDict(extra="ignore")

    q: str = Field(description="The text whose language is asked")


class SummaryFields(Fields):
    """What every summary may be asked for."""

    NUMBERS = frozenset({"sentences", "words", "ratio"})

    source: Source = AUTO
    title: str | None = Field(default=None, description="Its headline, which helps to tell what matters")
    sentences: Sentences = None
    words: Words = None
    ratio: Ratio = None
    method: Method = "extractive"
    style: Style = "brief"


class SummarizeFields(SummaryFields):
    """`POST /summarize`: one of `text` and `texts`."""

    LISTS = frozenset({"texts"})

    text: str | None = Field(default=None, description="The text to summarize")
    texts: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_TEXTS,
        description="Instead of `text`: several texts about one story, in one language, for one summary",
    )


class DigestFields(SummaryFields):
    """`POST /digest`."""

    text: str = Field(description="The article")
    target: Code
    quality: Quality = None
    model: Model = None
    glossary: Glossary = None


FieldsT = TypeVar("FieldsT", bound=Fields)

_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode, without lone surrogates",
    "string_too_short": "must not be empty",
    "too_short": "must not be an empty list",
    "too_long": f"must not have more than {MAX_TEXTS} texts",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "extra_forbidden": "is not a field of this request",
}


def _field_name(location: tuple[int | str, ...]) -> str:
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        elif part not in (_TEXT, _TEXTS, "[key]"):
            name += f".{part[:40]}" if name else part[:40]
    return name


def _sentence(name: str, error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing" or (kind == "string_too_short" and name == "target"):
        return f"Invalid request: missing {name} parameter"
    if kind == "greater_than_equal":
        return f"{name}: must be at least {context['ge']}"
    if kind == "less_than_equal":
        return f"{name}: must be at most {context['le']}"
    if kind == "literal_error":
        return f"{name}: must be {context['expected']}"
    return f"{name}: {_EXPECTED.get(kind, error['msg'])}"
