"""Charts show their numbers at the right places, and text cannot become markup."""

import re

import numpy as np
import pytest

from arcade_gym.report.axes import axis, lettered, round_step
from arcade_gym.report.charts import Line, interval, line_chart
from arcade_gym.report.markup import Markup, element, joined

X = np.array([0.0, 50.0, 100.0])


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 98304, [0, 20000, 40000, 60000, 80000, 100000]),
        (-0.31, 0.4, [-0.4, -0.2, 0, 0.2, 0.4]),
        (3, 3, [2.4, 2.6, 2.8, 3.0, 3.2, 3.4, 3.6]),
    ],
)
def test_ticks_are_round_and_hold_all_numbers(low, high, ticks):
    found = axis(low, high, 0, 100)
    assert found.ticks == pytest.approx(ticks)
    assert found.low <= low <= high <= found.high


def test_numbers_are_mapped_onto_pixels():
    up = axis(0, 10, 200, 0)
    assert (up.at(0), up.at(10), up.at(2.5)) == (200, 0, 150)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "0.25"), (50_000, "50k"), (2.5e6, "2.5M"), (-0.2, "\N{MINUS SIGN}0.2")],
)
def test_numbers_at_ticks_are_short(value, text):
    assert lettered(value) == text


@pytest.mark.parametrize(("width", "step"), [(0.2, 0.2), (0.21, 0.5), (7, 10), (1, 1)])
def test_steps_are_the_next_round_number(width, step):
    assert round_step(width) == pytest.approx(step)


def test_a_line_goes_through_its_points_and_its_band_around_them():
    y = np.array([0.0, 0.5, 1.0])
    drawn = line_chart(
        [Line("a", X, y, 3, (y - 0.0, y + 0.0))],
        caption="C",
        x_label="steps",
        y_label="return",
    )
    path = re.search(r'd="M([^"]+)" class="line series-3"', drawn)[1]
    points = [tuple(map(float, point.split())) for point in path.split("L")]
    assert points == [(52, 222), (234, 117), (416, 12)]
    band = re.search(r'd="M([^"]+)Z" class="band series-3"', drawn)[1]
    assert band.split("L") == path.split("L") + path.split("L")[::-1]
    assert "<figcaption>C</figcaption>" in drawn
    assert 'aria-label="C"' in drawn


def test_a_single_point_is_seen():
    one = np.array([1.0])
    options = {"caption": "", "x_label": "", "y_label": ""}
    drawn = line_chart([Line("a", one, one, 0)], **options)
    assert 'class="dot series-0"' in drawn


def test_an_interval_is_drawn_from_end_to_end():
    drawn = interval(0.5, 0.25, 1.0, axis(0, 1, 0, 100), 0)
    assert "M25.0 10H100.0" in drawn
    assert 'cx="50.0"' in drawn
    assert 'aria-label="interval from 0.250 to 1.000"' in drawn


def test_text_is_escaped_once():
    text = element("td", '<script>"&"', title='"<')
    assert text == '<td title="&quot;&lt;">&lt;script&gt;&quot;&amp;&quot;</td>'
    assert joined(text, "<") == text + "&lt;"
    assert joined(Markup("<b>"), "b") == "<b>b"


def test_attributes_that_are_off_are_left_out():
    assert element("input", checked=True, hidden=False, id=None) == "<input checked>"
    assert element("label", for_="a", aria_label="b") == (
        '<label for="a" aria-label="b"></label>'
    )
