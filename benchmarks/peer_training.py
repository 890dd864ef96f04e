"""Runs the published package's PQN; started by `training.py` in an environment apart.

Its own program at the settings that its own command has by default, but for the game,
the size of the frames, and shorter rollouts that are learned from in fewer minibatches,
which then have their own size. Prints a JSON line once it is compiled and one when it
has ended.
"""

import json
import sys
import time
from typing import Any

import equinox as eqx
import jax


def main() -> None:
    """Takes the id of a level, the size of frames, and the share: 8 is an eighth."""
    from popgym_arcade import train  # type: ignore[import-not-found]  # noqa: PLC0415
    from popgym_arcade.baselines import pqn  # type: ignore[import-not-found]  # noqa: PLC0415

    env_id, obs_size, share = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    command = ["train", "PQN", "--ENV_NAME", env_id, "--OBS_SIZE", str(obs_size)]
    sys.argv = [*command, "--WANDB_MODE", "disabled"]
    config: dict[str, Any] = vars(train.get_args())
    config["NUM_STEPS"] //= share
    config["NUM_MINIBATCHES"] //= share
    steps = config["NUM_ENVS"] * config["NUM_STEPS"]  # one update
    config["TOTAL_TIMESTEPS"] = steps
    keys = jax.random.split(jax.random.PRNGKey(0), 1)  # of one seed, as the command has
    start = time.perf_counter()
    train_all: Any = eqx.filter_jit(eqx.filter_vmap(pqn.make_train(config)))
    program = train_all.lower(keys).compile()
    say(compile=time.perf_counter() - start, steps=steps, settings=plain(config))
    start = time.perf_counter()
    jax.block_until_ready(program(keys))
    say(seconds=time.perf_counter() - start)


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """What JSON can hold."""
    return {k: v for k, v in config.items() if isinstance(v, int | float | str)}


def say(**record: Any) -> None:
    """Prints a line of JSON."""
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
