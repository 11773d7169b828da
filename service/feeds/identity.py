"""By which names an item is known, so that it is taken once however its feed changes.

An item with a GUID is known by it. Feeds are seen that change GUIDs at every fetch, so that it is known as well by its
link and title together with its time, and together with its text: when one of these names was seen, the item was.
An item without a GUID is known by its link, and without a link by its title and text. A name that several items of one
document share says nothing and is not used. What a link carries to count its readers is no part of it.

An item that is known may have been edited since: `content_of` is another one then.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

# What is put behind an address to tell where its reader came from, and is another one at every fetch with some.
_TRACKING: Final = re.compile(
    r"(?:utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|_hsenc|_hsmi|mc_[ce]id|at_(?:medium|campaign)\w*|[a-z]?gclid|fbclid|dclid|"
    r"msclkid|yclid|twclid|igshid|wbraid|gbraid|xtor|cmpid|spm)",
    re.IGNORECASE,
)
_LINK_IN_TEXT: Final = re.compile(r"https?://\S+", re.IGNORECASE)


class Named(msgspec.Struct, frozen=True):
    """What an item can be known by."""

    guid: str | None
    link: str | None
    title: str
    text: str
    published: int | None


def keys_of(found: Sequence[Named]) -> list[tuple[str, ...]]:
    """The keys of each item of a document, the one that it is identified by first; 32 hexadecimal digits each."""
    guids = Counter(item.guid or "" for item in found)
    plain = [plain_link(item.link) if item.link else None for item in found]
    links = Counter(link for link in plain if link)
    all_keys = []
    for item, link in zip(found, plain, strict=True):
        keys = []
        guid_is_own = bool(item.guid) and guids[item.guid or ""] == 1
        if guid_is_own:
            keys.append(_key("guid", item.guid or ""))
        elif link and links[link] == 1:
            keys.append(_key("link", link))
        if link and item.title:
            keys.append(_key("text", link, item.title, item.text))
            if item.published is not None:
                keys.append(_key("time", link, item.title, str(item.published)))
        all_keys.append(tuple(keys) or (_key("content", item.title, item.text),))
    shared = {key for key, count in Counter(key for keys in all_keys for key in keys).items() if count > 1}
    return [_own(keys, shared) for keys in all_keys]


def content_of(title: str, text: str) -> str:
    """What stands for an item's words, 32 hexadecimal digits: the same while only white space, the way a character is
    encoded or the tracking of a link in it changes.
    """
    words = (" ".join(unicodedata.normalize("NFC", part).split()) for part in (title, text))
    return _key("edit", *(_LINK_IN_TEXT.sub(lambda link: plain_link(link[0]), part) for part in words))


def plain_link(link: str) -> str:
    """A link without the parameters that only tell where its reader came from."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    if not parts.query:
        return link
    kept = [one for one in parts.query.split("&") if not _TRACKING.fullmatch(one.partition("=")[0])]
    return urlunsplit(parts._replace(query="&".join(kept)))


def _own(keys: tuple[str, ...], shared: set[str]) -> tuple[str, ...]:
    # Where an item has no key of its own it is the copy of another: the first of its keys tells them to be the same.
    return tuple(key for key in keys if key not in shared) or keys[:1]


def _key(kind: str, *parts: str) -> str:
    content = "\0".join((kind, *parts)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]
