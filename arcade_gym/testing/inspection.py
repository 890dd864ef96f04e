"""Looking into the results of any vector environment: host copies, and writing."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from arcade_gym import interop

SENTINEL = 1  # every dtype can hold it, bool included


def arrays(value: Any) -> Iterator[Any]:
    """Every array in nested dictionaries, tuples, lists and arrays of objects."""
    if isinstance(value, dict):
        for key in value:
            yield from arrays(value[key])
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from arrays(item)
    elif isinstance(value, np.ndarray) and value.dtype == object:
        yield from arrays(value.ravel().tolist())
    elif is_array(value):
        yield value


def is_array(value: object) -> bool:
    """Whether a value is an array of NumPy, JAX or PyTorch."""
    return isinstance(value, (np.ndarray, jax.Array)) or interop.is_torch(value)


def on_host(value: Any) -> Any:
    """Copies arrays, nested in any way, to new NumPy arrays."""
    if isinstance(value, dict):
        return {key: on_host(value[key]) for key in value}
    if isinstance(value, (tuple, list)):
        return type(value)(on_host(item) for item in value)
    if interop.is_torch(value):
        return np.array(value.detach().cpu().numpy())
    if isinstance(value, np.ndarray) and value.dtype == object:
        copied = np.empty_like(value)
        for index, item in np.ndenumerate(value):
            copied[index] = on_host(item)
        return copied
    return np.array(value) if is_array(value) else value


def are_equal(one: Any, other: Any) -> bool:
    """Whether two host copies are equal; nan equals nan."""
    ours, theirs = list(arrays(one)), list(arrays(other))
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
        for a, b in zip(ours, theirs, strict=True)
    )


def overwrite(value: Any) -> Iterator[Any]:
    """Fills every array that can be written, and yields it."""
    for array in arrays(value):
        if isinstance(array, np.ndarray):
            if array.flags.writeable:
                array[...] = SENTINEL
                yield array
        elif interop.is_torch(array):
            array.fill_(SENTINEL)
            yield array


def is_overwritten(array: Any) -> bool:
    """Whether an array still holds nothing but what `overwrite` wrote."""
    return bool((on_host(array) == SENTINEL).all())
