"""Ids of all games for `gymnasium.make` and `gymnasium.make_vec`."""

import gymnasium

from jax_core import registry

NAMESPACE = "popgym_arcade"


def register_all() -> None:
    """Registers "popgym_arcade/Breakout-v0", "popgym_arcade/BreakoutEasy-v0" and so on.

    Repeating it changes nothing. The step limit is not given to Gymnasium, which would
    count steps a second time.
    """
    for spec in registry.games.values():
        levels = [registry.level_id(spec, difficulty) for difficulty in spec.levels]
        for name in (spec.name, *levels):
            env_id = f"{NAMESPACE}/{name}-v{spec.version}"
            if env_id not in gymnasium.registry:
                gymnasium.register(
                    env_id,
                    entry_point="arcade_gym.env:ArcadeEnv",
                    vector_entry_point="arcade_gym.vector_env:ArcadeVectorEnv",
                    kwargs={"game": name},
                )
