"""CartPole: balance a pole on a cart, which the player pushes left and right.

The partial view shows only the velocities, so position and angle have to be integrated
from a start that is shown once. NoisyCartPole adds noise to what is seen.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | - | - | force -10 | force +10 | - |

Signs:
    | sign | meaning |
    |---|---|
    | blue box | the cart |
    | orange bar | the pole |
    | green arrow below | velocity of the cart |
    | yellow arrow above | angular velocity of the pole |

Rewards: 1/T per step, T the step limit, the step that ends the episode included.
    Returns lie in 0..1.

Ends: terminated when |x| > 2.4 or |theta| > 12 degrees; truncated after T steps.

Partial view: cart and pole are drawn only in the first picture, the two arrows always.
    Neither view shows `time`, which is equal to `score`.

Levels: T = 200, 400 and 600.

Source: POPGym Arcade (arXiv 2503.01450); motion of Barto, Sutton and Anderson 1983.

Differences from the published package:
    1. The end is judged on the new state, and a time-out does not terminate.
    2. The length of an arrow is proportional to the velocity, clipped at 3.
"""

from dataclasses import replace
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Float32, Int32

from jax_core import random
from jax_core.compilation import compute_apart, compute_once
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Outcome,
    Visibility,
    horizontal,
)
from jax_core.limits import Limit
from jax_core.pytree import pytree
from jax_core.rendering.scene import (
    FIELD,
    FIELD_BOTTOM,
    FIELD_TOP,
    Band,
    Color,
    Fill,
    Polygon,
    Rect,
    Scene,
    Still,
    Theme,
    Units,
)
from jax_core.types import Action, Flag, Key

GRAVITY = 9.8  # m/s^2
POLE_MASS = 0.1  # kg
TOTAL_MASS = 1.1  # kg, pole and cart
HALF_POLE = 0.5  # m
FORCE = 10.0  # N
TIME_STEP = 0.02  # s
X_LIMIT = 2.4  # m
THETA_LIMIT = 12 * 2 * np.pi / 360  # rad
START_RANGE = 0.05
MAX_NOISE = 1000  # sums with it are still right to a thousandth, in float32

Scalar = Float32[Array, ""]
Corners = Float32[Array, "corners 2"]
# Pictures are computed from whole numbers of 1/2**15 units or radians, because sines,
# divisions and sums of products differ in the last bit between CPUs and GPUs, and
# pictures of equal states must not.
Whole = Int32[Array, ""]
WholeCorners = Int32[Array, "corners 2"]


@pytree
class Params(GameParams):
    """One level; a step pays 1 / max_steps."""

    # Standard deviation, of all four quantities, 0 to 1000.
    noise: Float[ArrayLike, ""] = 0.0

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "noise": Limit(0, MAX_NOISE, "a standard deviation"),
        }


@pytree
class State(GameState):
    """One episode in progress."""

    x: Scalar  # m, to the right
    x_dot: Scalar  # m/s
    theta: Scalar  # rad from upright, positive to the right
    theta_dot: Scalar  # rad/s
    obs_noise: Float32[Array, "4"]  # of x, x_dot, theta, theta_dot in this picture


