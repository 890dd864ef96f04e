"""Frames of an agent at play."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt8

from arcade_gym.baselines.agent import Agent
from arcade_gym.lanes import chain
from jax_core.game import Visibility

Views = UInt8[np.ndarray, "views side side 3"]


def watch_agent(agent: Agent, seed: int) -> Iterator[Views]:
    """Plays one episode greedily and shows every state in both views.

    Args:
        agent: sees the view that it was trained in.
        seed: of the episode that `arcade-gym play --seed` plays.

    Yields:
        The full and the partial view of a state, the last one included.
    """
    env = agent.config.make_env()
    draw = jax.jit(
        lambda state: jnp.stack(
            [replace(env, visibility=view).get_obs(state) for view in Visibility]
        )
    )
    advance = jax.jit(partial(chain.advance, env))
    seen = list(Visibility).index(env.visibility)
    key, state = jax.jit(partial(chain.start, env))(np.uint32(seed))
    carry, action, ended = agent.initial_carry(), None, False
    yield (frames := np.asarray(draw(state)))
    while not ended:
        carry, action = agent.act(carry, frames[seen], action)
        key, transition = advance(key, state, np.int32(action))
        state, ended = transition.state, bool(transition.done)
        yield (frames := np.asarray(draw(state)))
