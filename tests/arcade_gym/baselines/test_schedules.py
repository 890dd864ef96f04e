"""Schedules at their ends and beyond."""

from dataclasses import replace

import jax.numpy as jnp
import pytest

from arcade_gym.baselines.learners.schedules import linear
from tests.arcade_gym.baselines.kit import ALGORITHMS


@pytest.mark.parametrize(
    ("progress", "value"), [(0.0, 3.0), (0.125, 2.5), (0.5, 1.0), (0.6, 1.0), (2, 1.0)]
)
def test_a_line_ends_where_it_should(progress, value):
    found = linear(jnp.float32(progress), 3.0, 1.0, over=0.5)
    assert found == pytest.approx(value)


def test_every_schedule_of_a_run_follows_the_same_share_of_its_rows():
    pqn, ppo = ALGORITHMS["pqn"], ALGORITHMS["ppo"]
    for progress, epsilon in ((0, 1.0), (0.05, 0.525), (0.1, 0.05), (1, 0.05)):
        assert pqn.epsilon_at(jnp.float32(progress)) == pytest.approx(epsilon)
    for algorithm in (pqn, ppo):
        assert algorithm.learning_rate_at(jnp.float32(0.25)) == pytest.approx(7.5e-4)
        assert algorithm.learning_rate_at(jnp.float32(1)) == 0


def test_the_learning_rate_may_reach_its_floor_early():
    early = replace(ALGORITHMS["pqn"], learning_rate_fraction=0.5)
    assert early.learning_rate_at(jnp.float32(0.25)) == pytest.approx(5e-4)
    assert early.learning_rate_at(jnp.float32(0.5)) == 0
