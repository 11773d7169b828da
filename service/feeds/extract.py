"""The whole text of an article, from its page, where the feed has but a teaser."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from service.feeds.clean import tidy
from service.feeds.failures import FetchFailed
from service.feeds.fetch import Fetched, Fetcher

# What publishers tell search engines about pages that readers must pay for (schema.org/isAccessibleForFree).
_PAYWALL: Final = re.compile(rb'"isAccessibleForFree"\s*:\s*"?(?:false|no)\b', re.IGNORECASE)
_PAGE_TYPES: Final = ("text/html", "application/xhtml+xml", "")
_LEAST_CHARACTERS: Final = 250


class Extract(msgspec.Struct, frozen=True):
    """The text to use, and why it is still the teaser where it is: `warning` is a sentence, None for a whole text."""

    text: str
    warning: str | None


async def fetch_article(fetcher: Fetcher, url: str) -> Fetched | str:
    """The page of an article, or the sentence that says why it could not be had."""
    try:
        return await fetcher.page(url)
    except FetchFailed as error:
        return f"only the feed's teaser is used: {error.message}"


def extract_article(page: Fetched, teaser: str) -> Extract:
    """The article of a page, or the teaser where the page is no article, is behind a paywall or says less."""
    kind = page.content_type.partition(";")[0].strip().lower()
    body = page.body or b""
    if kind not in _PAGE_TYPES:
        return Extract(teaser, f"only the feed's teaser is used: the page is {kind[:60]} and no article")
    if _PAYWALL.search(body):
        return Extract(teaser, "only the feed's teaser is used: the page says that it is behind a paywall")
    text = _main_text(body, page.url)
    if len(text) < max(_LEAST_CHARACTERS, len(teaser)):
        return Extract(teaser, "only the feed's teaser is used: no longer text was found in the page")
    return Extract(text, None)


def _main_text(body: bytes, url: str) -> str:
    import trafilatura

    try:
        found = trafilatura.extract(body, url=url, include_comments=False, include_tables=False, favor_precision=True)
    except Exception:  # noqa: BLE001 -- whatever a stranger's page makes an extractor do
        return ""
    # One line is one paragraph there.
    return tidy((found or "").replace("\n", "\n\n"))
