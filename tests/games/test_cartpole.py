"""CartPole and NoisyCartPole against their rule page, not against the code."""

import numpy as np
import pytest
from scipy import stats

from jax_core.game import Move
from tests.games import kit
from tests.games.cartpole_kit import (
    LEVELS,
    MOTION,
    THETA_LIMIT,
    X_LIMIT,
    both_families,
    with_motion,
)
from tests.players import cartpole as player
from tests.players import rollout

every_level = pytest.mark.parametrize("env_id", LEVELS)
noisy_levels = pytest.mark.parametrize(
    "env_id", [env_id for env_id in LEVELS if env_id.startswith("Noisy")]
)


def at_rest(**fields):
    return {"time": 5, **dict.fromkeys(MOTION, 0.0)} | fields


def equations(x, x_dot, theta, theta_dot, force):
    """Step 2 and 3 of the rule page in double precision."""
    half_length, pole_mass, mass = 0.5, 0.1, 1.1
    sin, cos = np.sin(theta), np.cos(theta)
    push = (force + pole_mass * half_length * theta_dot**2 * sin) / mass
    theta_acc = (9.8 * sin - push * cos) / (
        half_length * (4 / 3 - pole_mass * cos**2 / mass)
    )
    x_acc = push - pole_mass * half_length * theta_acc * cos / mass
    return (
        x + 0.02 * x_dot,
        x_dot + 0.02 * x_acc,
        theta + 0.02 * theta_dot,
        theta_dot + 0.02 * theta_acc,
    )


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.max_steps, params.noise) == (rules.limit, rules.noise)


@pytest.mark.quick
@both_families
@pytest.mark.parametrize(
    ("action", "force"),
    [(Move.UP, 0), (Move.DOWN, 0), (Move.LEFT, -10), (Move.RIGHT, 10), (Move.FIRE, 0)],
)
def test_motion_follows_the_equations_of_the_rule_page(env_id, action, force):
    states = with_motion(env_id, 512, seed=int(action))
    result = kit.step(env_id, states, action)
    old = [getattr(states, name).astype(np.float64) for name in MOTION]
    for name, value in zip(MOTION, equations(*old, force), strict=True):
        np.testing.assert_allclose(getattr(result.state, name), value, atol=2e-6)


@both_families
def test_positions_move_by_the_old_velocities(env_id):
    after = kit.one_step(env_id, Move.RIGHT, **at_rest(x_dot=1.0, theta_dot=-1.0))
    assert after.x == np.float32(0.02)
    assert after.theta == np.float32(-0.02)
    assert after.x_dot > 1
    assert after.theta_dot < -1


@every_level
def test_every_step_pays_the_same_the_last_one_included(env_id):
    limit = LEVELS[env_id].limit
    for fields in ({}, {"x": 2.39, "x_dot": 1.0}, {"time": limit - 1}):
        after = kit.one_step(env_id, Move.UP, **at_rest(**fields, score=7))
        assert after.reward == np.float32(1 / limit)
        assert after.score == 8


@both_families
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("name", "limit"), [("x", X_LIMIT), ("theta", THETA_LIMIT)])
def test_correction_1_the_end_is_judged_on_the_new_state(env_id, name, limit, sign):
    inside, outside = sign * (limit - 0.001), sign * (limit + 0.001)
    velocity = f"{name}_dot"

    def ends(value, speed):
        return kit.one_step(
            env_id, Move.UP, **at_rest(**{name: value, velocity: speed})
        ).terminated

    assert ends(inside, sign * 0.2)
    assert not ends(inside, sign * 0.01)
    assert not ends(outside, -sign * 0.2)
    assert ends(outside, 0.0)


@both_families
def test_the_limits_themselves_are_inside(env_id):
    assert not kit.one_step(env_id, Move.UP, **at_rest(x=X_LIMIT)).terminated
    assert not kit.one_step(env_id, Move.UP, **at_rest(theta=0.209439)).terminated
    assert kit.one_step(env_id, Move.UP, **at_rest(theta=0.209440)).terminated