class CartPole(Game[State, Params]):
    """Rules and look of CartPole."""

    # Constants of the class, so that its instances stay interchangeable.
    title: ClassVar[str] = "CartPole"
    theme: ClassVar[Theme] = Theme.SLATE

    def init(self, key: Key, params: Params) -> State:
        """Starts near the centre, nearly upright and nearly at rest."""
        motion_key, noise_key = random.split(key)
        start = compute_once(
            random.uniform(motion_key, (4,), minval=-START_RANGE, maxval=START_RANGE)
        )
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            x=start[0],
            x_dot=start[1],
            theta=start[2],
            theta_dot=start[3],
            obs_noise=_draw_noise(noise_key, params),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Pushes the cart and moves both by one explicit Euler step."""
        accelerations = compute_apart(*_accelerations(state, action))
        x_acceleration, theta_acceleration = accelerations
        x = state.x + TIME_STEP * state.x_dot
        theta = state.theta + TIME_STEP * state.theta_dot
        next_state = replace(
            state,
            score=state.score + 1,
            x=x,
            x_dot=state.x_dot + TIME_STEP * x_acceleration,
            theta=theta,
            theta_dot=state.theta_dot + TIME_STEP * theta_acceleration,
            obs_noise=_draw_noise(key, params),
        )
        left_track = jnp.abs(x) > X_LIMIT
        fell = jnp.abs(theta) > THETA_LIMIT
        reward = jnp.float32(1.0) / jnp.asarray(params.max_steps).astype(jnp.float32)
        return next_state, Outcome(reward=reward, terminated=left_track | fell)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """The pole stood until the step limit."""
        del state, params
        return ~terminated

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows two arrows and, always or at first, cart and pole."""
        del params  # all levels look alike
        motion = jnp.stack([state.x, state.x_dot, state.theta, state.theta_dot])
        x, x_dot, theta, theta_dot = compute_once(motion + state.obs_noise)
        shown = jnp.bool_(True)
        if visibility is Visibility.PARTIAL:
            shown = state.time == 0
        middle = _whole(jnp.clip(x, -X_LIMIT, X_LIMIT), _UNITS_PER_METRE)
        turn = _whole(jnp.clip(theta, -THETA_LIMIT, THETA_LIMIT), 1)
        cart, pole, axle = (
            Polygon(
                corners=_only(shown, _in_units(corners)),
                color=color,
                top=top,
                bottom=bottom,
            )
            for corners, color, (top, bottom) in (
                (middle * _X_ONLY + _CART, Color.SKY, _CART_HEIGHT),
                (_pole(middle, turn), Color.ORANGE, _POLE_HEIGHT),
                (middle * _X_ONLY + _AXLE, Color.WHITE, _AXLE_HEIGHT),
            )
        )
        bands = (
            _arrow_band(_THETA_ARROW, theta_dot, self.theme),
            _track_band((pole,), _THETA_ARROW.bottom, _CART_STRIP, self.theme),
            _track_band((cart, pole, axle), _CART_STRIP, _X_ARROW.top, self.theme),
            _arrow_band(_X_ARROW, x_dot, self.theme),
        )
        return Scene(score=state.score, bands=bands, title=self.title, theme=self.theme)


class NoisyCartPole(CartPole):
    """NoisyCartPole: balance a pole on a cart, both seen through noise.

    All four quantities are drawn with fresh noise in every picture, so cart, pole and
    arrows jump about and the motion has to be filtered from what is seen. The partial
    view shows only the noisy velocities.

    Actions:
        | 0 up | 1 down | 2 left | 3 right | 4 fire |
        |---|---|---|---|---|
        | - | - | force -10 | force +10 | - |

    Signs:
        | sign | meaning |
        |---|---|
        | blue box | the cart, near to where it is |
        | orange bar | the pole, near to how it leans |
        | green arrow below | noisy velocity of the cart |
        | yellow arrow above | noisy angular velocity of the pole |

    Rewards: 1/T per step, T the step limit, the step that ends the episode included.
        Returns lie in 0..1.

    Ends: terminated when |x| > 2.4 or |theta| > 12 degrees, without noise; truncated
        after T steps.

    Partial view: cart and pole are drawn only in the first picture, the two arrows
        always. Neither view shows `time`, which is equal to `score`.

    Levels: T = 200; noise of standard deviation 0.1, 0.2 and 0.3, in metres, radians
        and those per second. It is part of the picture and never acts on the motion.

    Source: POPGym Arcade (arXiv 2503.01450); motion as in CartPole.

    Differences from the published package:
        1. The end is judged on the new state, and a time-out does not terminate.
        2. The length of an arrow is proportional to the velocity, clipped at 3.
        3. The footer says NoisyCartPole, where both families said CartPole.
    """

    title = "NoisyCartPole"
    theme = Theme.MAUVE


