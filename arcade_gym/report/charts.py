"""Charts as SVG inside the page; colors and fonts are the style sheet's."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from arcade_gym.report.axes import Axis, Number, axis, lettered
from arcade_gym.report.markup import Markup, element, joined

COLORS = 8  # of the style sheet: classes series-0 and so on

_WIDTH, _HEIGHT = 440, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 416, 12, 222

Numbers = Float[np.ndarray, " points"]


class Line(NamedTuple):
    """A line of a chart.

    Attributes:
        name: in the legend.
        x, y: points from left to right.
        color: number of the run.
        band: lower and upper ends of intervals, if there are any.
        is_dashed: tells two lines of a run apart.
    """

    name: str
    x: Numbers
    y: Numbers
    color: int
    band: tuple[Numbers, Numbers] | None = None
    is_dashed: bool = False


def line_chart(
    lines: Sequence[Line],
    *,
    caption: str,
    x_label: str,
    y_label: str,
    low: Number | None = None,
    level: Number | None = None,
) -> Markup:
    """Lines with their intervals, a legend and a caption.

    Args:
        lines: at least one.
        caption: says what is shown, and how it was measured.
        x_label: below.
        y_label: above the axis.
        low: lower end of the vertical axis; None follows from the numbers.
        level: where a thin line is drawn from side to side.
    """
    lows = [line.band[0] if line.band else line.y for line in lines]
    highs = [line.band[1] if line.band else line.y for line in lines]
    extra = [] if level is None else [np.array([level])]
    across = axis(*_range([line.x for line in lines]), _LEFT, _RIGHT)
    least, most = _range([*lows, *highs, *extra])
    up = axis(least if low is None else low, most, _BOTTOM, _TOP)
    shapes = [_grid(across, up, x_label), *(_band(one, across, up) for one in lines)]
    if level is not None:
        y = up.at(level)
        shapes.append(element("path", d=f"M{_LEFT} {y}H{_RIGHT}", class_="level"))
    shapes += [_path(line, across, up) for line in lines]
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    drawn = element("svg", *shapes, viewbox=box, role="img", aria_label=caption)
    unit = element("div", y_label, class_="unit")
    legend = _legend(lines)
    told = element("figcaption", caption)
    return element("figure", unit, drawn, legend, told, class_="chart")


def interval(mean: Number, low: Number, high: Number, ends: Axis, color: int) -> Markup:
    """A mean and its interval on a line, for a cell of a table."""
    left, middle, right = (ends.at(value) for value in (low, mean, high))
    zero = ends.at(min(max(0.0, ends.low), ends.high))
    shapes = (
        element("path", d=f"M{ends.start} 10H{ends.stop}", class_="grid"),
        element("path", d=f"M{zero} 4V16", class_="grid"),
        element("path", d=f"M{left} 10H{right}M{left} 6V14M{right} 6V14"),
        element("circle", cx=middle, cy=10, r=4),
    )
    label = f"interval from {low:.3f} to {high:.3f}"
    box = f"0 0 {ends.stop + ends.start:g} 20"
    name = f"interval series-{color % COLORS}"
    return element(
        "svg", *shapes, viewbox=box, role="img", aria_label=label, class_=name
    )


def swatch(color: int, *, is_dashed: bool = False) -> Markup:
    """The color of a run, beside its name."""
    kind = "dashed" if is_dashed else None
    line = element("path", d="M1 6H23", class_=kind)
    name = f"swatch series-{color % COLORS}"
    return element("svg", line, viewbox="0 0 24 12", class_=name, aria_hidden="true")


def _range(numbers: Sequence[Float[np.ndarray, " _"]]) -> tuple[float, float]:
    every = np.concatenate([np.asarray(one, np.float64) for one in numbers])
    every = every[np.isfinite(every)]
    return (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)


def _grid(across: Axis, up: Axis, x_label: str) -> Markup:
    shapes = []
    for value in up.ticks:
        y = up.at(value)
        shapes.append(element("path", d=f"M{_LEFT} {y}H{_RIGHT}", class_="grid"))
        text = {"x": _LEFT - 8, "y": y + 4, "text_anchor": "end"}
        shapes.append(element("text", lettered(value), **text))
    for value in across.ticks:
        x = across.at(value)
        shapes.append(element("path", d=f"M{x} {_BOTTOM}v5", class_="grid"))
        text = {"x": x, "y": _BOTTOM + 19, "text_anchor": "middle"}
        shapes.append(element("text", lettered(value), **text))
    middle = (_LEFT + _RIGHT) / 2
    label = {"x": middle, "y": _HEIGHT - 6, "text_anchor": "middle"}
    return element("g", *shapes, element("text", x_label, **label))


def _points(x: Numbers, y: Numbers, across: Axis, up: Axis) -> list[str]:
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return [f"{across.at(a)} {up.at(b)}" for a, b in pairs if np.isfinite(b)]


def _path(line: Line, across: Axis, up: Axis) -> Markup:
    points = _points(line.x, line.y, across, up)
    name = f"line series-{line.color % COLORS}" + (" dashed" if line.is_dashed else "")
    shown = element("path", d="M" + "L".join(points) if points else None, class_=name)
    if len(points) > 1 or not points:
        return shown
    x, y = points[0].split()
    dot = element("circle", cx=x, cy=y, r=4, class_=f"dot series-{line.color % COLORS}")
    return joined(shown, dot)


def _band(line: Line, across: Axis, up: Axis) -> Markup:
    if line.band is None:
        return Markup()
    low, high = (_points(line.x, end, across, up) for end in line.band)
    name = f"band series-{line.color % COLORS}"
    return element("path", d="M" + "L".join([*low, *high[::-1]]) + "Z", class_=name)


def _legend(lines: Sequence[Line]) -> Markup:
    entries = [
        element("li", swatch(line.color, is_dashed=line.is_dashed), line.name)
        for line in lines
    ]
    return element("ul", *entries, class_="legend")
