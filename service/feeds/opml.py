"""Lists of subscriptions as other readers write and read them (OPML 2.0, opml.org/spec2.opml)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.errors import InvalidInput, TooLarge
from service.storage import FeedRow

MAX_OPML_BYTES: Final = 4_000_000


class Outline(msgspec.Struct, frozen=True):
    """One subscription of a list."""

    url: str
    title: str | None


def read_opml(content: bytes) -> list[Outline]:
    """The feeds of an OPML document in order, each once, folders opened.

    Raises TooLarge, and InvalidInput when it is no OPML or declares entities, which no honest list needs.
    """
    if len(content) > MAX_OPML_BYTES:
        raise TooLarge(f"OPML: {len(content)} bytes are over the limit of {MAX_OPML_BYTES}", field="OPML")
    try:
        root = fromstring(content.lstrip(), forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise InvalidInput("OPML: it declares entities, which are not read", field="OPML") from error
    except (ParseError, ValueError, LookupError) as error:
        raise InvalidInput(f"OPML: not valid XML: {error}", field="OPML") from error
    if root.tag.lower() != "opml":
        raise InvalidInput(f"OPML: the document is {root.tag[:40]}, not opml", field="OPML")
    found: dict[str, Outline] = {}
    for outline in root.iter("outline"):
        names = {name.lower(): value for name, value in outline.attrib.items()}
        if url := names.get("xmlurl", "").strip():
            found.setdefault(url, Outline(url, names.get("title") or names.get("text") or None))
    if not found:
        raise InvalidInput("OPML: no outline in it has an xmlUrl", field="OPML")
    return list(found.values())


def write_opml(feeds: Sequence[FeedRow]) -> str:
    """The subscriptions as an OPML document."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = "Manchete"
    body = SubElement(root, "body")
    for feed in feeds:
        title = feed.title or feed.url
        SubElement(body, "outline", type="rss", text=title, title=title, xmlUrl=feed.url)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"
