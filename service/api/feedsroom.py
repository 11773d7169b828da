"""The feeds of the settings: for the HTTP endpoints and for `manchete feeds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from service.errors import ConfigurationError, MissingExtra
from service.settings import Settings

if TYPE_CHECKING:
    from starlette.datastructures import URL

    from service.feeds.desk import FeedDesk
    from service.feeds.digest import Digest

_LIBRARIES = frozenset({"brotli", "defusedxml", "feedparser", "httpcore", "nh3", "sqlalchemy", "trafilatura"})


def open_feeds(settings: Settings) -> FeedDesk:
    """Open the database and put the settings together.

    Raises MissingExtra where the libraries are not installed, ConfigurationError for a setting, StorageError.
    """
    try:
        from service.feeds.addresses import policy_from
        from service.feeds.config import FeedsConfig, FetchConfig
        from service.feeds.desk import FeedDesk
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _LIBRARIES:
            raise MissingExtra("Feeds", extra="feeds") from error
        raise
    fetch = FetchConfig(
        addresses=policy_from(settings.feeds_allow_private),
        concurrency=settings.feeds_concurrency,
        max_bytes=settings.feeds_max_bytes,
        total_seconds=settings.feeds_timeout_seconds,
        host_pause_seconds=settings.feeds_host_pause_seconds,
        user_agent=settings.feeds_user_agent,
    )
    config = FeedsConfig(settings.feeds_max_items, settings.feeds_retention_days, fetch)
    if settings.feeds_database is not None:
        return FeedDesk(settings.feeds_database.reveal(), config)
    return FeedDesk(f"sqlite:///{settings.home / 'feeds.db'}", config)


def offline_refusal() -> ConfigurationError:
    """What is raised instead of a run in offline mode."""
    return ConfigurationError("MANCHETE_OFFLINE: feeds are not fetched while it is set", field="MANCHETE_OFFLINE")


def address_of(asked: URL, public: str | None) -> str:
    """The address by which a digest is subscribed to: the one that was asked for, at `public` where that is set.

    A key that it carries is left out: documents are passed on.
    """
    kept = asked.remove_query_params("api_key")
    if public is None:
        return str(kept)
    return f"{public.rstrip('/')}{kept.path}{'?' if kept.query else ''}{kept.query}"


def renderers() -> Mapping[str, Callable[[Digest], str]]:
    """What makes a document of a digest, by the name of its format."""
    from service.feeds.render import render_atom, render_html, render_json_feed, render_markdown

    return {"html": render_html, "md": render_markdown, "json": render_json_feed, "atom": render_atom}
