"""What each command does. Each takes the parsed options and returns an exit code, or raises an error of the tree."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from service.api.limits import check_filled, summary_length
from service.cli.exits import SOME_LINES_FAILED
from service.cli.inputs import read_text
from service.cli.session import check_language, open_service, optional_title
from service.cli.texts import print_digest, print_line, print_notices, print_text
from service.types import DigestRequest, RequestContext, SummarizeRequest, TranslateRequest
from service.writing import Manner

OK: Final = 0


def serve(options: Namespace) -> int:
    """`manchete serve`."""
    from service.cli.server import run_server

    run_server(options.host, options.port)
    return OK


def translate(options: Namespace) -> int:
    """`manchete translate`."""
    check_language(options.source, "--from")
    check_language(options.to, "--to")
    glossary = glossary_of(options)
    pattern = TranslateRequest(
        "", options.to, options.source, quality=options.quality, model=options.model, glossary=glossary
    )
    with open_service() as service:
        limit = service.settings.char_limit
        if options.lines:
            from service.cli.lines import LineInput, translate_lines

            lines = LineInput(options.file, limit)
            return _code(translate_lines(service.pipeline, lines, pattern))
        text = check_filled(read_text(options.file), "FILE", limit)
        result = service.pipeline.translate(replace(pattern, text=text), RequestContext("cli"))
        print_notices(result.translation.warnings)
        print_text(result.translation.text)
    return OK


def detect(options: Namespace) -> int:
    """`manchete detect`."""
    from service.cli.lines import LineInput, detect_lines, format_detection

    with open_service() as service:
        limit = service.settings.char_limit
        if options.lines:
            return _code(detect_lines(service.pipeline, LineInput(options.file, limit), as_json=options.json))
        detection = service.pipeline.detect(check_filled(read_text(options.file), "FILE", limit), field="FILE")
        print_line(format_detection(detection, as_json=options.json))
    return OK


def summarize(options: Namespace) -> int:
    """`manchete summarize`."""
    check_language(options.source, "--from")
    length = summary_length(options.sentences, options.words, options.ratio, prefix="--")
    if len(options.files) > 1:
        # Imported here: most summaries are of one text.
        from service.cli.stories import summarize_together

        return summarize_together(options, length)
    with open_service() as service:
        limit = service.settings.char_limit
        text = check_filled(read_text(options.files[0]), "FILE", limit)
        title, manner = optional_title(options.title, limit), Manner(options.method, options.style)
        request = SummarizeRequest(text, options.source, title, length, manner)
        result = service.pipeline.summarize(request, RequestContext("cli"))
        if options.json:
            from service.api.render import render_summarize

            print_line(json.dumps(render_summarize(result), ensure_ascii=False, indent=2))
            return OK
        print_notices(result.summary.warnings)
        print_text(result.summary.text)
    return OK


def digest(options: Namespace) -> int:
    """`manchete digest`."""
    check_language(options.source, "--from")
    check_language(options.to, "--to")
    length = summary_length(options.sentences, options.words, options.ratio, prefix="--")
    glossary = glossary_of(options)
    with open_service() as service:
        limit = service.settings.char_limit
        text = check_filled(read_text(options.file), "FILE", limit)
        title = optional_title(options.title, limit)
        manner = Manner(options.method, options.style)
        request = DigestRequest(text, options.to, options.source, title, length, *_choice(options), glossary, manner)
        result = service.pipeline.digest(request, RequestContext("cli"))
        if options.json:
            from service.api.render import render_digest

            print_line(json.dumps(render_digest(result), ensure_ascii=False, indent=2))
            return OK
        print_digest(result)
    return OK


COMMANDS: Final[Mapping[str, Callable[[Namespace], int]]] = {
    "serve": serve,
    "translate": translate,
    "detect": detect,
    "summarize": summarize,
    "digest": digest,
}


# Those that read one text and end; with `--lines` they may go on for long, and see to that themselves.
SHORT: Final = frozenset(COMMANDS) - {"serve"}


def find(name: str) -> Callable[[Namespace], int]:
    """The function of a command."""
    if name.startswith("models "):
        # Imported here: these read and fill the store, which no other command does.
        from service.cli.models import MODELS_COMMANDS

        return MODELS_COMMANDS[name.removeprefix("models ")]
    if name == "batch":
        # Likewise: readers, writers and checkpoints are of no use to a command that reads one text.
        from service.cli.batch import batch

        return batch
    if name.startswith("feeds "):
        from service.cli.feeds import FEEDS_COMMANDS

        return FEEDS_COMMANDS[name.removeprefix("feeds ")]
    return COMMANDS[name]


def _choice(options: Namespace) -> tuple[str | None, str | None]:
    return options.quality, options.model


def glossary_of(options: Namespace) -> tuple[tuple[str, str], ...]:
    """The glossary of `--glossary` and `--term`; raises InvalidInput or TooLarge naming the option and the entry."""
    if options.glossary is None and not options.term:
        return ()
    from service.cli.glossary import read_glossary

    return read_glossary(options.glossary, options.term)


def _code(failed_lines: int) -> int:
    return SOME_LINES_FAILED if failed_lines else OK
