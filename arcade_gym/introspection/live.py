"""An agent for the player: what it would do, and what that goes back to, at once.

Its decisions are asked about the last frames alone, from what the memory held before
them. Frames are exchanged for those of other episodes, which the agent itself plays in
lanes of their own, a step for each step of the player.
"""

from collections import deque
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int32, UInt8

from arcade_gym.baselines.agent import Agent
from arcade_gym.baselines.evaluation import EVAL_SEED, evaluation_seeds
from arcade_gym.introspection.overlay import heat_of, overlay
from arcade_gym.introspection.saliency import WHITE
from arcade_gym.introspection.trajectory import NO_ACTION
from arcade_gym.lanes import chain
from arcade_gym.playing.companion import FRAMES, Frame, Look, Thought
from jax_core import Environment
from jax_core.environment import select
from jax_core.game import Move, Visibility

OTHERS = 4  # episodes that frames are exchanged with


class LiveAgent:
    """What `arcade_gym.playing.companion.Companion` asks for.

    Attributes:
        name: of the agent, as it was asked for.
        env_id: the level that it was trained on.
        visibility: the view that it sees.
        obs_size: pixels of a side of the frames that it sees.
        scores_are: "probability" or "Q-value".
    """

    def __init__(self, agent: Agent, name: str) -> None:
        """Compiles nothing yet."""
        config = agent.config
        self.name = name
        self.env_id = config.env_id
        self.obs_size = config.obs_size
        self.scores_are = "probability" if config.is_policy else "Q-value"
        self._network = agent.network
        self._env = config.make_env()
        self._moments: deque[_Moment] = deque(maxlen=FRAMES)
        self._carry: Any = None
        self._others: Any = None

    @property
    def visibility(self) -> Visibility:
        """The view that it sees."""
        return self._env.visibility

    def compile(self) -> None:
        """Compiles what later calls need."""
        frame = np.zeros((self.obs_size, self.obs_size, 3), np.uint8)
        for last_action in (None, int(Move.UP), int(Move.UP)):
            self.see(frame, last_action)
            self.look()

    def see(self, frame: Frame, last_action: int | None) -> Thought:
        """Takes the next frame of an episode; see `Companion`."""
        if last_action is None:
            self._moments.clear()
            self._carry = self._network.initial_carry()
            seeds = evaluation_seeds(OTHERS, EVAL_SEED)
            self._others = _begin(self._network, self._env, seeds)
        else:
            self._others = _go_on(self._network, self._env, self._others)
        code = np.int32(NO_ACTION if last_action is None else last_action)
        self._moments.append(_Moment(frame, code, self._carry, self._others))
        self._carry, scores = _answer(self._network, self._carry, frame, code)
        if self.scores_are == "probability":
            scores = jax.nn.softmax(scores)
        scores = np.asarray(scores)
        return Thought(int(scores.argmax()), scores)

    def look(self) -> Look:
        """What the decision about the last frame goes back to; see `Companion`."""
        moments = list(self._moments)
        count = len(moments)
        found = _found(self._network, _window(moments), np.int32(count - 1))
        maps, weights, earlier = (np.asarray(leaf) for leaf in found)
        frames = np.stack([moment.frame for moment in moments])
        changes = np.append(weights[:count], earlier).astype(np.float64)
        shares = changes / (changes.sum() or 1.0)
        # Squared: brightness is then as the gradient, and the game is seen through it.
        heat = heat_of(maps[:count]) ** 2
        return Look(overlay(frames, heat), shares[:-1], float(shares[-1]))


class _Others(eqx.Module):
    """Other episodes; leaves [OTHERS, ...]."""

    carry: Any  # before the frame
    key: Any
    state: Any
    frame: Any
    last_action: Any
    goes_on: Any  # is decided on: not the last one of an episode, nor after it


class _Moment(NamedTuple):
    """A frame that was seen, and what stood beside it."""

    frame: Frame
    last_action: np.int32
    carry: Any  # before the frame
    others: _Others


class _Window(NamedTuple):
    """The last frames, first to last, with rows after them that nothing depends on."""

    obs: UInt8[np.ndarray, "frames side side 3"]
    last_action: Int32[np.ndarray, " frames"]
    carry: Any  # before the first frame
    others: UInt8[np.ndarray, "frames others side side 3"]
    go_on: Bool[np.ndarray, "frames others"]
    other_carries: Any  # before the first frame


