"""CartPole and NoisyCartPole against their rule page, not against the code."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from jax_core.game import Move
from jax_core.rendering.palette import Color
from tests.games import kit
from tests.players import cartpole as player
from tests.players import rollout

LEVELS = {
    "CartPoleEasy": SimpleNamespace(limit=200, noise=0, random=0.135, deviation=0.065),
    "CartPoleMedium": SimpleNamespace(
        limit=400, noise=0, random=0.067, deviation=0.032
    ),
    "CartPoleHard": SimpleNamespace(limit=600, noise=0, random=0.045, deviation=0.022),
    "NoisyCartPoleEasy": SimpleNamespace(
        limit=200, noise=0.1, random=0.135, deviation=0.065
    ),
    "NoisyCartPoleMedium": SimpleNamespace(
        limit=200, noise=0.2, random=0.135, deviation=0.065
    ),
    "NoisyCartPoleHard": SimpleNamespace(
        limit=200, noise=0.3, random=0.135, deviation=0.065
    ),
}
X_LIMIT, THETA_LIMIT = 2.4, 12 * 2 * np.pi / 360
MOTION = ("x", "x_dot", "theta", "theta_dot")

every_level = pytest.mark.parametrize("env_id", LEVELS)
both_families = pytest.mark.parametrize("env_id", ["CartPoleEasy", "NoisyCartPoleHard"])
noisy_levels = pytest.mark.parametrize(
    "env_id", [env_id for env_id in LEVELS if env_id.startswith("Noisy")]
)


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.max_steps, params.noise) == (rules.limit, rules.noise)


def at_rest(**fields):
    return {"time": 5, **dict.fromkeys(MOTION, 0.0)} | fields


def random_motion(count, seed=0):
    """States all over the range of the pictures, and beyond for the velocities."""
    rng = np.random.default_rng(seed)
    spans = (X_LIMIT, 4.0, THETA_LIMIT, 4.0)
    values = rng.uniform(-1, 1, (4, count)) * np.array(spans)[:, None]
    return dict(zip(MOTION, values.astype(np.float32), strict=True))


def with_motion(env_id, count, seed=0, noise=0.0, time=5):
    return kit.put(
        kit.fresh(env_id, count),
        **random_motion(count, seed),
        time=np.full(count, time),
        obs_noise=np.full((count, 4), noise),
    )


def played(env_id, count=768):
    return kit.reachable(env_id, player.act, count=count, chance=0.8)


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


# Pictures. 20 units are a metre, 16 units a velocity of 1; the pole is 50 units long.

PIVOT_Y = 82


def intervals(pictures, color, top, bottom):
    """First and behind the last pixel of a color by row, and where there is one.

    Rows are given in units, results in units from the left.
    """
    scale = pictures.shape[1] // 128
    rows = pictures[:, top * scale : bottom * scale]
    is_color = (rows == np.array(color.value, np.uint8)).all(axis=-1)
    first = is_color.argmax(axis=-1)
    last = is_color.shape[-1] - is_color[..., ::-1].argmax(axis=-1)
    return first / scale, last / scale, is_color.any(axis=-1)


def read_x(pictures):
    first, last, found = intervals(pictures, Color.SKY, 87, 91)
    assert found.all()
    return ((first + last) / 2 - 64).mean(axis=1) / 20


TIP_Y = 36  # a little below the tip of the most inclined pole


def read_theta(pictures):
    """Direction from the cart's middle to the pole's middle near its tip."""
    first, last, found = intervals(pictures, Color.ORANGE, TIP_Y, TIP_Y + 1)
    assert found.all()
    x = ((first + last) / 2).mean(axis=1)
    return np.arctan((x - 64 - 20 * read_x(pictures)) / (PIVOT_Y - TIP_Y - 0.5))


def read_velocity(pictures, color, top):
    """Tip of an arrow; it ends a pixel and a half behind its last whole pixel."""
    scale = pictures.shape[1] // 128
    first, last, found = intervals(pictures, color, top, top + 16)
    right = np.where(found, last, 64).max(axis=1) - 64
    left = 64 - np.where(found, first, 64).min(axis=1)
    half_pixel = 0.5 / scale
    length = np.where(right > left, right + half_pixel, -left - half_pixel)
    return np.where(found.any(axis=1), length, 0) / 16


def drawn_values(states):
    """What the rule page says is drawn."""
    noise = states.obs_noise.T
    x, x_dot, theta, theta_dot = (
        getattr(states, name) + noise[k] for k, name in enumerate(MOTION)
    )
    return (
        x.clip(-X_LIMIT, X_LIMIT),
        x_dot.clip(-3, 3),
        theta.clip(-THETA_LIMIT, THETA_LIMIT),
        theta_dot.clip(-3, 3),
    )


def assert_velocities_are_read(pictures, states):
    pixel = 128 / pictures.shape[1]
    _, x_dot, _, theta_dot = drawn_values(states)
    tolerance = 1.01 * pixel / 16
    arrow = read_velocity(pictures, Color.GREEN, 98)
    np.testing.assert_allclose(arrow, x_dot, atol=tolerance)
    arrow = read_velocity(pictures, Color.YELLOW, 14)
    np.testing.assert_allclose(arrow, theta_dot, atol=tolerance)


@pytest.mark.parametrize("size", [128, 256])
@pytest.mark.parametrize(
    "env_id", ["CartPoleEasy", "CartPoleHard", "NoisyCartPoleEasy", "NoisyCartPoleHard"]
)
def test_full_view_can_be_read_back_from_the_pixels(env_id, size):
    """Position and velocities to a pixel, the angle to a pixel near the pole's tip."""
    states = kit.stack([played(env_id), with_motion(env_id, 256)])
    pictures = kit.frames(env_id, states, size=size)
    pixel = 128 / size
    x, _, theta, _ = drawn_values(states)
    np.testing.assert_allclose(read_x(pictures), x, atol=pixel / 20)
    # Half a pixel each at tip and cart, and corners on sixteenths of a pixel.
    np.testing.assert_allclose(read_theta(pictures), theta, atol=pixel / 40)
    assert_velocities_are_read(pictures, states)
    assert np.array_equal(kit.read_scores(env_id, pictures, 600), states.score)


