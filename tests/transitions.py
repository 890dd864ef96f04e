"""Recorded transitions of the published package, 2,000 a file.

`corrected` marks rows in which the rule pages deviate on purpose; `ours.*` holds the
values that the pages ask for, `compare.*` says where the recorded values are valid too.
"""

from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

import jax_core
from tests.states import put

FOLDER = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class Recording:
    """The arrays of one file, by prefix."""

    action: np.ndarray
    corrected: np.ndarray
    recorded: dict[str, np.ndarray]
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray]
    compare: dict[str, np.ndarray]
    mask: dict[str, np.ndarray]
    ours: dict[str, np.ndarray]


def load(env_id):
    with np.load(FOLDER / f"{env_id}.npz") as archive:
        arrays = dict(archive)

    def part(prefix):
        start = len(prefix) + 1
        return {k[start:]: v for k, v in arrays.items() if k.startswith(f"{prefix}.")}

    return Recording(
        action=arrays["action"].astype(np.int32),
        corrected=arrays["corrected"],
        recorded={k: arrays[k] for k in ("reward", "terminated", "truncated")},
        before=part("before"),
        after=part("after"),
        compare=part("compare"),
        mask=part("mask"),
        ours=part("ours"),
    )


def batched_state(env, fields):
    """A batch of states; fields that are not given come from a reset."""
    rows = len(fields["time"])
    fresh = jax.vmap(env.init)(jax.random.split(jax.random.key(0), rows))
    return put(fresh, **fields)


def mismatches(env_id, recording):
    """Number of wrong rows by field, for the fields that have any."""
    env, _ = jax_core.make(env_id)
    state = batched_state(env, recording.before)
    keys = jax.random.split(jax.random.key(1), len(recording.action))
    result = jax.jit(jax.vmap(env.transition))(keys, state, recording.action)
    wrong = {}
    for name, want in recording.after.items():
        got = np.asarray(getattr(result.state, name))
        same = np.abs(got - want) < 1e-5 if want.dtype == np.float32 else got == want
        same |= ~recording.mask.get(name, np.ones(want.shape, bool))
        same = same.reshape(len(want), -1).all(axis=1)
        wrong[name] = ~same & recording.compare["state"]
    wrong["reward"] = np.abs(result.reward - recording.ours["reward"]) > 1e-6
    for flag in ("terminated", "truncated"):
        wrong[flag] = np.asarray(getattr(result, flag)) != recording.ours[flag]
    return {name: int(rows.sum()) for name, rows in wrong.items() if rows.any()}
