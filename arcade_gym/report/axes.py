"""Axes of charts: places and numbers of ticks."""

import math
from typing import NamedTuple

Number = int | float


class Axis(NamedTuple):
    """Maps numbers onto a line of pixels.

    Attributes:
        low, high: numbers at both ends.
        start, stop: pixels at both ends.
        step: from tick to tick.
    """

    low: Number
    high: Number
    start: Number
    stop: Number
    step: Number = 1

    def at(self, value: Number) -> float:
        """The pixel of a number, to a tenth."""
        share = (value - self.low) / (self.high - self.low)
        return float(round(self.start + share * (self.stop - self.start), 1))

    @property
    def ticks(self) -> list[Number]:
        """Round numbers from end to end."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [number * self.step for number in range(first, last + 1)]


def axis(low: Number, high: Number, start: Number, stop: Number) -> Axis:
    """An axis whose ends are ticks, also where there is but one number."""
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    step = round_step((high - low) / 5)
    ends = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    return Axis(*ends, start, stop, step)


def round_step(width: Number) -> Number:
    """The smallest of 1, 2 and 5 times a power of ten that is no less than a width."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= width * (1 - 1e-9))


def lettered(value: Number) -> str:
    """A number at a tick: "0.25", "50k", "2M"."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{round(value, 9):.4g}".replace("-", "\N{MINUS SIGN}")
