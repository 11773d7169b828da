"""`manchete summarize A.txt B.txt`: one summary of several files."""

from __future__ import annotations

import json
from argparse import Namespace

from service.api.limits import MAX_TEXTS, check_filled
from service.api.stories import render_story
from service.cli.inputs import read_text
from service.cli.session import open_service, optional_title
from service.cli.texts import print_line, print_notices, print_text
from service.errors import InvalidInput
from service.pipeline.stories import StoryRequest
from service.types import RequestContext, SummaryLength
from service.writing import Manner


def summarize_together(options: Namespace, length: SummaryLength) -> int:
    """Print the summary; returns the exit code 0. Raises InvalidInput naming what is wrong with the files."""
    if len(options.files) > MAX_TEXTS:
        raise InvalidInput(f"FILE: {len(options.files)} files are over the limit of {MAX_TEXTS}", field="FILE")
    if options.files.count("-") > 1:
        raise InvalidInput("FILE: standard input can be read once", field="FILE")
    with open_service() as service:
        limit = service.settings.char_limit
        texts = tuple(check_filled(read_text(file), f"FILE: {file}", limit) for file in options.files)
        manner = Manner(options.method, options.style)
        request = StoryRequest(texts, options.source, optional_title(options.title, limit), length, manner)
        result = service.pipeline.summarize_together(request, RequestContext("cli"))
    if options.json:
        print_line(json.dumps(render_story(result), ensure_ascii=False, indent=2))
        return 0
    print_notices(result.summary.warnings)
    print_text(result.summary.text)
    return 0
