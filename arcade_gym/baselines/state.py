"""The state of a run and the one compiled function that moves it on."""

import functools
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, UInt32

from arcade_gym.baselines.collective import AXIS
from arcade_gym.baselines.evaluation import EVAL_SEED
from arcade_gym.baselines.rollouts import lanes as lanes_module
from arcade_gym.baselines.rollouts.scanning import scan
from jax_core import Environment, compiler_options

_LEARNING = 1
"""Folded into the keys of learning, which so differ from the chains of the lanes."""


class TrainState(eqx.Module):
    """Everything that changes in a run. Keys are raw, so that it can be saved."""

    learner: Any  # network, optimizer, target network: the same on every device
    lanes: Any  # [lanes, ...] each leaf, spread over the devices
    store: Any  # replay, [rows, lanes, ...] each leaf, spread over the devices
    key: Any  # uint32 [2]
    iteration: Any  # int32 []
    rows_done: Any  # int32 []

    @property
    def network(self) -> Any:
        """The network as it is now."""
        return self.learner.network


def layout() -> TrainState:
    """How the parts of a state lie on the mesh: a prefix of its tree."""
    everywhere = PartitionSpec()
    return TrainState(
        learner=everywhere,
        lanes=PartitionSpec(AXIS),
        store=PartitionSpec(None, AXIS),
        key=everywhere,
        iteration=everywhere,
        rows_done=everywhere,
    )


def make_mesh(devices: int = 1) -> Mesh:
    """The first devices of all processes, in one row.

    Raises:
        ValueError: there are not so many.
    """
    there = jax.devices()
    if not 1 <= devices <= len(there):
        raise ValueError(
            f"devices must be from 1 to {len(there)}, the number that JAX has "
            f"({', '.join(map(str, there[:8]))}), got {devices}"
        )
    return Mesh(np.array(there[:devices]), (AXIS,))


def network_key(seed: int) -> Array:
    """The typed key that initialises the network of a run."""
    return jax.random.split(_learning_key(seed))[0]


def start(
    algorithm: Any,
    env: Environment,
    network: Any,
    *,
    seed: int,
    mesh: Mesh | None = None,
) -> TrainState:
    """The state of a run before its first row.

    Args:
        algorithm: its hyper-parameters.
        env: the game and its view.
        network: with fresh weights.
        seed: lane i gets the key chain of the seed `seed * num_envs + i`.
        mesh: the devices that share the lanes; None is one device.

    Raises:
        ValueError: the seeds would run into those of the evaluations.
    """
    mesh = make_mesh() if mesh is None else mesh
    seeds = seeds_of_lanes(seed, algorithm.num_envs)
    key = jax.random.key_data(jax.random.split(_learning_key(seed))[1])
    arrays, rest = eqx.partition(network, eqx.is_array)
    return _begin(_Program(algorithm, env, mesh), rest, arrays, jnp.asarray(seeds), key)


@eqx.filter_jit  # once for all seeds
def _begin(program: "_Program", rest: Any, arrays: Any, seeds: Any, key: Any) -> Any:
    algorithm, env = program.algorithm, program.env
    skeleton: list[Any] = []  # filled while tracing: what is no array

    def begin(arrays: Any, seeds: Any, key: Any) -> Any:
        # Copies, because the state is donated and the caller keeps the network.
        network = eqx.combine(jax.tree.map(jnp.copy, arrays), rest)
        carry = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (len(seeds), *leaf.shape)),
            network.initial_carry(),
        )
        lanes = lanes_module.start(env, carry, seeds)
        state = TrainState(
            learner=algorithm.start(network),
            lanes=lanes,
            store=algorithm.start_store(env, lanes),
            key=key,
            iteration=jnp.int32(0),
            rows_done=jnp.int32(0),
        )
        skeleton.append(eqx.partition(state, eqx.is_array)[1])
        return eqx.filter(state, eqx.is_array)

    everywhere = PartitionSpec()
    spread = jax.shard_map(
        begin,
        mesh=program.mesh,
        in_specs=(everywhere, PartitionSpec(AXIS), everywhere),
        out_specs=layout(),
        check_vma=False,
    )
    return eqx.combine(spread(arrays, seeds, key), skeleton[0])


def seeds_of_lanes(seed: int, num_envs: int) -> UInt32[np.ndarray, " lanes"]:
    """Seeds of the key chains of a run, disjoint from those of every other run.

    Raises:
        ValueError: they would run into the seeds of the evaluations.
    """
    largest = EVAL_SEED // num_envs - 1
    if not 0 <= seed <= largest:
        raise ValueError(
            f"seed must be from 0 to {largest} with {num_envs} lanes, so that no lane "
            f"plays an episode of the evaluations, got {seed}"
        )
    return np.arange(seed * num_envs, (seed + 1) * num_envs, dtype=np.uint32)


def run_chunk(
    algorithm: Any,
    env: Environment,
    state: TrainState,
    *,
    iterations: int,
    total_rows: int,
    mesh: Mesh | None = None,
) -> tuple[TrainState, dict[str, Array]]:
    """Runs some iterations in one compiled program, without a word to the host.

    Args:
        algorithm: its hyper-parameters, none of them None.
        env: the game and its view.
        state: donated: it cannot be used afterwards.
        iterations: another number compiles anew.
        total_rows: of the whole run, for the schedules.
        mesh: as in `start`.

    Returns:
        The state to go on with, and metrics, float32 [iterations] each, on the device.
    """
    mesh = make_mesh() if mesh is None else mesh
    # An array, so that runs of any length share one program.
    total = jax.device_put(
        jnp.float32(total_rows), NamedSharding(mesh, PartitionSpec())
    )
    arrays, rest = eqx.partition(state, eqx.is_array)
    program = _Program(algorithm, env, mesh, iterations)
    return _compiled(mesh.devices.flat[0].platform)(total, program, rest, arrays)


@functools.cache
def _compiled(platform: str) -> Any:
    jit: Any = eqx.filter_jit  # its type hides the options of `jax.jit`
    options = compiler_options(platform)
    return jit(_run, donate="all-except-first", compiler_options=options)


@dataclass(frozen=True)
class _Program:
    """What is compiled anew when it changes."""

    algorithm: Any
    env: Environment
    mesh: Mesh
    iterations: int = 0  # of a chunk


def _run(total: Any, program: _Program, rest: Any, arrays: Any) -> Any:
    algorithm = program.algorithm

    def iterate(state: TrainState, _: None) -> tuple[TrainState, dict[str, Array]]:
        key, iteration_key = jax.random.split(jax.random.wrap_key_data(state.key))
        learner, lanes, store, metrics = algorithm.iterate(
            program.env,
            state.learner,
            state.lanes,
            state.store,
            iteration_key,
            state.rows_done.astype(jnp.float32) / total,
        )
        after = TrainState(
            learner=learner,
            lanes=lanes,
            store=store,
            key=jax.random.key_data(key),
            iteration=state.iteration + 1,
            rows_done=state.rows_done + algorithm.rows_per_iteration,
        )
        return after, metrics

    def on_device(arrays: Any) -> Any:
        state, metrics = scan(
            iterate, eqx.combine(arrays, rest), None, program.iterations
        )
        return eqx.filter(state, eqx.is_array), metrics

    spread = jax.shard_map(
        on_device,
        mesh=program.mesh,
        in_specs=(layout(),),
        out_specs=(layout(), PartitionSpec()),
        check_vma=False,
    )
    arrays, metrics = spread(arrays)
    return eqx.combine(arrays, rest), metrics


def _learning_key(seed: int) -> Array:
    return jax.random.fold_in(jax.random.key(seed), _LEARNING)
