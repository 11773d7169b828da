"""Axes, scales and marks of small charts as inline SVG; every text is escaped, colours are classes of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

WIDTH: Final = 360
HEIGHT: Final = 250
LEFT: Final = 46
RIGHT: Final = 348
TOP: Final = 16
BOTTOM: Final = 208
# Classes s0 to s7 of the page; more systems than that share them.
COLOURS: Final = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from `low` to `high` with a label; `log` for a logarithmic one."""

    label: str
    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values between the ends, about five."""
        if self.log:
            exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
            inside = [value for value in found if self.low <= value <= self.high]
            return inside[:: max(1, math.ceil(len(inside) / 6))]
        raw = (self.high - self.low) / 5
        size = 10.0 ** math.floor(math.log10(raw))
        step = min((size * factor for factor in (1, 2, 5, 10)), key=lambda one: abs(one - raw))
        first = math.ceil(self.low / step - 1e-9)
        return [step * number for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis(label: str, values: Sequence[float], *, log: bool = False) -> Axis:
    """An axis with room for the values."""
    low, high = min(values), max(values)
    if log:
        return Axis(label, low / 1.3, high * 1.3, log=True)
    room = (high - low or abs(high) or 1) * 0.12
    return Axis(label, low - room, high + room)


@dataclass(slots=True)
class Chart:
    """A chart being drawn; `svg` gives it with axes, grid and title."""

    title: str
    x: Axis
    y: Axis
    marks: list[str] = field(default_factory=list)
    # Where labels stand already, so that two do not cover each other.
    _labels: list[tuple[float, float]] = field(default_factory=list)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point in the drawing."""
        return LEFT + (RIGHT - LEFT) * self.x.share(x), BOTTOM - (BOTTOM - TOP) * self.y.share(y)

    def point(self, x: float, y: float, colour: int, label: str) -> None:
        """A labelled dot."""
        left, top = self.place(x, y)
        self.marks.append(f'<circle class="dot s{colour % COLOURS}" cx="{left:.1f}" cy="{top:.1f}" r="5"/>')
        self.text(left, top, label)

    def text(self, left: float, top: float, label: str) -> None:
        """A label beside a place, moved down where another one is."""
        anchor, shift = ("end", -9) if left > (LEFT + RIGHT) / 2 else ("start", 9)
        line = top + 4
        while any(abs(line - taken) < 12 and abs(left - near) < 150 for near, taken in self._labels):
            line += 12
        self._labels.append((left, line))
        self.marks.append(f'<text x="{left + shift:.1f}" y="{line:.1f}" text-anchor="{anchor}">{escape(label)}</text>')

    def line(self, points: Sequence[tuple[float, float]], colour: int) -> None:
        """A line through points."""
        places = (self.place(x, y) for x, y in points)
        path = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        self.marks.append(f'<polyline class="line s{colour % COLOURS}" points="{path}"/>')

    def bar(self, x: tuple[float, float], y: float) -> None:
        """A bar from zero, between two values of x."""
        left, top = self.place(x[0], y)
        right, bottom = self.place(x[1], max(self.y.low, 0))
        size = f'width="{right - left - 2:.1f}" height="{max(bottom - top, 0):.1f}"'
        self.marks.append(f'<rect class="bar" x="{left + 1:.1f}" y="{top:.1f}" {size}/>')

    def svg(self, x_names: Sequence[tuple[float, str]] | None = None) -> str:
        """The drawing; `x_names` replaces the ticks of the x axis by names at values."""
        parts = []
        for value in self.y.ticks():
            _, top = self.place(self.x.low, value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{top:.1f}" y2="{top:.1f}"/>')
            parts.append(
                f'<text class="tick" x="{LEFT - 5}" y="{top + 4:.1f}" text-anchor="end">{_number(value)}</text>'
            )
        names = x_names if x_names is not None else [(value, _number(value)) for value in self.x.ticks()]
        for value, name in names:
            left, _ = self.place(value, self.y.low)
            parts.append(
                f'<text class="tick" x="{left:.1f}" y="{BOTTOM + 15}" text-anchor="middle">{escape(name)}</text>'
            )
        middle = (TOP + BOTTOM) / 2
        parts += [
            *self.marks,
            f'<text class="axis" x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
            f"{escape(self.x.label)}</text>",
            f'<text class="axis" transform="rotate(-90 11 {middle})" x="11" y="{middle}" text-anchor="middle">'
            f"{escape(self.y.label)}</text>",
        ]
        return drawing(self.title, parts)


def drawing(title: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    """An SVG element with a title that is read out."""
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
