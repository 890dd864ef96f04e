"""Films of lanes of a batch, side by side, while a policy or a script plays.

    from arcade_gym import record

    envs = gymnasium.make_vec("popgym_arcade/Breakout-v0", num_envs=64)
    batches = record.watch(envs, policy, num_steps=200, lanes=range(4))
    record.save("breakout.gif", batches, caption="Breakout, my policy")

`watch` and `watch_script` play while they are iterated over, so `tqdm(batches)` shows
progress. The command is `arcade-gym record`.
"""

from arcade_gym.films.recording import (
    FPS,
    Policy,
    Script,
    random_policy,
    save,
    watch,
    watch_script,
)

__all__ = [
    "FPS",
    "Policy",
    "Script",
    "random_policy",
    "save",
    "watch",
    "watch_script",
]
