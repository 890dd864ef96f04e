"""Runs the published package; started by `peers.py` in an environment of its own.

Prints a JSON line for each way of stepping, see `peer_loops.py`.
"""

import sys
from typing import Any

import popgym_arcade  # type: ignore[import-not-found]  # in an environment of its own
from peer_loops import Size, measure_jax


def main() -> None:
    """Measures one id: id, "full" or "partial", lanes, steps in a repeat, repeats."""
    env_id, view = sys.argv[1:3]
    size = Size(*map(int, sys.argv[3:6]))
    env, params = popgym_arcade.make(env_id, partial_obs=view == "partial")
    num_actions = int(env.action_space(params).n)

    def reset(key: Any) -> tuple[Any, Any]:
        return env.reset(key, params)

    def step(key: Any, state: Any, action: Any) -> tuple[Any, Any]:
        return env.step(key, state, action, params)[:2]

    measure_jax(reset, step, num_actions, size, ["popgym-arcade"])


if __name__ == "__main__":
    main()
