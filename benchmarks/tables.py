"""Tables as aligned text for a terminal and as Markdown for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the names of the columns, the rows; the first column is text, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: {len(row)} cells in a row of {len(self.columns)} columns")

    def as_text(self) -> str:
        """Columns aligned with spaces."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [self.title, *(_aligned(row, widths) for row in (self.columns, *self.rows))]
        return "\n".join(lines) + "\n"

    def as_markdown(self) -> str:
        """A heading of the third level and a pipe table."""
        rule = ("---", *("---:" for _ in self.columns[1:]))
        lines = [f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines]) + "\n"


def without_empty_columns(table: Table) -> Table:
    """The table without the columns in which every row is blank."""
    kept = [index for index in range(len(table.columns)) if not index or any(row[index] for row in table.rows)]

    def keep(row: Sequence[str]) -> tuple[str, ...]:
        return tuple(row[index] for index in kept)

    return Table(table.title, keep(table.columns), tuple(keep(row) for row in table.rows))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    return "  ".join(cells).rstrip()
