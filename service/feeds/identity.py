"""By which names an item is known, so that it is taken once however its feed changes.

An item with a GUID is known by it. Feeds are seen that change GUIDs at every fetch, so that it is known as well by its
link and title together with its time, and together with its text: when one of these names was seen, the item was.
An item without a GUID is known by its link, and without a link by its title and text. A name that several items of one
document share says nothing and is not used.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """What an item can be known by."""

    guid: str | None
    link: str | None
    title: str
    text: str
    published: int | None


def keys_of(found: Sequence[Named]) -> list[tuple[str, ...]]:
    """The keys of each item of a document, the one that it is identified by first; 32 hexadecimal digits each."""
    guids = Counter(item.guid or "" for item in found)
    links = Counter(item.link for item in found if item.link)
    all_keys = []
    for item in found:
        keys = []
        guid_is_own = bool(item.guid) and guids[item.guid or ""] == 1
        if guid_is_own:
            keys.append(_key("guid", item.guid or ""))
        elif item.link and links[item.link] == 1:
            keys.append(_key("link", item.link))
        if item.link and item.title:
            keys.append(_key("text", item.link, item.title, item.text))
            if item.published is not None:
                keys.append(_key("time", item.link, item.title, str(item.published)))
        all_keys.append(tuple(keys) or (_key("content", item.title, item.text),))
    shared = {key for key, count in Counter(key for keys in all_keys for key in keys).items() if count > 1}
    return [_own(keys, shared) for keys in all_keys]


def _own(keys: tuple[str, ...], shared: set[str]) -> tuple[str, ...]:
    # Where an item has no key of its own it is the copy of another: the first of its keys tells them to be the same.
    return tuple(key for key in keys if key not in shared) or keys[:1]


def _key(kind: str, *parts: str) -> str:
    content = "\0".join((kind, *parts)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]
