"""What the tests of both CartPole families share: levels and random motion."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.games import kit

LEVELS = {
    "CartPoleEasy": SimpleNamespace(limit=200, noise=0, random=0.135, deviation=0.065),
    "CartPoleMedium": SimpleNamespace(
        limit=400, noise=0, random=0.067, deviation=0.032
    ),
    "CartPoleHard": SimpleNamespace(limit=600, noise=0, random=0.045, deviation=0.022),
    "NoisyCartPoleEasy": SimpleNamespace(
        limit=200, noise=0.1, random=0.135, deviation=0.065
    ),
    "NoisyCartPoleMedium": SimpleNamespace(
        limit=200, noise=0.2, random=0.135, deviation=0.065
    ),
    "NoisyCartPoleHard": SimpleNamespace(
        limit=200, noise=0.3, random=0.135, deviation=0.065
    ),
}
X_LIMIT, THETA_LIMIT = 2.4, 12 * 2 * np.pi / 360
MOTION = ("x", "x_dot", "theta", "theta_dot")

both_families = pytest.mark.parametrize("env_id", ["CartPoleEasy", "NoisyCartPoleHard"])


def random_motion(count, seed=0):
    """States all over the range of the pictures, and beyond for the velocities."""
    rng = np.random.default_rng(seed)
    spans = (X_LIMIT, 4.0, THETA_LIMIT, 4.0)
    values = rng.uniform(-1, 1, (4, count)) * np.array(spans)[:, None]
    return dict(zip(MOTION, values.astype(np.float32), strict=True))


def with_motion(env_id, count, seed=0, noise=0.0, time=5):
    return kit.put(
        kit.fresh(env_id, count),
        **random_motion(count, seed),
        time=np.full(count, time),
        obs_noise=np.full((count, 4), noise),
    )
