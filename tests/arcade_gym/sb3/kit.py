"""What the tests of the Stable-Baselines3 classes share."""

from arcade_gym.sb3 import ArcadeSB3VecEnv, DeviceA2C, DevicePPO

LANES = 4
LIMIT = 20  # random play ends about half of such episodes earlier
SMALL = {"policy_kwargs": {"features_extractor_kwargs": {"features_dim": 8}}}
CLASSES = {"PPO": DevicePPO, "A2C": DeviceA2C}


def make(output="numpy", **options):
    options = {"obs_size": 64, "seed": 0, "max_episode_steps": LIMIT} | options
    return ArcadeSB3VecEnv("CartPoleEasy", LANES, output=output, **options)


def settings(learner, n_steps=8):
    """Small arguments for a learner of Stable-Baselines3, by its name."""
    minibatches = {"batch_size": 16, "n_epochs": 1}
    special = {
        "A2C": {"n_steps": n_steps},
        "DQN": {"buffer_size": 64, "learning_starts": 16, "batch_size": 8},
        "RecurrentPPO": {"n_steps": n_steps, "batch_size": 16, "n_epochs": 1},
        "PPO": {"n_steps": n_steps} | minibatches,
    }
    return {"device": "cpu", "seed": 3} | SMALL | special[learner]
