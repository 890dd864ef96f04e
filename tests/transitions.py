"""Recorded transitions of the published package, 2,000 a file.

    python -m tests.transitions BreakoutEasy 4    # what differs becomes correction 4

`corrected` marks rows in which our rules deviate on purpose: bit N - 1 is number N
under "Differences from the published package" in the game's docstring. `ours.*` holds
the values of our rules, `compare.*` and `mask.*` say where the recorded values are
valid too.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

import jax_core
from tests.compiling import jit_plainly
from tests.states import put

FOLDER = Path(__file__).parent / "vectors"
OUTCOME = ("reward", "terminated", "truncated")


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
        recorded={k: arrays[k] for k in OUTCOME},
        before=part("before"),
        after=part("after"),
        compare=part("compare"),
        mask=part("mask"),
        ours=part("ours"),
    )


def batched_state(env, fields):
    """A batch of states; fields that are not given come from a reset."""
    rows = len(fields["time"])
    fresh = jit_plainly(jax.vmap(env.init))(jax.random.split(jax.random.key(0), rows))
    return put(fresh, **fields)


def mismatches(env_id, recording):
    """Number of wrong rows by field, for the fields that have any."""
    wrong = _compare(env_id, recording)[1]
    return {name: int(rows.sum()) for name, rows in wrong.items() if rows.any()}


def accept(env_id, number):
    """Marks the rows that differ as a correction; returns their number by field."""
    path = FOLDER / f"{env_id}.npz"
    recording = load(env_id)
    result, wrong = _compare(env_id, recording)
    with np.load(path) as archive:
        arrays = dict(archive)
    for name, rows in wrong.items():
        if not rows.any():
            continue
        arrays["corrected"][rows] |= 1 << (number - 1)
        if name in OUTCOME:
            arrays[f"ours.{name}"][rows] = np.asarray(getattr(result, name))[rows]
            arrays[f"compare.{name}"][rows] = False
        else:
            everywhere = np.ones(recording.after[name].shape, bool)
            mask = arrays.setdefault(f"mask.{name}", everywhere)
            mask[rows] = False
    np.savez_compressed(path, **arrays)
    return {name: int(rows.sum()) for name, rows in wrong.items() if rows.any()}


def _compare(env_id, recording):
    """What our rules give, and the rows in which that is wrong, by field."""
    env, _ = jax_core.make(env_id)
    state = batched_state(env, recording.before)
    keys = jax.random.split(jax.random.key(1), len(recording.action))
    result = jit_plainly(jax.vmap(env.transition))(keys, state, recording.action)
    wrong = {}
    for name, want in recording.after.items():
        got = np.asarray(getattr(result.state, name))
        same = np.abs(got - want) < 1e-5 if want.dtype == np.float32 else got == want
        same |= ~recording.mask.get(name, np.ones(want.shape, bool))
        same = same.reshape(len(want), -1).all(axis=1)
        wrong[name] = ~same & recording.compare["state"]
    wrong["reward"] = np.abs(result.reward - recording.ours["reward"]) > 1e-6
    for flag in OUTCOME[1:]:
        wrong[flag] = np.asarray(getattr(result, flag)) != recording.ours[flag]
    return result, {name: np.asarray(rows) for name, rows in wrong.items()}


if __name__ == "__main__":
    print(accept(sys.argv[1], int(sys.argv[2])))
