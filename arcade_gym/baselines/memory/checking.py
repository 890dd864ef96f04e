"""Refuses an object that is no memory, and says why."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

_ROWS = 3  # of the trial call; shapes only, nothing is computed


def answer_size(memory: Any, features: int) -> int:
    """Numbers that a memory answers with per row: H of the protocol.

    Traces one call with rows of `features` numbers.

    Raises:
        TypeError: the object does not keep the protocol `Memory`.
    """
    for method in ("initial_carry", "__call__"):
        if not callable(getattr(memory, method, None)):
            raise _refusal(memory, f"it has no method {method}")
    carry = _traced(memory, "initial_carry()", memory.initial_carry)
    _check_arrays(memory, "initial_carry()", carry)
    x = jax.ShapeDtypeStruct((_ROWS, features), jnp.float32)
    first = jax.ShapeDtypeStruct((_ROWS,), jnp.bool_)
    call = f"a call with x float32[{_ROWS}, {features}] and first bool[{_ROWS}]"
    result = _traced(memory, call, memory, carry, x, first)
    if not (isinstance(result, tuple) and len(result) == 2):
        raise _refusal(memory, f"{call} returned no pair (carry, output)")
    _check_same(memory, carry, result[0])
    return _output_size(memory, call, result[1])


def _traced(memory: Any, what: str, function: Any, *args: Any) -> Any:
    try:
        return eqx.filter_eval_shape(function, *args)
    except Exception as error:
        raise _refusal(memory, f"{what} raised {type(error).__name__}: {error}") from (
            error
        )


def _check_arrays(memory: Any, what: str, carry: Any) -> None:
    for path, leaf in jax.tree.leaves_with_path(carry):
        if not isinstance(leaf, jax.ShapeDtypeStruct):
            where = jax.tree_util.keystr(path) or "itself"
            raise _refusal(
                memory, f"{what} holds {leaf!r} ({where}), which is no array"
            )


def _check_same(memory: Any, before: Any, after: Any) -> None:
    _check_arrays(memory, "the carry that a call returned", after)
    have, want = _described(after), _described(before)
    if have != want:
        raise _refusal(
            memory,
            f"a call changes the carry from {want} to {have}; structure, shapes and "
            "dtypes must stay",
        )


def _described(carry: Any) -> Any:
    return jax.tree.map(lambda leaf: f"{leaf.dtype}{list(leaf.shape)}", carry)


def _output_size(memory: Any, call: str, output: Any) -> int:
    is_array = isinstance(output, jax.ShapeDtypeStruct)
    have = f"{output.dtype}{list(output.shape)}" if is_array else repr(output)
    if not is_array or output.dtype != jnp.float32 or output.shape[:-1] != (_ROWS,):
        raise _refusal(
            memory, f"{call} must answer with float32[{_ROWS}, H], not {have}"
        )
    return output.shape[-1]


def _refusal(memory: Any, reason: str) -> TypeError:
    return TypeError(
        f"memory={type(memory).__name__} is no memory: {reason}. A memory is an "
        "equinox.Module with initial_carry() -> carry and __call__(carry, x[T, F], "
        "first[T]) -> (carry, output[T, H]); see arcade_gym.baselines.Memory"
    )