@every_level
def test_correction_1_a_time_out_does_not_terminate(env_id):
    limit = LEVELS[env_id].limit
    last = kit.one_step(env_id, Move.UP, **at_rest(time=limit - 1))
    assert last.truncated
    assert not last.terminated
    assert not kit.one_step(env_id, Move.UP, **at_rest(time=limit - 2)).truncated
    both = kit.one_step(env_id, Move.UP, **at_rest(time=limit - 1, x=3.0))
    assert both.truncated
    assert both.terminated


@every_level
def test_episodes_start_uniformly_near_the_centre(env_id):
    states = kit.fresh(env_id, 20000)
    values = np.stack([getattr(states, name) for name in MOTION])
    assert (values >= -0.05).all()
    assert (values <= 0.05).all()
    uniform = stats.uniform(-0.05, 0.1)
    for value in values:
        assert stats.kstest(value, uniform.cdf).pvalue > kit.FALSE_ALARM
    assert_uncorrelated(values)
    assert not states.time.any()
    assert not states.score.any()


def assert_uncorrelated(values):
    """Correlations of n samples lie within five standard errors of zero."""
    count = values.shape[1]
    correlation = np.corrcoef(values) - np.eye(len(values))
    assert np.abs(correlation).max() < 5.5 / np.sqrt(count)


@pytest.mark.parametrize("env_id", ["CartPoleEasy", "CartPoleMedium", "CartPoleHard"])
def test_cartpole_has_no_noise(env_id):
    assert not kit.fresh(env_id, 64).obs_noise.any()
    assert not kit.step(env_id, kit.fresh(env_id, 64), Move.LEFT).state.obs_noise.any()


@noisy_levels
def test_noise_is_normal_and_drawn_anew_in_every_picture(env_id):
    sigma = LEVELS[env_id].noise
    start = kit.fresh(env_id, 10000)
    first = kit.step(env_id, start, Move.LEFT, seed=1).state
    second = kit.step(env_id, first, Move.RIGHT, seed=2).state
    noise = np.concatenate([s.obs_noise.T for s in (start, first, second)])
    normal = stats.norm(0, sigma)
    for values in noise:
        assert stats.kstest(values, normal.cdf).pvalue > kit.FALSE_ALARM
    motion = np.stack([getattr(start, name) for name in MOTION])
    assert_uncorrelated(np.concatenate([noise, motion]))


@noisy_levels
def test_noise_of_neighbouring_lanes_differs(env_id):
    """The same step of copies with different keys; no mask over `time` can fit."""
    states = with_motion(env_id, 512)
    noise = kit.step(env_id, states, Move.UP).state.obs_noise
    assert len(np.unique(noise[:, 0])) > 500
    assert abs(np.corrcoef(noise[:-1, 0], noise[1:, 0])[0, 1]) < 5.5 / np.sqrt(511)


@noisy_levels
def test_noise_never_acts_on_the_motion(env_id):
    states = with_motion(env_id, 64)
    loud = kit.put(states, obs_noise=np.full((64, 4), 2.0))
    quiet, disturbed = (kit.step(env_id, s, Move.LEFT) for s in (states, loud))
    for name in MOTION:
        same = getattr(quiet.state, name) == getattr(disturbed.state, name)
        assert same.all()
    assert np.array_equal(quiet.terminated, disturbed.terminated)


# Players.

SOLVER = rollout.closed_loop(player.act)


@every_level
def test_a_player_who_knows_the_motion_balances_to_the_limit(env_id):
    summary = kit.episodes(env_id, SOLVER, 1000)
    np.testing.assert_allclose(summary.total, 1, atol=1e-5)
    assert not summary.terminated.any()
    assert summary.truncated.all()


@every_level
def test_random_play_agrees_with_the_table_and_stays_within_the_bounds(env_id):
    rules = LEVELS[env_id]
    least = 1 / rules.limit  # one step
    kit.assert_random_play_earns(env_id, rules.random, rules.deviation, worst=least)


@every_level
def test_pushing_one_way_ends_early_and_pays_for_each_step(env_id):
    actions = kit.constant_actions(env_id, Move.RIGHT, 512)
    summary = kit.follow(env_id, actions)
    assert summary.terminated.all()
    assert summary.length.max() < 15
    expected = summary.length / LEVELS[env_id].limit
    np.testing.assert_allclose(summary.total, expected, atol=1e-5)
