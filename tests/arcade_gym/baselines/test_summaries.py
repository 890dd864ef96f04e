"""Iterations of a chunk become one record."""

import math

import pytest

from arcade_gym.baselines.runs.summaries import summarise

METRICS = {
    "episodes": [2, 0, 6],
    "return_mean": [0.5, math.nan, 0.1],
    "length_mean": [10, math.nan, 20],
    "truncated": [1.0, math.nan, 0.0],
    "return_min": [0.1, math.inf, -0.5],
    "return_max": [0.9, -math.inf, 0.3],
    "dummies": [2, 0, 5],
    "loss": [1.0, 2.0, 6.0],
}


def test_every_episode_counts_once():
    record = summarise(METRICS)
    assert record["episodes"] == 8
    assert record["dummies"] == 7
    assert record["return_mean"] == pytest.approx((2 * 0.5 + 6 * 0.1) / 8)
    assert record["length_mean"] == pytest.approx(17.5)
    assert record["truncated"] == pytest.approx(0.25)
    assert (record["return_min"], record["return_max"]) == (-0.5, 0.9)
    assert record["loss"] == pytest.approx(3)
    assert list(record) == list(METRICS)


def test_without_episodes_there_are_no_returns():
    record = summarise({name: values[1:2] for name, values in METRICS.items()})
    assert record["episodes"] == 0
    nameless = ("return_mean", "length_mean", "truncated", "return_min", "return_max")
    assert all(math.isnan(record[name]) for name in nameless)