def _accelerations(state: State, action: Action) -> tuple[Scalar, Scalar]:
    """Accelerations of cart (m/s^2) and pole (rad/s^2) under a push."""
    force = FORCE * horizontal(action).astype(jnp.float32)
    sin, cos = jnp.sin(state.theta), jnp.cos(state.theta)
    swing = POLE_MASS * HALF_POLE * state.theta_dot**2 * sin
    push = (force + swing) / TOTAL_MASS
    theta_acceleration = (GRAVITY * sin - push * cos) / (
        HALF_POLE * (4 / 3 - POLE_MASS * cos**2 / TOTAL_MASS)
    )
    x_acceleration = (
        push - POLE_MASS * HALF_POLE * theta_acceleration * cos / TOTAL_MASS
    )
    return x_acceleration, theta_acceleration


def _draw_noise(key: Key, params: Params) -> Float32[Array, "4"]:
    normal = compute_once(random.normal(key, (4,)))
    return jnp.asarray(params.noise).astype(jnp.float32) * normal


class _Arrow(NamedTuple):
    """Where an arrow is drawn; lengths in units."""

    top: Units
    bottom: Units
    color: Color

    @property
    def middle(self) -> Units:
        return (self.top + self.bottom) / 2


_THETA_ARROW = _Arrow(FIELD_TOP, 30, Color.YELLOW)
_X_ARROW = _Arrow(98, FIELD_BOTTOM, Color.GREEN)
_ARROW_LENGTH = FIELD.width / 2
_MAX_VELOCITY = 3  # of an arrow of full length
_UNITS_PER_VELOCITY = _ARROW_LENGTH / _MAX_VELOCITY  # 16: such a product is exact
_ARROW_HEIGHT = 8
_ARROW_TIP = 4  # length of the point

_CENTRE_X = FIELD.x + FIELD.width / 2
_UNITS_PER_METRE = FIELD.width / 2 / X_LIMIT
_TRACK_Y = 92
_PIVOT_Y = 82
_POLE_LENGTH = 50
_POLE_WIDTH = 5
_FRACTION = 15  # bits behind the point of a whole number


def _box(left: Units, top: Units, right: Units, bottom: Units) -> np.ndarray:
    """Corners around the middle of the track."""
    x = [_CENTRE_X + left, _CENTRE_X + right]
    corners = [(x[0], top), (x[1], top), (x[1], bottom), (x[0], bottom)]
    return (np.array(corners) * 2**_FRACTION).astype(np.int32)


_X_ONLY = np.array([[1, 0]], np.int32)
# From top to bottom. One unit beside the pole is more than its ends are wide.
_CART_HEIGHT = _PIVOT_Y - 2, _TRACK_Y
_POLE_HEIGHT = _PIVOT_Y - _POLE_LENGTH - 1, _PIVOT_Y + 1
_AXLE_HEIGHT = _PIVOT_Y - 1.5, _PIVOT_Y + 1.5
_CART_STRIP = _CART_HEIGHT[0] - 1  # half a pixel at least: strips begin at whole ones
_CART = _box(-11, _CART_HEIGHT[0], 11, _CART_HEIGHT[1])  # around the cart's centre
_AXLE = _box(-1.5, _AXLE_HEIGHT[0], 1.5, _AXLE_HEIGHT[1])
_TO_TIP = np.array([[0], [1], [1], [0]], np.int32) * _POLE_LENGTH  # of each corner
_TO_SIDE = np.array([[-1], [-1], [1], [1]], np.int32)
_PIVOT = _box(0, _PIVOT_Y, 0, _PIVOT_Y)[0]  # with the cart in the middle


def _whole(value: Scalar, scale: Units) -> Whole:
    """A float times a scale as a whole number; all backends round one product alike."""
    return jnp.round(value * (scale * 2.0**_FRACTION)).astype(jnp.int32)


def _in_units(corners: WholeCorners) -> Corners:
    return corners.astype(jnp.float32) * 2.0**-_FRACTION


