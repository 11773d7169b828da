"""HTML of strangers to plain text: sanitised first, then reduced to paragraphs."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

import nh3

_BLOCKS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"}
    | {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    }
)
# What is kept through sanitising: the shape of the text, without any attribute.
_KEPT: Final = _BLOCKS | {"br", "li"}
_DROPPED_WITH_CONTENT: Final = {"script", "style", "noscript", "template", "iframe", "object", "svg", "math", "form"}
_ONE_TRACKING_PIXEL: Final = {"0", "1"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_SPACE: Final = re.compile(r"[^\S\n]+")
_BREAKS: Final = re.compile(r" ?\n ?")
_MANY_BREAKS: Final = re.compile(r"\n{3,}")
_IMAGE_TAG: Final = re.compile(r"<img\b", re.IGNORECASE)


def text_of_html(markup: str) -> str:
    """The text of an HTML fragment: a blank line between blocks, `- ` before list items, no markup and no scripts."""
    safe = nh3.clean(
        markup,
        tags=set(_KEPT),
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={},
        strip_comments=True,
    )
    reducer = _Reducer()
    reducer.feed(safe)
    reducer.close()
    return tidy("".join(reducer.parts))


def text_line(markup: str, *, is_html: bool) -> str:
    """A title or a name on one line, without markup."""
    text = text_of_html(markup) if is_html and ("<" in markup or "&" in markup) else tidy(markup)
    return " ".join(text.split())


def tidy(text: str) -> str:
    """Text without control characters, runs of spaces, and more than one blank line in a row."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _BREAKS.sub("\n", _SPACE.sub(" ", text))
    return _MANY_BREAKS.sub("\n\n", text).strip()


def first_image(markup: str, base: str) -> str | None:
    """The address of the first image that is not a tracking pixel, made absolute; None where there is none."""
    if not _IMAGE_TAG.search(markup):
        return None
    finder = _Images()
    finder.feed(markup)
    return next((found for source in finder.sources if (found := web_url(source, base))), None)


def web_url(link: str | None, base: str) -> str | None:
    """The link made absolute, None where it is not an http(s) address."""
    if not link or not link.strip():
        return None
    try:
        absolute = urljoin(base, html.unescape(link.strip()))
    except ValueError:
        return None
    absolute = _CONTROL.sub("", absolute)
    return absolute if absolute.lower().startswith(("http://", "https://")) else None


class _Reducer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the base's
        if tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        # Line breaks in HTML source are spaces; those of the text are made by tags.
        self.parts.append(data.replace("\n", " ").replace("\r", " "))


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        tiny = {values.get("width"), values.get("height")} & _ONE_TRACKING_PIXEL
        if tag == "img" and not tiny and (source := values.get("src")):
            self.sources.append(source)
