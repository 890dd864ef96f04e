"""What a step needs beside its frames: scratch memory and state, by game.

XLA says how much scratch memory the compiled step takes; nothing has to run for it.

    python benchmarks/memory.py --json benchmarks/results/memory_cpu.json
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import jax
from timing import write_json

import jax_core
from jax_core import registry


class Row(NamedTuple):
    """Bytes per environment of one id and view."""

    env_id: str
    view: str
    frame: int
    scratch: float  # of the compiled step, autoreset and drawing included
    state: float  # carried from step to step, with a key

    @property
    def share(self) -> float:
        """Scratch and state over the frame."""
        return (self.scratch + self.state) / self.frame


def main(arguments: list[str] | None = None) -> list[Row]:
    """Compiles the step of every id that the command line names and prints a table."""
    parser = argparse.ArgumentParser(description="Memory of a step beside its frames.")
    parser.add_argument("ids", nargs="*", help="ids; all if none")
    parser.add_argument("--num-envs", type=int, default=512)
    parser.add_argument("--obs-size", type=int, default=128)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    print(
        f"{'id':<20} {'view':<8} {'frame':>7} {'scratch':>8} {'state':>6} {'share':>6}"
    )
    rows = []
    for env_id in options.ids or jax_core.registered_envs:
        if env_id not in registry.levels:
            parser.error(registry.unknown("id", env_id, jax_core.registered_envs))
        for partial_obs in (False, True):
            row = measure_step(env_id, partial_obs, options.num_envs, options.obs_size)
            rows.append(row)
            print(
                f"{row.env_id:<20} {row.view:<8} {row.frame:>7} {row.scratch:>8.0f} "
                f"{row.state:>6.0f} {row.share:>6.1%}",
                flush=True,
            )
    if options.json:
        write_json(options.json, as_record(rows, options))
    return rows


def measure_step(env_id: str, partial_obs: bool, num_envs: int, obs_size: int) -> Row:
    """Compiles a batched step and asks XLA about its memory."""
    env, _ = jax_core.make(env_id, partial_obs=partial_obs, obs_size=obs_size)
    keys = jax.random.split(jax.random.key(0), num_envs)
    actions = jax.ShapeDtypeStruct((num_envs,), "int32")
    states = jax.eval_shape(jax.vmap(env.init), keys)
    options = jax_core.compiler_options()
    step = jax.jit(jax.vmap(env.step), donate_argnums=1, compiler_options=options)
    memory = step.lower(keys, states, actions).compile().memory_analysis()
    if memory is None:
        raise RuntimeError(f"XLA tells nothing about memory on {jax.devices()[0]}")
    state_bytes = sum(
        leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(states)
    )
    return Row(
        env_id=env_id,
        view="partial" if partial_obs else "full",
        frame=3 * obs_size**2,
        scratch=memory.temp_size_in_bytes / num_envs,
        state=state_bytes / num_envs + 8,
    )


def as_record(rows: list[Row], options: argparse.Namespace) -> dict[str, Any]:
    """The result as plain data."""
    settings = {"num_envs": options.num_envs, "obs_size": options.obs_size}
    measured = [{**row._asdict(), "share": row.share} for row in rows]
    return {"settings": settings, "rows": measured}


if __name__ == "__main__":
    main()
