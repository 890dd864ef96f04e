"""Pictures of the menu: random play, drawn in the background."""

import functools
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jax_core
from arcade_gym.lanes import chain
from jax_core.environment import select
from jax_core.game import Move

SIDE = 128  # pixels
_STEPS = 24  # after which most games have something to show


class Choice(NamedTuple):
    """A level in one of its views."""

    env_id: str
    partial_obs: bool


class Pictures:
    """Frames by choice; only the latest wishes are drawn."""

    def __init__(self) -> None:
        """Draws nothing yet."""
        self._pool = ThreadPoolExecutor(1, "pictures")
        self._made: dict[Choice, Future[np.ndarray]] = {}

    def want(self, choices: Sequence[Choice]) -> None:
        """Asks for pictures, the first one first, and forgets what waits in vain."""
        for choice in set(self._made) - set(choices):
            if self._made[choice].cancel():
                del self._made[choice]
        for choice in choices:
            if choice not in self._made:
                self._made[choice] = self._pool.submit(draw, choice)

    def find(self, choice: Choice) -> np.ndarray | None:
        """The picture, uint8 [side, side, 3], if it is there already."""
        made = self._made.get(choice)
        return made.result() if made and made.done() else None

    def close(self) -> None:
        """Stops drawing."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def draw(choice: Choice) -> np.ndarray:
    """A frame of random play: uint8 [side, side, 3]."""
    env, _ = jax_core.make(choice.env_id, partial_obs=choice.partial_obs, obs_size=SIDE)
    return np.asarray(jax.jit(env.get_obs)(_play(choice.env_id)))


@functools.cache
def _play(env_id: str) -> Any:
    """A state in the middle of an episode, the same one for both views."""
    env, _ = jax_core.make(env_id)

    def step(_: Any, carry: Any) -> Any:
        key, state, ended = carry
        action = jax.random.bits(key, dtype=jnp.uint32) % len(Move)
        next_key, transition = chain.advance(env, key, state, action.astype(jnp.int32))
        ended |= transition.done
        return next_key, select(ended, state, transition.state), ended

    def play(seed: Any) -> Any:
        start = (*chain.start(env, seed), jnp.bool_(False))
        return jax.lax.fori_loop(0, _STEPS, step, start)[1]

    return jax.jit(play)(np.uint32(0))
