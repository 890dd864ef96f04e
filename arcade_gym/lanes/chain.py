"""Episodes of one lane as the adapter plays them, through the functional interface.

The key of a lane is split once per event, a reset or a step, as in the kernel: so a
seed stands for the same episode in the environments, in films and in human play,
whatever the default generator of JAX.
"""

from typing import Any

import jax

from arcade_gym.lanes.lane import KEYS
from jax_core import Environment, random
from jax_core.environment import Transition
from jax_core.types import Key

Seed = Any  # an integer or a uint32 array, below 2**32


def start(env: Environment, seed: Seed) -> tuple[Key, Any]:
    """Starts the chain of a seed: the key to go on with, and the first state."""
    return restart(env, jax.random.key(seed, impl=KEYS))


def restart(env: Environment, chain: Key) -> tuple[Key, Any]:
    """Starts the next episode of a chain."""
    chain, event_key = random.split(chain)
    return chain, env.init(event_key)


def advance(
    env: Environment, chain: Key, state: Any, action: Any
) -> tuple[Key, Transition]:
    """Steps once: the key to go on with, and what happened."""
    chain, event_key = random.split(chain)
    return chain, env.transition(event_key, state, action)
