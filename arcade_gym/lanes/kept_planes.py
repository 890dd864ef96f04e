"""Frames that the environment keeps for the stacks of its next steps.

Drawing all frames of a stack in every step takes as many times as long as drawing one.
So on a CPU a step draws one, and another program copies it and the others from frames
that nobody else has: what was handed out is never read again. It is a program of its
own, because in one with the drawing XLA would draw a frame for each of its places.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt8

from arcade_gym.lanes.arguments import refuse_tracer
from jax_core import compiler_options

Plane = UInt8[Array, "num_envs bytes"]
Ages = Int32[Array, " num_envs"]


class Past(NamedTuple):
    """What lanes have shown before a step.

    Attributes:
        planes: the frames of a stack but for the new one, the oldest first.
        age: how many steps ago each episode began, at most as many as a stack goes
            back; its first frame stands for those before it.
    """

    planes: tuple[Plane, ...]
    age: Ages


class KeptPlanes:
    """The past of all lanes, and the steps that go on from it."""

    def __init__(self, shape: tuple[int, ...], stack: int, *, is_used: bool) -> None:
        """Keeps nothing yet.

        Args:
            shape: of an observation in memory.
            stack: frames of an observation.
            is_used: `Rules.rolls_stacks`; otherwise nothing is ever kept.
        """
        self._shape = shape
        self._stack = stack
        self._is_used = is_used
        self._past: Past | None = None
        self._spare: Plane | None = None  # memory for the next frames

    def begin(self, frames: Any) -> None:
        """Copies the present observations before others get them.

        Args:
            frames: planar, uint8 [num_envs, channels of all frames, height, width].
        """
        if not self._is_used:
            return
        self._spare, *planes = jax.block_until_ready(_split(frames, self._stack))
        device = frames.sharding
        age = jnp.full(len(frames), self._stack - 1, jnp.int32, device=device)
        self._past = Past(tuple(planes), age)

    def step(self, kernel: Any, buffer: Any, lanes: Any, actions: Any) -> Any:
        """Steps all lanes, in the way of the kernel that is fit.

        Returns:
            The lanes to go on with, and the kernel's `Results`.
        """
        if not self._is_used:
            return kernel.step(buffer, lanes, actions)
        if self._past is None:  # as after `set_state`
            self.begin(kernel.draw(lanes))
        past, spare = self._past, self._spare
        assert past is not None
        self._spare = None  # a call that fails does not give it back
        if spare is None:
            spare = jnp.zeros_like(past.planes[0])
        lanes, results, age = kernel.roll(spare, lanes, past.age, actions)
        refuse_tracer(results.obs)
        planes = (*past.planes, results.obs)
        frames = _stacking(self._shape, self._stack)(buffer, planes, age)
        self._spare, *later = planes
        self._past = Past(tuple(later), age)
        return lanes, results._replace(obs=frames)

    def forget(self) -> None:
        """Gives all memory back; the next step asks for the present frames anew."""
        self._past = self._spare = None


@functools.partial(jax.jit, static_argnames="stack")
def _split(frames: Array, stack: int) -> tuple[Plane, ...]:
    planes = frames.reshape(len(frames), stack, -1)
    return tuple(planes[:, index] for index in range(stack))


@functools.cache  # once for all environments with observations of this shape
def _stacking(shape: tuple[int, ...], stack: int) -> Callable[..., Array]:
    """A program that puts frames behind one another; its first argument is a buffer.

    Every place selects its frame among all, which takes no longer than to copy it.
    """

    def put(buffer: Array | None, planes: tuple[Plane, ...], age: Ages) -> Array:
        del buffer  # lends its memory only
        back = np.arange(stack, dtype=np.int32)[::-1]
        which = stack - 1 - jnp.minimum(age[:, None], back[None])
        whole = len(age), stack, planes[0].shape[1]
        frames = jax.lax.select_n(
            jnp.broadcast_to(which[:, :, None], whole),
            *(jnp.broadcast_to(plane[:, None], whole) for plane in planes),
        )
        return frames.reshape(-1, *shape)

    return jax.jit(
        put,
        donate_argnums=0,
        keep_unused=True,
        compiler_options=compiler_options("cpu"),
    )
