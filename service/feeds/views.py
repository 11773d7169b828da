"""Digests as renderings need them: grouped into stories, with safe addresses, times in one form and stable ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import msgspec

from service.feeds.digest import Digest, DigestItem
from service.feeds.stories import Story, stories

# What RFC 3986 lets stand in an address, and the letters beyond ASCII that RFC 3987 adds.
_ADDRESS: Final = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>\\^`{|}]+", re.IGNORECASE)
# What XML 1.0 has no way to say (section 2.2), and terminals and browsers nothing to show for.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class SourceView(msgspec.Struct, frozen=True):
    """One article of a story. `url` and `image` are http or https, or None; `time` is RFC 3339 and `shown` for people.

    Texts are paragraphs, in the original and in translation.
    """

    outlet: str
    url: str | None
    image: str | None
    language: str
    time: str | None
    shown: str | None
    title: str
    original_title: str
    paragraphs: tuple[str, ...]
    original_paragraphs: tuple[str, ...]
    translated: bool
    warnings: tuple[str, ...]


class StoryView(msgspec.Struct, frozen=True):
    """One story: what its lead says, and all its sources, the lead first.

    `story_id` stays the same while later articles join the story; `published` is of the earliest and `updated` of the
    latest of them or of the latest edit, or when the digest was made.
    """

    story_id: str
    title: str
    summary: tuple[str, ...]
    published: str
    updated: str
    sources: tuple[SourceView, ...]

    @property
    def lead(self) -> SourceView:
        """The article that stands for the story."""
        return self.sources[0]


class DigestView(msgspec.Struct, frozen=True):
    """A digest, its stories in the order to read them; `url` is its own address, http or https, or None."""

    digest_id: str
    title: str
    language: str
    made: str
    shown: str
    articles: int
    stories: tuple[StoryView, ...]
    url: str | None


def view(digest: Digest) -> DigestView:
    """Group a digest into stories and make everything ready to be written down."""
    told = tuple(_story(story, digest) for story in stories(digest.items))
    identity = str(uuid5(NAMESPACE_URL, f"manchete:digest:{digest.language}:{digest.title}"))
    return DigestView(
        f"urn:uuid:{identity}",
        clean(digest.title),
        digest.language,
        _rfc3339(digest.made),
        _shown(digest.made),
        len(digest.items),
        told,
        web_address(digest.url),
    )


def clean(text: str) -> str:
    """The text with a replacement character for each character that no output can carry."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def web_address(url: str | None) -> str | None:
    """The address if it is an absolute one of the web, else None: `javascript:` and the like lead nowhere."""
    if url is None or not _ADDRESS.fullmatch(url):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


def _story(story: Story, digest: Digest) -> StoryView:
    timed = [item for item in story.items if item.published is not None]
    times = sorted(_utc(item.published) for item in timed if item.published is not None) or [_utc(digest.made)]
    updated = max([times[-1], *(_utc(item.edited) for item in story.items if item.edited is not None)])
    first = min(
        story.items, key=lambda item: (item.published is None, _utc(item.published or digest.made), item.item_id)
    )
    return StoryView(
        f"urn:uuid:{uuid5(NAMESPACE_URL, f'manchete:story:{digest.language}:{first.item_id}')}",
        clean(story.title) or clean(story.lead.outlet),
        tuple(clean(sentence) for sentence in story.summary),
        _rfc3339(times[0]),
        _rfc3339(updated),
        tuple(_source(item, digest.language) for item in story.items),
    )


def _source(item: DigestItem, language: str) -> SourceView:
    return SourceView(
        clean(item.outlet),
        web_address(item.url),
        web_address(item.image),
        item.language,
        None if item.published is None else _rfc3339(item.published),
        None if item.published is None else _shown(item.published),
        clean(item.title),
        clean(item.original_title),
        _paragraphs(item.text),
        _paragraphs(item.original_text),
        item.language.partition("-")[0] != language.partition("-")[0],
        tuple(clean(warning) for warning in item.warnings),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in clean(text).splitlines() if line.strip())


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _rfc3339(time: datetime) -> str:
    return _utc(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(time: datetime) -> str:
    return _utc(time).strftime("%Y-%m-%d %H:%M UTC")
