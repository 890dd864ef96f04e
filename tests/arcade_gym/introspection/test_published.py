"""The example of the published package runs with its import lines changed."""

import shutil

import equinox as eqx
import jax
import numpy as np
import pytest

from arcade_gym.baselines import QNetworkRNN, load_agent
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.main import main
from arcade_gym.introspection import get_saliency_maps, vis_fn
from tests.arcade_gym.baselines import kit

WEIGHTS = "PATH_TO_YOUR_MODEL_WEIGHTS.pkl"
EXAMPLE = """
from arcade_gym.baselines import QNetworkRNN
from arcade_gym.introspection import get_saliency_maps, vis_fn
import equinox as eqx
import jax

config = {
    # Env string
    "ENV_NAME": "NavigatorEasy",
    # Whether to use full or partial observability
    "PARTIAL": True,
    # Memory model type (see models directory)
    "MEMORY_TYPE": "lru",
    # Evaluation episode seed
    "SEED": 0,
    # Observation size in pixels (128 or 256)
    "OBS_SIZE": 128,
}

# Initialize the random key
rng = jax.random.PRNGKey(config["SEED"])

# Initialize the model
network = QNetworkRNN(rng, rnn_type=config["MEMORY_TYPE"], obs_size=config["OBS_SIZE"])
# Load the model
model = eqx.tree_deserialise_leaves("PATH_TO_YOUR_MODEL_WEIGHTS.pkl", network)
# Compute the saliency maps
grads, obs_seq, grad_accumulator = get_saliency_maps(rng, model, config)
# Visualize the saliency maps
# If you have latex installed, set use_latex=True
vis_fn(grads, obs_seq, config, use_latex=False)
"""
SHORT = """
    --num-envs 4 --num-steps 8 --sequence-length 4 --num-minibatches 2 --epochs 1
    --total-steps 64 --chunk-steps 64 --eval-every 64
    --eval-episodes 4 --test-episodes 4
""".split()  # noqa: SIM905  # to be read
SMALL = {
    "ENV_NAME": "NavigatorEasy",
    "PARTIAL": True,
    "OBS_SIZE": 64,
    "SEED": 3,
    "MEMORY_TYPE": "gru",
}


@pytest.mark.slow
def test_the_published_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = QNetworkRNN(jax.random.key(1), "lru", 128)
    eqx.tree_serialise_leaves(WEIGHTS, network)
    said = {}
    exec(compile(EXAMPLE, "published_example.py", "exec"), said)
    shapes = [one.shape for one in said["grads"]]
    assert shapes == [(count, 1, 128, 128, 3) for count in range(1, 6)]
    assert said["obs_seq"].shape == (6, 1, 128, 128, 3)
    assert 0 <= said["obs_seq"].min() < said["obs_seq"].max() <= 1
    for sums, one in zip(said["grad_accumulator"], said["grads"], strict=True):
        assert np.array_equal(sums, one.sum(0))
    written = tmp_path / "NavigatorEasy_PARTIAL=True_SEED=0.pdf"
    assert written.read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_it_runs_on_the_weights_of_a_run(tmp_path, monkeypatch):
    """Of a short one; the network is the one of longer ones, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)
    train = "train pqn NavigatorEasy --partial-obs --memory lru --out run"
    assert main([*train.split(), *SHORT]) == 0
    shutil.copy("run/model.eqx", WEIGHTS)
    said = {}
    exec(compile(EXAMPLE, "published_example.py", "exec"), said)
    assert [len(one) for one in said["grads"]] == [1, 2, 3, 4, 5]
    trained = load_agent("run", "last").network
    assert eqx.tree_equal(said["model"], trained)


@pytest.fixture(scope="module")
def maps():
    return get_saliency_maps(3, kit.network("pqn", "gru"), SMALL, max_steps=3)


@pytest.mark.slow
def test_maps_are_gradients_of_pixels_between_0_and_1(maps):
    gradients, frames, _ = maps
    _, again, _ = get_saliency_maps(
        jax.random.PRNGKey(3), kit.network("pqn", "gru"), SMALL, max_steps=3
    )
    assert np.array_equal(frames, again)
    assert len(gradients) == 3
    assert all(np.isfinite(one).all() and one.any() for one in gradients)


def test_a_grid_shows_all_decisions_and_names_the_memory(maps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gradients, frames, _ = maps
    figure = vis_fn(gradients, frames, SMALL, mode="grid", use_latex=False)
    pictures = [axis for axis in figure.axes if axis.images]
    assert len(pictures) == 3 + 1 + 2 + 3
    assert (tmp_path / "gru_NavigatorEasy_PARTIAL=True_SEED=3.pdf").exists()


def test_latex_that_is_not_installed_is_missed_before_anything_is_drawn(
    maps, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match="use_latex=False"):
        vis_fn(*maps[:2], SMALL)
    assert not list(tmp_path.iterdir())


def test_wrong_input_is_refused(maps):
    with pytest.raises(ValueError, match="Did you mean 'grid'"):
        vis_fn(*maps[:2], SMALL, mode="gird")
    with pytest.raises(KeyError, match="config needs PARTIAL, OBS_SIZE"):
        get_saliency_maps(0, None, {"ENV_NAME": "NavigatorEasy"})
