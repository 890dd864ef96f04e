"""One iteration of our learners, split into environment, acting and learning."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from arcade_gym.baselines import RunConfig, levels, state
from arcade_gym.baselines.collective import all_lanes, own_part
from arcade_gym.baselines.rollouts.rollout import collect
from arcade_gym.baselines.runs import weights
from jax_core import compiler_options

PARTS = ("environment", "play", "iteration")
"""Each does what the one before does, and something more."""

Program = Callable[[Any], Any]


@dataclass(frozen=True)
class Prepared:
    """Compiled programs, which end when the device has finished."""

    works: dict[str, Callable[[], Any]]  # by the name of the part
    rows: int  # steps that each of them plays
    compile_seconds: float  # of the whole iteration


def prepare(config: RunConfig, parts: tuple[str, ...] = PARTS) -> Prepared:
    """Compiles parts of an iteration.

    Args:
        config: of the run whose first iteration is measured.
        parts: some of `PARTS`.
    """
    config = config.resolved()
    settings = config.hyper_parameters
    env = levels.make_env(
        config.env_id, partial_obs=config.partial_obs, obs_size=config.obs_size
    )
    network = weights.build(config, None, key=state.network_key(config.seed))
    begun = state.start(settings, env, network, seed=config.seed)
    arrays, rest = eqx.partition(begun, eqx.is_array)
    progress = jnp.float32(0.5)

    def environment(now: Any, key: Any) -> Any:
        def act(carry: Any, seen: Any, key: Any) -> Any:
            lanes = len(seen.first)
            every = jax.random.randint(key, (all_lanes(lanes),), 0, env.num_actions)
            return carry, own_part(every, lanes), {}

        keys = jax.random.split(key, settings.num_steps)
        return collect(env, act, now.lanes, keys, sequence_length=settings.num_steps)

    def play(now: Any, key: Any) -> Any:
        length = settings.num_steps  # carries in between cost nothing to speak of
        return settings.play(
            env, now.network, now.lanes, key, progress, sequence_length=length
        )

    def iteration(now: Any, key: Any) -> Any:
        return settings.iterate(env, now.learner, now.lanes, now.store, key, progress)

    programs = {"environment": environment, "play": play, "iteration": iteration}
    works, seconds = {}, 0.0
    for part in parts:
        start = time.perf_counter()
        program = _compiled(programs[part], arrays, rest)
        seconds = time.perf_counter() - start
        works[part] = _waiting(program, arrays)
    return Prepared(works, settings.rows_per_iteration, seconds)


def seconds_per_step(rates: dict[str, float]) -> dict[str, float]:
    """What a step costs in each part, in seconds, from steps/s of `PARTS`."""
    until = [1 / rates[part] for part in PARTS]
    return {
        "environment": until[0],
        "acting": until[1] - until[0],
        "learning": until[2] - until[1],
    }


def _compiled(program: Callable[[Any, Any], Any], arrays: Any, rest: Any) -> Program:
    def run(arrays: Any, key: Any) -> Any:
        result = program(eqx.combine(arrays, rest), jax.random.wrap_key_data(key))
        return eqx.filter(result, eqx.is_array)

    everywhere = PartitionSpec()
    spread = jax.shard_map(
        run,
        mesh=state.make_mesh(),
        in_specs=(everywhere, everywhere),
        out_specs=everywhere,
        check_vma=False,
    )
    options = compiler_options(jax.default_backend())
    key = jax.random.key_data(jax.random.key(0))
    compiled = jax.jit(spread, compiler_options=options).lower(arrays, key).compile()
    return lambda arrays: compiled(arrays, key)


def _waiting(program: Program, arrays: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(program(arrays))
