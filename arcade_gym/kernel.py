"""The compiled functions behind both environments: lanes in, lanes and frames out.

A *lane* is one environment of a batch: the game's state, the lane's own key, and
whether its episode has ended. A lane splits its key once per event, which is one reset
or one step. So its trajectory depends on its seed and its actions alone, and not on the
number of lanes, the backend or the autoreset mode.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import AutoresetMode
from jaxtyping import Array, Bool, Float32, Int, UInt8, UInt32

from jax_core import Environment
from jax_core.environment import Transition, select
from jax_core.pytree import pytree
from jax_core.types import Flag, Key

Packed = tuple[Array, ...]
"""A batch of lanes as one array [num_envs, fields] per dtype.

Dispatching a compiled call costs time for every array that it is given, so a state of
ten fields travels as two or three arrays.
"""

Frames = UInt8[Array, "num_envs height width 3"]
Flags = Bool[Array | np.ndarray, " num_envs"]
Seeds = UInt32[Array | np.ndarray, " num_envs"]
Actions = Int[Array | np.ndarray, " num_envs"]


class Results(NamedTuple):
    """What a step hands out."""

    obs: Frames
    reward: Float32[Array, " num_envs"]
    terminated: Flags
    truncated: Flags


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a compiled step depends on, apart from the number of lanes.

    Attributes:
        env: game, level, view and frame size.
        autoreset_mode: NEXT_STEP, or DISABLED to leave ended lanes to `reset`.
        max_episode_steps: truncates earlier than the level does.
    """

    env: Environment
    autoreset_mode: AutoresetMode
    max_episode_steps: int | None = None


class Kernel(NamedTuple):
    """Jitted functions; `reset` and `step` donate the lanes they are given."""

    reset: Callable[[Packed, Seeds, Flags], tuple[Packed, Frames]]
    step: Callable[[Packed, Actions], tuple[Packed, Results]]
    draw: Callable[[Packed], Frames]
    empty: Callable[[int], Packed]


@pytree
class Lane:
    """One environment of the batch."""

    state: Any
    key: UInt32[Array, "2"]  # raw, because typed keys cannot be packed
    ended: Flag  # the episode is over and waits for a reset


@functools.cache
def compile_kernel(rules: Rules) -> Kernel:
    """Makes the functions for some rules, once per process: jit caches with them."""
    pack, unpack = _packing(rules.env)

    def reset_lane(packed: Packed, seed: Any, seeded: Any) -> tuple[Packed, Any]:
        lane = _reset(rules.env, unpack(packed), seed, seeded)
        return pack(lane), rules.env.get_obs(lane.state)

    def step_lane(packed: Packed, action: Any) -> tuple[Packed, Results]:
        lane, transition = _step(rules, unpack(packed), action)
        return pack(lane), Results(
            obs=rules.env.get_obs(lane.state),
            reward=transition.reward,
            terminated=transition.terminated,
            truncated=transition.truncated,
        )

    def draw_lane(packed: Packed) -> Any:
        return rules.env.get_obs(unpack(packed).state)

    def empty(num_envs: int) -> Packed:
        shapes = jax.eval_shape(lambda: pack(_blank(rules.env)))
        return tuple(jnp.zeros((num_envs, *s.shape), s.dtype) for s in shapes)

    return Kernel(
        reset=jax.jit(jax.vmap(reset_lane), donate_argnums=0),
        step=jax.jit(jax.vmap(step_lane), donate_argnums=0),
        draw=jax.jit(jax.vmap(draw_lane)),
        empty=empty,
    )


def _reset(env: Environment, lane: Lane, seed: Any, seeded: Flag) -> Lane:
    """Starts the next episode, of a new key chain if a seed is given."""
    chain = select(seeded, jax.random.key(seed), jax.random.wrap_key_data(lane.key))
    chain, event_key = jax.random.split(chain)
    return Lane(
        state=env.init(event_key),
        key=jax.random.key_data(chain),
        ended=jnp.bool_(False),
    )


def _step(rules: Rules, lane: Lane, action: Any) -> tuple[Lane, Transition]:
    """One event of a lane: a step, or the reset of an ended lane."""
    chain, event_key = _split(lane)
    transition = rules.env.transition(event_key, lane.state, action)
    if rules.max_episode_steps is not None:
        too_late = transition.state.time >= rules.max_episode_steps
        transition = replace(transition, truncated=transition.truncated | too_late)
    if rules.autoreset_mode is AutoresetMode.NEXT_STEP:
        # An event is either a step or a reset, so the two may share its key.
        transition = select(lane.ended, _restart(rules.env, event_key), transition)
    return Lane(state=transition.state, key=chain, ended=transition.done), transition


def _restart(env: Environment, key: Key) -> Transition:
    """What the step after the end of an episode gives: the next one, and nothing."""
    return Transition(
        state=env.init(key),
        reward=jnp.float32(0.0),
        terminated=jnp.bool_(False),
        truncated=jnp.bool_(False),
    )


def _split(lane: Lane) -> tuple[UInt32[Array, "2"], Key]:
    chain, event_key = jax.random.split(jax.random.wrap_key_data(lane.key))
    return jax.random.key_data(chain), event_key


def _blank(env: Environment) -> Lane:
    """A lane before its first reset; its values mean nothing."""
    key = jax.random.key(0)
    return Lane(
        state=env.init(key), key=jax.random.key_data(key), ended=jnp.bool_(False)
    )


def _packing(
    env: Environment,
) -> tuple[Callable[[Lane], Packed], Callable[[Packed], Lane]]:
    """Functions from one lane to one flat array per dtype, and back."""
    shapes, treedef = jax.tree.flatten(jax.eval_shape(lambda: _blank(env)))
    dtypes = sorted({shape.dtype for shape in shapes}, key=str)

    def pack(lane: Lane) -> Packed:
        leaves = jax.tree.leaves(lane)
        return tuple(
            jnp.concatenate([leaf.ravel() for leaf in leaves if leaf.dtype == dtype])
            for dtype in dtypes
        )

    def unpack(packed: Packed) -> Lane:
        flat = dict(zip(dtypes, packed, strict=True))
        start = dict.fromkeys(dtypes, 0)
        leaves = []
        for shape in shapes:
            stop = start[shape.dtype] + shape.size
            leaf = flat[shape.dtype][start[shape.dtype] : stop]
            leaves.append(leaf.reshape(shape.shape))
            start[shape.dtype] = stop
        return jax.tree.unflatten(treedef, leaves)

    return pack, unpack
