"""CartPole and NoisyCartPole in the partial view: arrows for the velocities alone.

What is read are pixels of a frame of 128 pixels, in the rows that tell the most: an
arrow has one for 1/16 m/s or rad/s.

No player that only sees the velocities can make the upright pole stable: in the
linear motion the feedback u = k x' + l theta' leaves a polynomial with a negative
coefficient, whatever k and l. But with a strong feedback the pole falls as slowly as
one likes, and theta' + k x' = 0 makes the cart swing about a point where the pole is
upright.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.game import Move
from jax_core.games import cartpole
from jax_core.games.cartpole import START_RANGE, TIME_STEP
from jax_core.rendering.polygons import find_sides, intervals_between
from jax_core.rendering.scene import UNITS
from tests.players import cartpole as player
from tests.players.viewers import Viewer, without_memory

GAME = cartpole.CartPole()
MIDDLE, PIVOT = 64.0, 82.0  # units: of the track, and height of the pole's lower end
UNITS_PER_METRE = 20.0
UNITS_PER_VELOCITY = 16.0
LONGEST = 47  # pixels; longer arrows are cut off
POLE_ROWS = np.arange(36, 60, dtype=np.float32)  # the pole is in all of them
CART_ROW = np.array([88], np.float32)

# Without memory: how many pixels of theta' a pixel of x' is worth, and how many are no
# reason to push, without noise and for each unit of it. Found on a grid.
SLIDE = 0.11
STILL = (0.9, 4.0)

UNKNOWN = 1e6  # variance of what is not seen
GRAVITY = (-0.717, 15.78)  # m/s^2 and rad/s^2 per radian that the pole leans


class Seen(NamedTuple):
    """What a picture shows: x, x', theta, theta', and the variances of a reading."""

    motion: jax.Array
    variance: jax.Array


class Memory(NamedTuple):
    """Belief about the motion, a normal distribution."""

    mean: jax.Array  # [4]
    covariance: jax.Array  # [4, 4]


def look(scene, params):
    theta_arrow, _, track, x_arrow = scene.bands
    arrows = [_velocity(pixels(band)) for band in (x_arrow, theta_arrow)]
    x, theta = _positions(track)
    pixel = np.array([1 / 20, 1 / 16, 1 / 100, 1 / 16], np.float32)
    noise = jnp.asarray(params.noise, jnp.float32) ** 2 + pixel**2 / 12
    is_cut = jnp.abs(jnp.stack(arrows)) > LONGEST / UNITS_PER_VELOCITY
    is_hidden = jnp.broadcast_to(scene.score > 0, (2,))
    is_unknown = jnp.stack([is_hidden, is_cut], axis=1).ravel()
    return Seen(
        motion=jnp.stack([x, arrows[0], theta, arrows[1]]),
        variance=jnp.where(is_unknown, UNKNOWN, noise),
    )


def pixels(band):
    """Pixels of the arrow in its middle row, negative to the left: -47 ... 47."""
    row = np.array([(band.top + band.bottom) // 2], np.float32)
    first, behind = _filled(band.layers[0], row)
    filled = jnp.maximum(behind - first, 0.0)[0]
    return jnp.where(first[0] < MIDDLE, -filled, filled)


def _filled(shape, rows):
    """First pixel of a shape and first one behind it, by row."""
    return intervals_between(find_sides(shape.corners, UNITS), rows, UNITS)


def _velocity(filled):
    return (filled + 0.4 * jnp.sign(filled)) / UNITS_PER_VELOCITY


def _positions(track):
    """Position of the cart and angle of the pole, from the pixels in some rows."""
    cart, pole, _ = track.layers
    cart_pixels = _filled(cart, CART_ROW)
    x = (cart_pixels[0] + cart_pixels[1])[0] / 2
    pole_pixels = _filled(pole, POLE_ROWS)
    lean = (pole_pixels[0] + pole_pixels[1]) / 2 - x
    theta = jnp.arctan(jnp.sum(lean) / np.sum(PIVOT - 0.5 - POLE_ROWS))
    return (x - MIDDLE) / UNITS_PER_METRE, theta


def slide(scene, params, key):
    """Pushes towards theta' + k x' = 0, where the pole stands while the cart swings.

    The best we know.
    """
    del key  # nothing is left to chance
    theta_arrow, _, _, x_arrow = scene.bands
    lead = pixels(theta_arrow) + SLIDE * pixels(x_arrow)
    still = STILL[0] + STILL[1] * jnp.asarray(params.noise, jnp.float32)
    push = jnp.where(lead > 0, Move.RIGHT, Move.LEFT)
    return jnp.where(jnp.abs(lead) <= still, Move.UP, push)


def start(params):
    del params  # the same start at all levels
    spread = START_RANGE**2 / 3  # variance of a uniform number
    return Memory(
        mean=jnp.zeros(4, jnp.float32),
        covariance=spread * jnp.eye(4, dtype=jnp.float32),
    )


def remember(memory, scene, params, key):
    """Kalman filter for the linear motion, with the mean moved by the rules."""
    mean, covariance = memory
    seen = look(scene, params)
    for index in range(4):  # readings are independent, so they come one by one
        column = covariance[:, index]
        gain = column / (column[index] + seen.variance[index])
        mean = mean + gain * (seen.motion[index] - mean[index])
        covariance = covariance - gain[:, None] * column[None]
    state = _state(mean, scene.score, params)
    action = jnp.asarray(player.act(state, params), jnp.int32)
    after, _ = GAME.step(key, state, action, params)
    step = _linear_step()
    covariance = step @ covariance @ step.T + 1e-7 * jnp.eye(4)  # of what is not linear
    mean = jnp.stack([after.x, after.x_dot, after.theta, after.theta_dot])
    return Memory(mean, covariance), action


def _state(mean, time, params):
    x, x_dot, theta, theta_dot = mean
    return cartpole.State(
        time=time,
        score=time,
        x=x,
        x_dot=x_dot,
        theta=theta,
        theta_dot=theta_dot,
        obs_noise=jnp.zeros(4, jnp.float32),
    )


def _linear_step():
    """One step near the upright pole at rest, [4, 4]."""
    motion = np.zeros((4, 4), np.float32)
    motion[0, 1] = motion[2, 3] = 1
    motion[1, 2], motion[3, 2] = GRAVITY
    return np.eye(4, dtype=np.float32) + np.float32(TIME_STEP) * motion


REACTIVE = without_memory(slide)
REMEMBERING = Viewer(start=start, act=remember)
