"""One environment of a batch, and a batch of them in a few arrays."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int32, UInt32

from arcade_gym.lanes.frame_form import FrameForm
from jax_core import Environment
from jax_core.pytree import pytree
from jax_core.types import Flag

Packed = tuple[Array, ...]
"""A batch of lanes as one array [num_envs, fields] per dtype.

Dispatching a compiled call costs time for every array that it is given, so a state of
ten fields travels as two or three arrays.
"""

KEYS = "threefry2x32"  # whatever JAX's default is; others depend on the batch


KINDS = {bool: np.bool_, int: np.int32, float: np.float32}
"""Dtypes of the traced fields of a level, by the kind of number there."""


@pytree
class Totals:
    """Sums over the episodes that a lane has finished since they were last read."""

    episodes: Int32[Array, ""]
    episode_return: Float32[Array, ""]
    length: Int32[Array, ""]  # steps


@pytree
class Lane:
    """One environment of the batch."""

    state: Any
    earlier: Any  # states of the stack, as `FrameForm.begin` makes them
    params: Any  # the lane's own, or None where all lanes play one level
    key: UInt32[Array, "2"]  # raw, because typed keys cannot be packed
    terminated: Flag  # of the last step; either flag waits for a reset
    truncated: Flag
    episode_return: Float32[Array, ""]  # of the present episode so far
    totals: Totals

    @property
    def ended(self) -> Flag:
        """Whether the episode is over."""
        return self.terminated | self.truncated


def blank(env: Environment, form: FrameForm, *, owns_params: bool) -> Lane:
    """A lane before its first reset; its values mean nothing, but for the totals."""
    key = jax.random.key(0, impl=KEYS)
    state = env.init(key)
    return Lane(
        state=state,
        earlier=form.begin(state),
        params=as_arrays(env.default_params) if owns_params else None,
        key=jax.random.key_data(key),
        terminated=jnp.bool_(False),
        truncated=jnp.bool_(False),
        episode_return=jnp.float32(0.0),
        totals=Totals(
            episodes=jnp.int32(0),
            episode_return=jnp.float32(0.0),
            length=jnp.int32(0),
        ),
    )


def as_arrays(params: Any) -> Any:
    """The traced fields of a level's params as arrays of 32 bits or bool."""
    return jax.tree.map(lambda number: jnp.asarray(number, KINDS[type(number)]), params)


def packing(
    env: Environment, form: FrameForm, *, owns_params: bool
) -> tuple[Callable[[Lane], Packed], Callable[[Packed], Lane]]:
    """Functions from one lane to one flat array per dtype, and back."""
    shapes, treedef = jax.tree.flatten(
        jax.eval_shape(lambda: blank(env, form, owns_params=owns_params))
    )
    dtypes = sorted({shape.dtype for shape in shapes}, key=str)

    def pack(lane: Lane) -> Packed:
        # The cast changes nothing, unless JAX's x64 mode was switched meanwhile.
        leaves = [
            leaf.astype(shape.dtype).ravel()
            for leaf, shape in zip(jax.tree.leaves(lane), shapes, strict=True)
        ]
        return tuple(
            jnp.concatenate([leaf for leaf in leaves if leaf.dtype == dtype])
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
