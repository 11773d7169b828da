"""`manchete feeds ...`: subscriptions, runs, and what comes of them."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from service.api.feedsroom import offline_refusal, open_feeds
from service.cli.exits import complain
from service.cli.inputs import open_input
from service.cli.session import check_language, open_service
from service.cli.texts import print_line
from service.errors import InvalidInput, MancheteError
from service.settings import load_settings

if TYPE_CHECKING:
    from service.feeds.desk import Added, FeedDesk
    from service.feeds.progress import RunReport
    from service.wiring import Service

_SOME_FAILED: Final = 1


@contextmanager
def _desk() -> Iterator[FeedDesk]:
    desk = open_feeds(load_settings())
    try:
        yield desk
    finally:
        desk.close()


def add(options: Namespace) -> int:
    """`manchete feeds add`."""
    with _desk() as desk:
        from service.feeds.opml import Outline

        return _told(desk.add([Outline(url, None) for url in options.urls], full_text=options.full_text))


def import_opml(options: Namespace) -> int:
    """`manchete feeds import`."""
    with _desk() as desk:
        from service.feeds.opml import MAX_OPML_BYTES, read_opml

        with open_input(options.file) as stream:
            outlines = read_opml(stream.read(MAX_OPML_BYTES + 1))
        return _told(desk.add(outlines, full_text=options.full_text))


def show_list(options: Namespace) -> int:
    """`manchete feeds list`."""
    del options
    with _desk() as desk:
        for feed in desk.subscriptions():
            state = feed.last_error or (f"fetched {_time(feed.last_success_at)}" if feed.last_success_at else "new")
            print_line(f"{feed.feed_id}\t{feed.url}\t{feed.title or ''}\t{state}")
        counts = ", ".join(f"{count} {state}" for state, count in desk.counts().items())
        complain(f"items: {counts or 'none'}")
        for outlet, reason, attempts in desk.failures():
            complain(f"failed: {outlet}: {reason} ({attempts} attempts)")
    return 0


def remove(options: Namespace) -> int:
    """`manchete feeds remove`."""
    with _desk() as desk:
        for name in options.feeds:
            desk.remove(name)
    return 0


def run(options: Namespace) -> int:
    """`manchete feeds run`: once, or again and again until interrupted."""
    settings = load_settings()
    if settings.offline:
        raise offline_refusal()
    target = options.to or settings.feeds_target
    check_language(target, "--to")
    with _desk() as desk, open_service() as service:
        if options.every is None:
            report = _run_once(desk, service, target, options)
            return _SOME_FAILED if report.failed or report.failed_items else 0
        while True:
            started = time.monotonic()
            try:
                _run_once(desk, service, target, options)
            except MancheteError as error:
                # The next run may fare better; this one's work is kept.
                complain(error.message)
            time.sleep(max(1.0, options.every - (time.monotonic() - started)))


def digest(options: Namespace) -> int:
    """`manchete feeds digest`."""
    settings = load_settings()
    target = options.to or settings.feeds_target
    check_language(target, "--to")
    since = None if options.since is None else datetime.fromtimestamp(time.time() - options.since, UTC)
    with _desk() as desk:
        from service.feeds.views import web_address

        if options.url is not None and web_address(options.url) is None:
            raise InvalidInput(f"--url: {options.url[:80]} is not an address of http or https", field="--url")
        collected = replace(desk.digest(target=target, since=since, limit=options.limit), url=options.url)
        _write(options.out, _renderer(options.format)(collected))
    return 0


def export(options: Namespace) -> int:
    """`manchete feeds export`."""
    with _desk() as desk:
        if options.format == "opml":
            from service.feeds.opml import write_opml

            _write(options.out, write_opml(desk.subscriptions()))
            return 0
        with _output(options.out) as stream:
            for line in desk.export():
                stream.write(line + "\n")
    return 0


FEEDS_COMMANDS: Final[Mapping[str, Callable[[Namespace], int]]] = {
    "add": add,
    "import": import_opml,
    "list": show_list,
    "remove": remove,
    "run": run,
    "digest": digest,
    "export": export,
}


def _run_once(desk: FeedDesk, service: Service, target: str, options: Namespace) -> RunReport:
    from service.feeds.progress import RunOptions

    job = RunOptions(target, force=options.force, retry_all=options.retry)
    with _bars() as progress:
        report = desk.run(service.pipeline, job, progress)
    complain(report.summary())
    return report


@contextmanager
def _bars() -> Iterator[Any]:
    """Bars on a terminal; elsewhere a line when a stage begins and for every note, so that a log stays a log."""
    from tqdm import tqdm

    from service.feeds.progress import Progress

    shown = sys.stderr.isatty()

    class Bars(Progress):
        bar: Any = None

        def begin(self, stage: str, total: int) -> None:
            self.close()
            if not total:
                return
            if shown:
                self.bar = tqdm(total=total, desc=stage, unit="", leave=True)
            else:
                complain(f"{stage}: {total}")

        def advance(self, count: int) -> None:
            if self.bar is not None:
                self.bar.update(count)

        def note(self, sentence: str) -> None:
            if shown:
                tqdm.write(sentence, file=sys.stderr)
            else:
                complain(sentence)

        def close(self) -> None:
            if self.bar is not None:
                self.bar.close()
                self.bar = None

    bars = Bars()
    try:
        yield bars
    finally:
        bars.close()


def _told(added: list[Added]) -> int:
    for one in added:
        if one.feed is None:
            complain(f"{one.url}: refused: {one.reason}")
        else:
            print_line(f"{one.feed.feed_id}\t{one.feed.url}" + ("" if one.created else "\tsubscribed to already"))
    return _SOME_FAILED if any(one.feed is None for one in added) else 0


def _renderer(name: str) -> Callable[[Any], str]:
    from service.api.feedsroom import renderers

    return renderers()[name]


def _write(out: str, text: str) -> None:
    with _output(out) as stream:
        stream.write(text)


@contextmanager
def _output(out: str) -> Iterator[Any]:
    if out == "-":
        yield sys.stdout
        return
    path = Path(out)
    partial = path.with_name(f".{path.name}.partial")
    try:
        # Renamed when whole: whoever reads the file never finds half of it.
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        partial.replace(path)
    except OSError as error:
        raise InvalidInput(f"--out: {out} cannot be written: {error.strerror or error}", field="out") from error
    finally:
        partial.unlink(missing_ok=True)


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00") + " UTC"
