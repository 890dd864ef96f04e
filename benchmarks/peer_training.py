"""Runs the published package's PQN; started by `training.py` in an environment apart.

Its own program at the settings that its own command has by default, but for the game,
the size of the frames and the number of updates. Prints a JSON line once it is compiled
and one when it has ended.
"""

import json
import sys
import time
from typing import Any

import jax


def main() -> None:
    """Takes the id of a level, the size of frames, and the number of updates."""
    from popgym_arcade import train  # type: ignore[import-not-found]  # noqa: PLC0415
    from popgym_arcade.baselines import pqn  # type: ignore[import-not-found]  # noqa: PLC0415

    env_id, obs_size, updates = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    command = ["train", "PQN", "--ENV_NAME", env_id, "--OBS_SIZE", str(obs_size)]
    sys.argv = [*command, "--WANDB_MODE", "disabled"]
    config: dict[str, Any] = vars(train.get_args())
    steps = config["NUM_ENVS"] * config["NUM_STEPS"] * updates
    config["TOTAL_TIMESTEPS"] = steps
    key = jax.random.PRNGKey(0)
    start = time.perf_counter()
    program = jax.jit(pqn.make_train(config)).lower(key).compile()
    say(compile=time.perf_counter() - start, steps=steps, settings=plain(config))
    start = time.perf_counter()
    jax.block_until_ready(program(key))
    say(seconds=time.perf_counter() - start)


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """What JSON can hold."""
    return {k: v for k, v in config.items() if isinstance(v, int | float | str)}


def say(**record: Any) -> None:
    """Prints a line of JSON."""
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
