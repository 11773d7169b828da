"""A comparison as one HTML file that needs nothing else, and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from benchmarks.compare.plots import Plot, plots
from benchmarks.compare.side_by_side import Fault, SideBySide
from benchmarks.compare.summaries import Supported
from benchmarks.report import absences_of, conditions_of, tables_of
from benchmarks.tables import Table

_TEMPLATE: Final = Path(__file__).with_name("page.html")
# What the Markdown shows of the sentences; the HTML and the JSON have them all.
_MOST_DIFFERENT: Final = 10


def as_html(comparison: SideBySide) -> str:
    """The page. Texts are data in it and are put into the page as text; figures and names are escaped."""
    report = comparison.report
    title = f"{comparison.direction}: {len(comparison.systems)} systems, {len(comparison.sentences):,} sentences"
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        data_set=escape(f"{report.conditions.data.name}, {report.conditions.date[:10]}"),
        legend="".join(
            f'<li><span class="swatch s{number % 8}"></span>{escape(system)}</li>'
            for number, system in enumerate(comparison.systems)
        ),
        tables="".join(_table(table) for table in tables_of(report)),
        plots="".join(_plot(plot) for plot in plots(comparison)),
        conditions="".join(f"<li>{escape(line)}</li>" for line in [*absences_of(report), *conditions_of(report)]),
        summaries=_summaries(comparison),
        data=_data(comparison),
    )


def sentences_as_markdown(comparison: SideBySide) -> str:
    """The sentences in which the systems differ most, for a page or an issue."""
    chosen = sorted(comparison.sentences, key=lambda one: -one.disagreement)[:_MOST_DIFFERENT]
    parts = ["### Where they differ most\n"]
    for sentence in chosen:
        parts.append(f"- disagreement {sentence.disagreement:.0f}: {_inline(sentence.source)}")
        if sentence.reference is not None:
            parts.append(f"  - reference: {_inline(sentence.reference)}")
        for system, version in sentence.versions.items():
            score = "" if version.chrf is None else f" (chrF {version.chrf:.0f})"
            faults = "".join(f"; **{_inline(fault.message)}**" for fault in version.faults)
            parts.append(f"  - {_inline(system)}{score}: {_inline(version.text)}{faults}")
    return "\n".join(parts) + "\n"


def _data(comparison: SideBySide) -> str:
    """The sentences for the page's script, as compact as they can be, and unable to end the element they are in."""
    systems = comparison.systems
    rows = []
    for sentence in comparison.sentences:
        versions = [sentence.versions[system] for system in systems]
        texts = [[one.text, one.chrf, [_fault(fault) for fault in one.faults]] for one in versions]
        rows.append([sentence.source, sentence.reference, sentence.disagreement, texts])
    text = json.dumps({"systems": systems, "rows": rows}, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _fault(fault: Fault) -> Sequence[str | int]:
    return fault.code, fault.message, fault.start, fault.end


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    heading = f"<h3>{escape(table.title)}</h3>"
    return f'{heading}<div class="scroll"><table class="figures"><tr>{head}</tr>{rows}</table></div>'


def _plot(plot: Plot) -> str:
    return f"<figure><h3>{escape(plot.heading)}</h3>{plot.svg}<figcaption>{escape(plot.caption)}</figcaption></figure>"


def _summaries(comparison: SideBySide) -> str:
    """A section with the summaries of every article side by side, or nothing without any."""
    parts = []
    for article in dict.fromkeys(one.article for one in comparison.summaries):
        columns = []
        for one in comparison.summaries:
            if one.article == article:
                colour = comparison.systems.index(one.system) if one.system in comparison.systems else 0
                items = "".join(_supported(sentence) for sentence in one.sentences)
                columns.append(f'<div class="s{colour % 8}"><h4>{escape(one.system)}</h4><ol>{items}</ol></div>')
        parts.append(f'<h3>{escape(article)}</h3><div class="summaries">{"".join(columns)}</div>')
    return f"<h2>Summaries and what supports them</h2>{''.join(parts)}" if parts else ""


def _supported(sentence: Supported) -> str:
    lost = f'<div class="fault">{escape(", ".join(sentence.lost))} lost</div>' if sentence.lost else ""
    return f'<li>{escape(sentence.text)}{lost}<div class="reference">{escape(sentence.source)}</div></li>'


def _inline(text: str) -> str:
    """A text within a line of Markdown: nothing in it is markup."""
    line = " ".join(text.split())
    return "".join(f"\\{one}" if one in "\\`*_[]<>&|#" else one for one in line)
