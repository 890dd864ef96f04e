"""What the pictures of both CartPole families show and hide."""

import jax
import numpy as np
import pytest

from jax_core import registry
from jax_core.game import Difficulty, Visibility
from jax_core.rendering import layout
from jax_core.rendering.palette import Color, Theme
from jax_core.rendering.scene import FIELD_BOTTOM
from tests.games import kit
from tests.games.cartpole_kit import (
    LEVELS,
    MOTION,
    THETA_LIMIT,
    X_LIMIT,
    both_families,
    random_motion,
    with_motion,
)
from tests.players import cartpole as player

# 20 units are a metre, 16 units a velocity of 1; the pole is 50 units long.
PIVOT_Y = 82
TIP_Y = 36  # a little below the tip of the most inclined pole


def played(env_id, count=768):
    return kit.reachable(env_id, player.act, count=count, chance=0.8)


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


@kit.both_sizes
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


@pytest.mark.parametrize(
    "env_id",
    ["CartPoleEasy", pytest.param("NoisyCartPoleEasy", marks=pytest.mark.slow)],
)
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


@pytest.mark.slow
def test_the_strip_of_the_cart_begins_above_it_at_every_size():
    """Strips are cut at whole pixels; above, only the pole is drawn."""
    spec = registry.games["CartPole"]
    params = spec.levels[Difficulty.EASY]
    state = spec.game.init(jax.random.key(0), params)
    _, _, strip, _ = spec.game.scene(state, params, Visibility.FULL).bands
    tops = [float(layer.corners[:, 1].min()) for layer in strip.layers]
    for size in range(64, 513):
        first_row = np.ceil(min(tops[0], tops[2]) * size / 128 - 1 / 32 - 0.5)
        assert layout.to_pixels(strip.top, size) <= first_row


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


@pytest.mark.quick
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


def test_both_families_differ_only_in_ground_lines_and_title():
    states = with_motion("CartPoleEasy", 4)
    calm = kit.frames("CartPoleEasy", states)
    noisy = kit.frames("NoisyCartPoleHard", states)
    recolored = calm.copy()
    for part in ("ground", "line"):
        before, after = getattr(Theme.SLATE, part), getattr(Theme.MAUVE, part)
        assert not np.array_equal(before.value, after.value)
        recolored[(calm == np.array(before.value)).all(axis=-1)] = after.value
    title = slice(FIELD_BOTTOM, None)
    assert np.array_equal(recolored[:, :FIELD_BOTTOM], noisy[:, :FIELD_BOTTOM])
    assert not np.array_equal(recolored[:, title], noisy[:, title])
