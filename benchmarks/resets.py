"""What autoreset costs: fresh states of a batch beside a whole step with drawing.

Every step computes a reset of every lane, because each may end. The reset alone,
without drawing, should stay under half of a step without autoreset at 128 px.

    python benchmarks/resets.py
    python benchmarks/resets.py --json benchmarks/results/resets_cpu.json
"""

import argparse
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from timing import measure, write_json

import jax_core

LIMIT = 0.5


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Prints one line per id."""
    parser = argparse.ArgumentParser(description="The cost of resets.")
    parser.add_argument("ids", nargs="*", default=list(jax_core.registered_envs))
    parser.add_argument("--num-envs", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    print(f"{'id':<20} {'resets/s':>12} {'steps/s':>10} {'reset / step':>12}")
    rows = []
    for env_id in options.ids:
        row = compare(env_id, options)
        rows.append(row)
        mark = "" if row["share"] < LIMIT else "  over the limit"
        print(
            f"{env_id:<20} {row['resets']:>12,.0f} {row['steps']:>10,.0f} "
            f"{row['share']:>12.2f}{mark}",
            flush=True,
        )
    if options.json:
        write_json(options.json, {"num_envs": options.num_envs, "rows": rows})
    return rows


def compare(env_id: str, options: argparse.Namespace) -> dict[str, Any]:
    """Rates of both, per second, and the share of a step that a reset takes."""
    env, _ = jax_core.make(env_id)
    count = options.num_envs
    keys = jax.random.split(jax.random.key(0), count)
    reset = jax.jit(jax.vmap(env.init))
    step = jax.jit(jax.vmap(env.step_env))
    state = reset(keys)
    actions = jax.random.randint(keys[0], (count,), 0, env.num_actions, jnp.int32)

    def rate(call: Any) -> float:
        def work() -> None:
            for _ in range(options.steps):
                jax.block_until_ready(call())

        return measure(work, count * options.steps, options.repeats).median

    resets = rate(lambda: reset(keys))
    steps = rate(lambda: step(keys, state, actions))
    share = steps / resets
    return {"id": env_id, "resets": resets, "steps": steps, "share": share}


if __name__ == "__main__":
    main()
