"""The page at `/`: one static file that calls the API of the host it came from and no other."""

from __future__ import annotations

from importlib import resources

__all__ = ["index_html"]


def index_html() -> str:
    """The page's HTML, with its script and style inline."""
    return (resources.files(__name__) / "index.html").read_text(encoding="utf-8")
