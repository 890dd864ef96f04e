"""The progress line: one that is refreshed for people, plain ones for files."""

import io
import math
import sys

import pytest

from arcade_gym.baselines.runs import progress
from arcade_gym.baselines.runs.progress import Bar, Lines


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress.time, "perf_counter", clock)
    return clock


def test_lines_come_every_ten_seconds_with_all_that_is_asked_for(clock):
    out = io.StringIO()
    lines = Lines(0, 100_000, "run", out)
    for seconds in range(1, 26):
        clock.now = float(seconds)
        lines.advance(1000 * seconds, 0.25)
    lines.close()
    lines.close()
    printed = out.getvalue().splitlines()
    assert printed == [
        "run: 10,000 steps (10%)  1,000 steps/s  return 0.250  01:30 left",
        "run: 20,000 steps (20%)  1,000 steps/s  return 0.250  01:20 left",
        "run: 25,000 steps (25%)  1,000 steps/s  return 0.250  01:15 left",
    ]


def test_a_resumed_run_counts_its_speed_from_where_it_goes_on(clock):
    out = io.StringIO()
    lines = Lines(50_000, 100_000, "run", out)
    clock.now = 10.0
    lines.advance(60_000, math.nan)
    assert out.getvalue() == (
        "run: 60,000 steps (60%)  1,000 steps/s  return -  00:40 left\n"
    )


def test_the_bar_shows_percent_steps_speed_return_and_time_left():
    out = io.StringIO()
    bar = Bar(0, 2_000, "run", out)
    bar.advance(1_000, 0.5)
    bar.say("an evaluation")
    bar.close()
    text = out.getvalue()
    assert "an evaluation\n" in text
    shown = text.rsplit("\r", 1)[-1]
    for part in ("run:", "50%", "1.00k/2.00k", "steps/s", "return 0.500"):
        assert part in shown


def test_people_get_a_bar_and_files_get_lines(monkeypatch):
    assert isinstance(progress.progress(0, 10, "run"), Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bar = progress.progress(0, 10, "run")
    assert isinstance(bar, Bar)
    bar.close()
