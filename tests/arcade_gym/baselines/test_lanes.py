"""Lanes against single environments that are stepped and reset by hand."""

import jax
import numpy as np
import pytest

import jax_core
from arcade_gym.baselines.rollouts import lanes as lanes_module
from arcade_gym.baselines.rollouts.lanes import NO_ACTION
from arcade_gym.lanes import chain

SEEDS = np.arange(7, 10, dtype=np.uint32)


def played_by_hand(env, draw, seed, actions):
    """Frames, rewards and flags of one lane, dummies as they are defined."""
    start = jax.jit(chain.start, static_argnums=0)
    restart = jax.jit(chain.restart, static_argnums=0)
    advance = jax.jit(chain.advance, static_argnums=0)
    key, state = start(env, seed)
    first, dummy, last_action, rows = True, False, NO_ACTION, []
    for action in actions:
        row = {"obs": draw(state), "first": first, "dummy": dummy}
        row |= {"last_action": last_action}
        if dummy:
            key, state = restart(env, key)
            row |= {"reward": 0.0, "terminated": False, "ended": False}
            first, dummy, last_action = True, False, NO_ACTION
        else:
            key, moved = advance(env, key, state, action)
            state, ended = moved.state, bool(moved.done)
            row |= {"reward": moved.reward, "terminated": moved.terminated}
            row |= {"ended": ended}
            first, dummy, last_action = False, ended, action
        rows.append(row)
    return rows


@pytest.mark.parametrize(
    ("env_id", "steps", "max_steps"),
    [
        ("SkittlesEasy", 30, 8),
        pytest.param("CartPoleEasy", 60, 200, marks=pytest.mark.long),
        pytest.param("CountRecallEasy", 20, 6, marks=pytest.mark.slow),
    ],
)
def test_rows_are_those_of_single_environments(env_id, steps, max_steps):
    env, _ = jax_core.make(env_id, obs_size=64, partial_obs=True, max_steps=max_steps)
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 5, (steps, len(SEEDS))).astype(np.int32)
    advance = jax.jit(lanes_module.advance, static_argnums=0)
    now = jax.jit(lanes_module.start, static_argnums=0)(env, (), SEEDS)
    draw = jax.jit(env.get_obs)
    hands = [played_by_hand(env, draw, s, actions[:, i]) for i, s in enumerate(SEEDS)]
    ends = 0
    for t in range(steps):
        after, outcome = advance(env, now, actions[t], ())
        row = now._asdict() | outcome._asdict()
        for i, hand in enumerate(hands):
            for name, wanted in hand[t].items():
                np.testing.assert_array_equal(row[name][i], wanted, f"{name} {t} {i}")
        ends += int(outcome.ended.sum())
        now = after
    assert ends >= 6  # at least two ends in every lane
