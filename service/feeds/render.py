"""A digest as a page, a mail, Markdown, and feeds to subscribe to; each groups the articles into stories.

Everything that came from a feed is escaped, and only addresses of the web become links. The page is one file without
scripts: it loads nothing, and its content security policy names the hash of its one style sheet.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

from service.feeds.digest import Digest
from service.feeds.labels import labels
from service.feeds.syndication import atom, json_feed
from service.feeds.views import DigestView, SourceView, StoryView, view

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_atom", "render_email", "render_html", "render_json_feed", "render_markdown"]

# Characters that mean something to Markdown wherever they stand, and at the beginning of a line.
_INLINE: Final = re.compile(r"([\\`*_\[\]<>&~|])")
_LINE_START: Final = re.compile(r"^([#+\-=]|\d+(?=[.)]))")


def render_html(digest: Digest) -> str:
    """One page to read, light or dark, on a phone or a desk; original and translation side by side in each story."""
    seen, style = view(digest), _file("style.css")
    page = _environment().get_template("digest.html.j2")
    return page.render(digest=seen, labels=labels(seen.language), style=style, style_hash=_hash(style))


def render_email(digest: Digest) -> str:
    """HTML that mail programs show: tables and inline styles, summaries and sources without the full texts."""
    seen = view(digest)
    return _environment().get_template("email.html.j2").render(digest=seen, labels=labels(seen.language))


def render_json_feed(digest: Digest) -> str:
    """A JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) with one item a story; its id stays when sources join."""
    seen = view(digest)
    return json_feed(seen, lambda story: _entry(story, seen))


def render_atom(digest: Digest) -> str:
    """An Atom feed (RFC 4287) with one entry a story; its id stays when sources join, and `updated` tells of them."""
    seen = view(digest)
    return atom(seen, lambda story: _entry(story, seen))


def render_markdown(digest: Digest) -> str:
    """CommonMark: a heading a story, its summary, its sources, and both texts of each."""
    seen = view(digest)
    words = labels(seen.language)
    counts = f"{len(seen.stories)} {words['stories']} · {seen.articles} {words['articles']}"
    blocks = [f"# {_escaped(seen.title)}", f"{words['made']} {seen.shown} · {counts}"]
    if not seen.stories:
        blocks.append(words["empty"])
    for story in seen.stories:
        blocks.append(f"## {_link(story.title, story.lead.url)}")
        blocks += [_escaped(sentence) for sentence in story.summary]
        blocks.append(
            "\n".join(_markdown_source(source, words["warning"], words["untimed"]) for source in story.sources)
        )
        for source in story.sources:
            blocks += _markdown_texts(source, words["original"], words["translation"])
    blocks.append(f"*{words['machine']}*")
    return "\n\n".join(blocks) + "\n"


def _markdown_source(source: SourceView, warning: str, untimed: str) -> str:
    line = f"- {_link(source.outlet, source.url)} · {source.shown or untimed} · {_escaped(source.language)}"
    return "".join([line, *(f"\n  - {warning}: {_escaped(text)}" for text in source.warnings)])


def _markdown_texts(source: SourceView, original: str, translation: str) -> list[str]:
    parts = [(original, source.language, source.original_title, source.original_paragraphs)]
    if source.translated:
        parts.append((translation, "", source.title, source.paragraphs))
    blocks = []
    for label, language, title, paragraphs in parts:
        of = f" ({_escaped(source.outlet)}{', ' if language else ''}{_escaped(language)})"
        blocks.append(f"### {label}{of}: {_escaped(title)}")
        blocks += [f"> {_escaped(paragraph)}" for paragraph in paragraphs]
    return blocks


def _link(text: str, url: str | None) -> str:
    return _escaped(text) if url is None else f"[{_escaped(text)}](<{url}>)"


def _escaped(text: str) -> str:
    return _LINE_START.sub(_marked, _INLINE.sub(r"\\\1", " ".join(text.split())))


def _marked(match: re.Match[str]) -> str:
    # "1." begins a list and "1\." does not; a digit itself cannot be escaped.
    return f"\\{match[0]}" if not match[0].isdigit() else f"{match[0]}\\"


def _entry(story: StoryView, digest: DigestView) -> str:
    template = _environment().get_template("entry.html.j2")
    return template.render(story=story, labels=labels(digest.language))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(loader=PackageLoader("service.feeds"), autoescape=True, undefined=StrictUndefined)


def _file(name: str) -> str:
    return (resources.files("service.feeds") / "templates" / name).read_text(encoding="utf-8")


def _hash(style: str) -> str:
    return b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
