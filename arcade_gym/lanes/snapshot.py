"""Saving and restoring lanes as plain NumPy arrays, with what they belong to."""

from dataclasses import asdict
from typing import Any

import jax
import numpy as np

from arcade_gym.lanes.kernel import Kernel, Packed
from jax_core import Environment, registry

FORMAT = 1
"""Raised when the entries of a snapshot change their names or meaning."""

Snapshot = dict[str, Any]


def identity(env: Environment, num_envs: int, frame_stack: int) -> Snapshot:
    """What two environments must share to continue each other's episodes.

    View, frame size and color are not among it: the twins of a game share their states.
    A stack is drawn from earlier states, which are saved with the present one.
    """
    version = registry.levels[env.name][0].version
    return {
        "format": FORMAT,
        "game": env.name,
        "version": version,
        "params": asdict(env.default_params),
        "num_envs": num_envs,
        "frame_stack": frame_stack,
    }


def portable(options: dict[str, Any]) -> dict[str, Any]:
    """The options of an environment, with a game that other processes find as well."""
    return options | {"game": registry.qualified(options["game"])}


def fields_of(kernel: Kernel, lanes: Packed) -> dict[str, np.ndarray]:
    """Copies every field of the lanes to the host, by name: [num_envs, ...]."""
    leaves, _ = jax.tree.flatten_with_path(kernel.unpack(lanes))
    return {_name(path): np.array(leaf) for path, leaf in leaves}


def lanes_of(kernel: Kernel, blank: Packed, fields: dict[str, Any]) -> Packed:
    """Makes lanes of the fields that `fields_of` gave.

    Raises:
        ValueError: a field is missing, unknown, or of another shape or dtype.
    """
    wanted, treedef = jax.tree.flatten_with_path(jax.eval_shape(kernel.unpack, blank))
    names = [_name(path) for path, _ in wanted]
    if set(names) != set(fields):
        raise ValueError(
            "state['lanes'] must have the fields of the game; "
            f"missing: {sorted(set(names) - set(fields))}, "
            f"unknown: {sorted(set(fields) - set(names))}. "
            "Use what get_state() returned as it is"
        )
    for name, (_, want) in zip(names, wanted, strict=True):
        have = np.asarray(fields[name])
        if (have.shape, have.dtype) != (want.shape, want.dtype):
            raise ValueError(
                f"state['lanes'][{name!r}] must be {want.dtype} {want.shape}, got "
                f"{have.dtype} {have.shape}. Use what get_state() returned as it is"
            )
    return kernel.pack(jax.tree.unflatten(treedef, [fields[name] for name in names]))


def waiting_lanes(fields: dict[str, Any]) -> np.ndarray:
    """The lanes whose episode is over, bool [num_envs]."""
    return np.asarray(fields["terminated"]) | np.asarray(fields["truncated"])


def check_identity(snapshot: Any, wanted: Snapshot) -> None:
    """Refuses the snapshot of another game, level, version or number of lanes.

    Raises:
        TypeError: not what `get_state` returns.
        ValueError: it belongs to an environment that cannot continue here.
    """
    if not isinstance(snapshot, dict) or not {*wanted, "seeds", "lanes"} <= set(
        snapshot
    ):
        raise TypeError(
            "state must be the dictionary that get_state() returned, got "
            f"{type(snapshot).__name__}"
        )
    for name, value in wanted.items():
        if snapshot[name] != value:
            raise ValueError(
                f"state has {name}={snapshot[name]!r}, this environment has "
                f"{name}={value!r}; set it in an environment made with the same {name}"
            )
    seeds, lanes = snapshot["seeds"], snapshot["lanes"]
    if not isinstance(seeds, tuple) or len(seeds) not in (0, wanted["num_envs"]):
        raise ValueError(
            f"state['seeds'] must be empty or have one seed per lane, got {seeds!r}"
        )
    if lanes is not None and not isinstance(lanes, dict):
        raise ValueError(
            f"state['lanes'] must be None or a dictionary, got {type(lanes).__name__}"
        )


def _name(path: tuple[Any, ...]) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")
