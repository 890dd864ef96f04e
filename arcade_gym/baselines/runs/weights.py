"""Networks of runs: how they are built, and their weights as files."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array

from arcade_gym.baselines import levels, networks
from arcade_gym.baselines.config import OWN_MEMORY, RunConfig
from arcade_gym.baselines.memory.catalog import DEFAULT_WINDOW
from arcade_gym.baselines.runs.checkpoint import nbytes
from arcade_gym.whole_files import replacing


def own_name(memory: Any) -> str:
    """What a configuration calls a memory that was passed as an object."""
    return f"{OWN_MEMORY}{type(memory).__name__}"


def build(config: RunConfig, memory: Any, *, key: Array) -> Any:
    """Builds the network of a run with fresh weights.

    Args:
        config: of the run.
        memory: the object, if the run's memory is one of the user's own.
        key: for the weights.

    Raises:
        ValueError: a memory of the user's own is needed and is not there, or the other
            way round.
    """
    is_own = config.memory.startswith(OWN_MEMORY)
    if is_own != (memory is not None) or (is_own and config.memory != own_name(memory)):
        given = "none" if memory is None else own_name(memory)
        raise ValueError(
            f"the memory of the run is {config.memory!r}, and the object passed as "
            f"memory= is {given!r}; pass memory= an object of the class that the run "
            "began with"
        )
    kind = getattr(networks, config.hyper_parameters.network_type)
    named = {} if is_own else {"rnn_type": config.memory}
    return _make(
        kind,
        key,
        obs_size=config.obs_size,
        width=config.width,
        layers=config.layers,
        encoder=config.encoder,
        window=window(config),
        memory=memory,
        **named,
    )


@eqx.filter_jit  # one program instead of one for every matrix
def _make(kind: Any, key: Array, **options: Any) -> Any:
    return kind(key, **options)


def window(config: RunConfig) -> int:
    """Rows that attention looks back on: no more than an episode has."""
    return min(DEFAULT_WINDOW, levels.find(config.env_id).max_steps)


def describe(network: Any, config: RunConfig) -> dict[str, Any]:
    """Says how to build the network again, and how large it is."""
    shapes = jax.eval_shape(network.initial_carry)
    return {
        "class": type(network).__name__,
        "rnn_type": config.memory,
        "obs_size": config.obs_size,
        "width": config.width,
        "layers": config.layers,
        "encoder": config.encoder,
        "window": window(config),
        "parameters": sum(
            leaf.size
            for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array))
        ),
        "carry_bytes": nbytes(shapes),
    }


def save(path: Path, network: Any) -> None:
    """Writes weights for `equinox.tree_deserialise_leaves`, whole or not at all."""
    with replacing(path) as file:
        eqx.tree_serialise_leaves(file, network)


def load(path: Path, like: Any) -> Any:
    """Reads weights.

    Args:
        path: a file of `save`.
        like: a network of the same structure; arrays may be `jax.ShapeDtypeStruct`.

    Raises:
        ValueError: they are of another network, or the file is damaged.
    """
    try:
        with path.open("rb") as file:
            network = eqx.tree_deserialise_leaves(file, like)
            is_whole = not file.read(1)
    except (RuntimeError, ValueError, EOFError) as error:
        said = str(error).rstrip(".")
        raise ValueError(f"{path} {_FOREIGN}: {said}; {_WAY_OUT}") from error
    if not is_whole:
        raise ValueError(f"{path} {_FOREIGN}: it holds more arrays; {_WAY_OUT}")
    return network


_FOREIGN = "does not hold the weights of the network that config.json describes"
_WAY_OUT = "bring back the file that the run wrote, or train it again"