def _pole(middle: Whole, turn: Whole) -> WholeCorners:
    """The pole as a rectangle turned around the pivot."""
    sin, cos = _sin_cos(turn)
    along, across = jnp.stack([sin, -cos]), jnp.stack([cos, sin]) * _POLE_WIDTH >> 1
    foot = middle * _X_ONLY[0] + _PIVOT
    # As repetitions, or XLA would find sine and cosine again for each corner.
    return foot[None] + _TO_TIP * along[None] + _TO_SIDE * across[None]


def _sin_cos(turn: Whole) -> tuple[Whole, Whole]:
    """Power series; up to 12 degrees the error is below 1/2**13."""
    square = turn * turn >> _FRACTION
    sin = turn - (turn * square >> _FRACTION) // 6
    cos = 2**_FRACTION - (square >> 1) + (square * square >> _FRACTION) // 24
    return sin, cos


def _arrow_band(arrow: _Arrow, velocity: Scalar, theme: Theme) -> Band:
    """An arrow from the middle of the field; its tip tells the velocity."""
    length = velocity * _UNITS_PER_VELOCITY
    length = jnp.clip(length, -_ARROW_LENGTH, _ARROW_LENGTH)
    shaft = jnp.sign(length) * jnp.maximum(jnp.abs(length) - _ARROW_TIP, 0.0)
    half = _ARROW_HEIGHT / 2
    start = jnp.float32(0.0)
    x = jnp.stack([start, shaft, length, shaft, start]) + _CENTRE_X
    y = np.array([-half, -half, 0, half, half], np.float32) + np.float32(arrow.middle)
    layer = Polygon(
        corners=jnp.stack([x, y], axis=1),
        color=arrow.color,
        top=arrow.middle - half,
        bottom=arrow.middle + half,
    )
    still = (
        Fill(Rect(0, arrow.top, 128, arrow.bottom - arrow.top), theme.ground),
        *(
            Fill(Rect(x, arrow.middle - 6, 1, 12), theme.line)
            for x in (FIELD.x, _CENTRE_X - 0.5, FIELD.x + FIELD.width - 1)
        ),
    )
    return Band(layers=(layer,), still=still, top=arrow.top, bottom=arrow.bottom)


def _track_band(
    layers: tuple[Polygon, ...], top: Units, bottom: Units, theme: Theme
) -> Band:
    """A strip of the track. A layer costs nothing in strips that lack it."""
    return Band(layers=layers, still=_track(theme), top=top, bottom=bottom)


def _track(theme: Theme) -> Still:
    """The track with marks at its middle and its ends."""
    return (
        Fill(Rect(0, FIELD_TOP, 128, FIELD_BOTTOM - FIELD_TOP), theme.ground),
        Fill(Rect(0, _TRACK_Y, 128, 2), theme.line),
        Fill(Rect(FIELD.x, _TRACK_Y - 3, 1, 8), theme.line),
        Fill(Rect(_CENTRE_X - 0.5, _TRACK_Y, 1, 5), theme.line),
        Fill(Rect(FIELD.x + FIELD.width - 1, _TRACK_Y - 3, 1, 8), theme.line),
    )


def _only(shown: Flag, corners: Corners) -> Corners:
    """Corners in one point, which draw nothing, where a shape is hidden."""
    return jnp.where(shown, corners, 0.0)


SPEC = GameSpec(
    name="CartPole",
    version=0,
    game=CartPole(),
    levels={
        Difficulty.EASY: Params(max_steps=200),
        Difficulty.MEDIUM: Params(max_steps=400),
        Difficulty.HARD: Params(max_steps=600),
    },
    steps_per_second=12,
)

NOISY_SPEC = GameSpec(
    name="NoisyCartPole",
    version=0,
    game=NoisyCartPole(),
    levels={
        Difficulty.EASY: Params(max_steps=200, noise=0.1),
        Difficulty.MEDIUM: Params(max_steps=200, noise=0.2),
        Difficulty.HARD: Params(max_steps=200, noise=0.3),
    },
    steps_per_second=12,
)