@both_families
def test_correction_2_the_arrows_grow_in_proportion_up_to_a_velocity_of_three(env_id):
    speed = np.linspace(-4, 4, 161)
    states = kit.put(
        with_motion(env_id, 161), x_dot=speed.astype(np.float32), theta_dot=-speed
    )
    pictures = kit.frames(env_id, states, size=256)
    assert_velocities_are_read(pictures, states)
    clipped = kit.frames(env_id, kit.put(states, x_dot=speed.clip(-3, 3)), size=256)
    assert np.array_equal(pictures, clipped)
    # One pixel more for each 1/32 of velocity: 193 lengths at this size.
    assert len(np.unique(read_velocity(pictures, Color.GREEN, 98))) > 110


@both_families
def test_partial_view_shows_velocities_and_score_only(env_id):
    states = played(env_id)
    states = kit.put(states, time=states.time.clip(min=1))
    pictures = kit.frames(env_id, states, partial=True)
    assert_velocities_are_read(pictures, states)
    assert np.array_equal(kit.read_scores(env_id, pictures, 600), states.score)
    track = pictures[:, 30:98]
    assert (track == track[:1]).all()


@both_families
def test_partial_view_hides_cart_and_pole_after_the_first_picture(env_id):
    count, limit = 256, LEVELS[env_id].limit
    states = with_motion(env_id, count)
    other = random_motion(count, seed=1)
    rng = np.random.default_rng(0)
    hidden = kit.put(
        states,
        x=other["x"],
        theta=other["theta"],
        obs_noise=rng.normal(size=(count, 4)) * np.array([1, 0, 1, 0]),
        time=rng.integers(1, limit, count),
    )
    assert kit.look_equal(env_id, states, hidden)


@both_families
def test_the_first_picture_shows_everything_in_both_views(env_id):
    states = with_motion(env_id, 64, time=0)
    assert kit.views_agree(env_id, states)
    partial = kit.frames(env_id, states, partial=True)
    x, _, theta, _ = drawn_values(states)
    np.testing.assert_allclose(read_x(partial), x, atol=1 / 20)
    np.testing.assert_allclose(read_theta(partial), theta, atol=1 / 40)


@both_families
def test_time_is_hidden_in_the_full_view(env_id):
    states = with_motion(env_id, 64)
    later = kit.put(states, time=np.arange(64))
    assert kit.look_equal(env_id, states, later, partial=False)


@both_families
def test_noise_is_added_before_clipping(env_id):
    """Binary fractions, so that the sums are exact."""
    rng = np.random.default_rng(0)
    values, noise = rng.integers(-64, 65, (2, 64, 4)) / 64
    plain = with_motion(env_id, 64)
    shifted = kit.put(
        plain,
        **dict(zip(MOTION, values.T, strict=True)),
        obs_noise=noise,
    )
    summed = kit.put(
        plain,
        **dict(zip(MOTION, (values + noise).T, strict=True)),
        obs_noise=np.zeros((64, 4)),
    )
    assert kit.look_equal(env_id, shifted, summed, partial=False)
    far = kit.put(plain, x=np.full(64, 2.0), obs_noise=np.full((64, 4), 1.0))
    near = kit.put(far, x=np.full(64, 1.4))
    assert kit.look_equal(env_id, far, near, partial=False)


def test_both_families_carry_the_same_name():
    states = with_motion("CartPoleEasy", 4)
    calm = kit.frames("CartPoleEasy", states)
    noisy = kit.frames("NoisyCartPoleHard", states)
    assert np.array_equal(calm, noisy)


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
