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
RIGHT: Final = 338
TOP: Final = 16
BOTTOM: Final = 208
# Classes s0 to s7 of the page; more systems than that share them.
COLOURS: Final = 8
# The mean width of a letter of the labels.
_LETTER: Final = 6.5


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
    # What stands in the drawing already: left, top, right, bottom.
    _taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point in the drawing."""
        return LEFT + (RIGHT - LEFT) * self.x.share(x), BOTTOM - (BOTTOM - TOP) * self.y.share(y)

    def points(self, points: Sequence[tuple[float, float, int, str]]) -> None:
        """Dots at x and y with a colour and a label each."""
        places = [(*self.place(x, y), colour, label) for x, y, colour, label in points]
        for left, top, colour, _ in places:
            self.marks.append(f'<circle class="dot s{colour % COLOURS}" cx="{left:.1f}" cy="{top:.1f}" r="5"/>')
            self._taken.append((left - 6, top - 6, left + 6, top + 6))
        for left, top, _, label in places:
            if label:
                self.text(left, top, label)

    def text(self, left: float, top: float, label: str) -> None:
        """A label beside a place: the first of the sides, near or further off, where nothing stands."""
        width = _LETTER * len(label)
        sides = [(9.0, 4.0), (-9 - width, 4.0), (-width / 2, -10.0), (-width / 2, 18.0)]
        tries = [(x, y + down) for down in (0, 13, -13, 26, -26) for x, y in sides]
        boxes = [(left + x, top + y - 10, left + x + width, top + y + 2) for x, y in tries]
        free = [box for box in boxes if box[0] >= LEFT and box[2] <= WIDTH and box[1] >= TOP - 12 and box[3] <= BOTTOM]
        clear = (box for box in free if not any(_overlap(box, other) for other in self._taken))
        box = next(clear, boxes[0])
        self._taken.append(box)
        self.marks.append(f'<text x="{box[0]:.1f}" y="{box[3] - 2:.1f}">{escape(label)}</text>')

    def line(self, points: Sequence[tuple[float, float]], colour: int) -> None:
        """A line through points."""
        places = (self.place(x, y) for x, y in points)
        path = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        self.marks.append(f'<polyline class="line s{colour % COLOURS}" points="{path}"/>')

    def dashed(self, y: float, colour: int) -> tuple[float, float]:
        """A dashed line from side to side; returns its left end in the drawing."""
        left, top = self.place(self.x.low, y)
        ends = f'x1="{left:.1f}" x2="{RIGHT}" y1="{top:.1f}" y2="{top:.1f}"'
        self.marks.append(f'<line class="line dashed s{colour % COLOURS}" {ends}/>')
        return left, top

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


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