def _window(moments: list[_Moment]) -> _Window:
    missing = FRAMES - len(moments)

    def rows(leaves: list[Any]) -> np.ndarray:
        stacked = np.stack([np.asarray(leaf) for leaf in leaves])
        return np.pad(stacked, ((0, missing), *[(0, 0)] * (stacked.ndim - 1)))

    return _Window(
        obs=rows([moment.frame for moment in moments]),
        last_action=rows([moment.last_action for moment in moments]),
        carry=moments[0].carry,
        others=rows([moment.others.frame for moment in moments]),
        go_on=rows([moment.others.goes_on for moment in moments]),
        other_carries=moments[0].others.carry,
    )


@eqx.filter_jit
def _begin(network: Any, env: Environment, seeds: Any) -> _Others:
    def one(seed: Any) -> _Others:
        key, state = chain.start(env, seed)
        frame, action = env.get_obs(state), jnp.int32(NO_ACTION)
        carry = network.initial_carry()
        return _Others(carry, key, state, frame, action, jnp.bool_(True))

    return jax.vmap(one)(jnp.asarray(seeds))


@eqx.filter_jit
def _go_on(network: Any, env: Environment, others: _Others) -> _Others:
    return jax.vmap(partial(_step, network, env))(others)


def _step(network: Any, env: Environment, now: _Others) -> _Others:
    """The next frame of an episode, or its last one for ever."""
    carry, scores = _row(network, now.carry, now.frame, now.last_action)
    action = scores.argmax().astype(jnp.int32)
    key, played = chain.advance(env, now.key, now.state, action)
    frame = env.get_obs(played.state)
    after = _Others(carry, key, played.state, frame, action, ~played.done)
    return select(now.goes_on, after, now)


def _row(network: Any, carry: Any, frame: Any, last_action: Any) -> tuple[Any, Any]:
    row = last_action[None]
    carry, scores, *_ = network(carry, frame[None], row, row == NO_ACTION)
    return carry, scores[0]


@eqx.filter_jit
def _answer(network: Any, carry: Any, frame: Any, last_action: Any) -> tuple[Any, Any]:
    return _row(network, carry, jnp.asarray(frame), jnp.asarray(last_action))


@eqx.filter_jit
def _found(network: Any, window: _Window, at: Any) -> tuple[Array, Array, Array]:
    """Gradients of all pixels, changes by each frame, change by all before them."""
    obs, last_action = jnp.asarray(window.obs), jnp.asarray(window.last_action)

    def scores(carry: Any, obs: Array) -> Array:
        _, found, *_ = network(carry, obs, last_action, last_action == NO_ACTION)
        return found[at]

    before = scores(window.carry, obs)

    def change(carry: Any, obs: Array) -> Array:
        return jnp.abs(scores(carry, obs) - before).sum()

    def exchanged(row: tuple[Array, Array, Array]) -> Array:
        step, others, go_on = row
        changes = lax.map(
            lambda other: change(window.carry, obs.at[step].set(other)), others
        )
        return _mean(changes, go_on)

    steps = jnp.arange(len(obs))
    go_on = jnp.asarray(window.go_on)
    weights = lax.map(exchanged, (steps, jnp.asarray(window.others), go_on))
    # Counted, because the carry of an agent without memory has no leaves.
    numbered = jnp.arange(len(go_on[0])), window.other_carries
    carries = lax.map(lambda row: change(row[1], obs), numbered)
    maps = _gradients(lambda images: scores(window.carry, images * WHITE), obs)
    return maps, weights, _mean(carries, go_on[0])


def _mean(changes: Float[Array, " others"], go_on: Bool[Array, " others"]) -> Array:
    """Over the episodes that are still going on; 0 where none is."""
    return jnp.where(go_on, changes, 0.0).sum() / jnp.maximum(go_on.sum(), 1)


def _gradients(scores: Any, obs: Array) -> Array:
    """Absolute gradients of all scores with respect to pixels in 0..1, added up."""
    numbers, pull = jax.vjp(scores, obs.astype(jnp.float32) / WHITE)
    each = lax.map(lambda one: jnp.abs(pull(one)[0]), jnp.eye(len(numbers)))
    return each.sum(0)
