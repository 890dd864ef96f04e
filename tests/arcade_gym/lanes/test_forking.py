"""Gymnasium's processes: with spawn they play, with fork they say why they cannot."""

import subprocess
import sys

import pytest

PLAY = """
import gymnasium
import numpy as np

if __name__ == "__main__":
    envs = gymnasium.make_vec(
        "arcade_gym:popgym_arcade/Breakout-v0",
        num_envs=1,
        vectorization_mode="async",
        vector_kwargs={{"context": "{context}"}},
        obs_size=64,
    )
    try:
        obs, info = envs.reset(seed=0)
        obs, *_ = envs.step(np.array([3]))
        print("played", obs.shape)
    except RuntimeError as error:
        print(error)
    finally:
        envs.close(terminate=True)
"""


def run(tmp_path, context):
    """A process of its own, because JAX runs in this one."""
    script = tmp_path / "play.py"
    script.write_text(PLAY.format(context=context))
    return subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout


@pytest.mark.slow
def test_forked_environments_are_refused_with_advice(tmp_path):
    said = run(tmp_path, "fork")
    assert "cannot run in it" in said
    assert "vector_kwargs={'context': 'spawn'}" in said


@pytest.mark.slow
def test_spawned_environments_play(tmp_path):
    assert run(tmp_path, "spawn") == "played (1, 64, 64, 3)\n"
