"""How the observation of a lane is drawn, and in which order it lies in memory."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, UInt8

from jax_core import Environment


@dataclass(frozen=True, kw_only=True)
class FrameForm:
    """What an observation holds, and how it lies in memory.

    A stack can be drawn from the last *states* of the episode, which are small: so
    nothing that was handed out is read again, and whatever saves or restarts a lane
    saves or restarts its stack. Where the environment keeps frames too, a step draws
    one and takes the others from there, which gives the same bytes.

    Attributes:
        stack: frames of an observation, the newest last.
        is_planar: [channels, height, width] in memory, not [height, width, channels].
    """

    stack: int = 1
    is_planar: bool = False

    def begin(self, state: Any) -> Any:
        """The earlier states of a lane whose episode begins: the first one, repeated.

        Returns:
            A state with leaves [stack - 1, ...], the oldest first; None without stack.
        """
        if self.stack == 1:
            return None
        return jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (self.stack - 1, *leaf.shape)), state
        )

    def shift(self, earlier: Any, state: Any) -> Any:
        """The earlier states, after a state has become one of them."""
        if self.stack == 1:
            return None
        return jax.tree.map(lambda leaf: leaf[1:], _append(earlier, state))

    def draw(
        self, env: Environment, earlier: Any, state: Any, params: Any = None
    ) -> UInt8[Array, "_ _ _"]:
        """Draws one observation; all frames of a stack by one program."""
        if self.stack == 1:
            frame = env.get_obs(state, params)
            return jnp.moveaxis(frame, -1, 0) if self.is_planar else frame
        draw = jax.vmap(env.get_obs, in_axes=(0, None))
        frames = draw(_append(earlier, state), params)
        size = env.obs_size
        if self.is_planar:
            return jnp.moveaxis(frames, -1, 1).reshape(-1, size, size)
        return jnp.moveaxis(frames, 0, 2).reshape(size, size, -1)

    def draw_plane(
        self, env: Environment, state: Any, params: Any = None
    ) -> UInt8[Array, " bytes"]:
        """Draws the newest frame alone, as it lies in a planar stack."""
        return jnp.moveaxis(env.get_obs(state, params), -1, 0).reshape(-1)

    def shape(self, env: Environment) -> tuple[int, int, int]:
        """Shape of an observation in memory."""
        size, channels = env.obs_size, env.channels * self.stack
        return (channels, size, size) if self.is_planar else (size, size, channels)

    def axes(self, *, channels_first: bool) -> tuple[int, ...] | None:
        """The order of axes in which a batch is viewed; None as it lies in memory."""
        if self.is_planar == channels_first:
            return None
        return (0, 3, 1, 2) if channels_first else (0, 2, 3, 1)


PLAIN = FrameForm()
"""One frame, as `jax_core` draws it."""


def in_memory(
    env: Environment, *, stack: int, channels_first: bool, backend: str
) -> FrameForm:
    """The order in which a backend's frames are drawn.

    JAX arrays have no strides, so they are drawn as their users want them. Of tensors
    and NumPy arrays a view in the other order is free: color is drawn by pixels, and a
    stack of gray frames one behind the other, which moves no byte.
    """
    is_gray_stack = env.channels == 1 and stack > 1
    is_planar = channels_first if backend == "jax" else is_gray_stack
    return FrameForm(stack=stack, is_planar=is_planar)


def _append(earlier: Any, state: Any) -> Any:
    return jax.tree.map(
        lambda old, new: jnp.concatenate([old, new[None]]), earlier, state
    )
