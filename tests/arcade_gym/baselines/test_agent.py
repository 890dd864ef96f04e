"""Agents: the network of a run as a policy of frames, or a clear refusal."""

import json
import shutil
from dataclasses import replace
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import cross_evaluate, load_agent, train
from arcade_gym.baselines.evaluation import TEST_SEED
from arcade_gym.baselines.levels import make_env
from arcade_gym.baselines.runs import weights
from arcade_gym.baselines.watching import watch_agent
from arcade_gym.lanes import chain
from tests.arcade_gym.baselines import runs


@pytest.fixture(scope="module")
def report(tmp_path_factory, own_cue):
    """A short run that has ended."""
    return train(runs.config(tmp_path_factory.mktemp("runs") / "x", total_steps=128))


@pytest.fixture
def copied(report, tmp_path):
    """The same folder, to be damaged."""
    return shutil.copytree(report.path, tmp_path / "x")


def test_an_agent_answers_as_its_network_does(report):
    agent = load_agent(report.path)
    obs = jnp.asarray(np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3)), "u1")
    row = obs, jnp.array([-1, 2, 3]), jnp.array([True, False, False])
    found = agent(agent.initial_carry(), *row)
    wanted = agent.network(agent.network.initial_carry(), *row)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_views_of_an_agent_are_those_of_the_report(report):
    for name in ("best", "last"):
        agent = load_agent(report.path, name)
        tables = cross_evaluate(
            agent, "CueEasy", 64, seeds=range(TEST_SEED, TEST_SEED + 6)
        )
        for view, table in tables.items():
            assert table.mean == report.mean(str(view), network=name)


def test_frames_one_by_one_give_the_episodes_of_evaluations(report):
    """Two episodes in a row: the memory forgets where no last action is given."""
    agent = load_agent(report.path)
    env = make_env("CueEasy", partial_obs=True, obs_size=64)
    draw, advance = jax.jit(env.get_obs), jax.jit(partial(chain.advance, env))
    carry, returns = agent.initial_carry(), []
    for seed in (3, 4):
        key, state = chain.start(env, np.uint32(seed))
        action, ended, total = None, False, 0.0
        while not ended:
            carry, action = agent.act(carry, draw(state), action)
            key, transition = advance(key, state, np.int32(action))
            state, ended = transition.state, bool(transition.done)
            total += float(transition.reward)
        returns.append(total)
    tables = cross_evaluate(agent, "CueEasy", 64, seeds=[3, 4])
    assert returns == tables["partial"].returns.tolist()


def test_watching_shows_every_state_in_both_views(report):
    frames = list(watch_agent(load_agent(report.path), seed=5))
    assert len(frames) == 7  # six steps
    full, partial = (
        make_env("CueEasy", partial_obs=is_partial, obs_size=64)
        for is_partial in (False, True)
    )
    _, state = chain.start(full, np.uint32(5))
    np.testing.assert_array_equal(frames[0][0], full.get_obs(state))
    np.testing.assert_array_equal(frames[0][1], partial.get_obs(state))
    assert (frames[1][0] != frames[1][1]).any()  # the lit corner stays in one of them


@pytest.mark.usefixtures("report")
def test_folders_without_a_run_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not the folder of a run"):
        load_agent(tmp_path)


def test_unknown_networks_name_the_nearest(report):
    with pytest.raises(ValueError, match="Did you mean 'best'"):
        load_agent(report.path, "bets")


def test_runs_that_have_not_got_so_far_are_refused(copied):
    (copied / "best.eqx").unlink()
    with pytest.raises(FileNotFoundError, match=r"no best\.eqx yet; .* resume"):
        load_agent(copied)


def test_other_versions_of_the_game_are_refused(copied):
    path = copied / "config.json"
    content = json.loads(path.read_text())
    content["versions"]["game"] = 7
    path.write_text(json.dumps(content))
    with pytest.raises(
        ValueError, match=r"version 7 of .*CueEasy, and this is version 0"
    ):
        load_agent(copied)


@pytest.mark.parametrize("change", [{"width": 32}, {"memory": "lru"}, {"layers": 2}])
def test_weights_of_another_network_are_refused(report, copied, change):
    other = replace(report.config, **change)
    shapes = eqx.filter_eval_shape(
        lambda key: weights.build(other, None, key=key), jax.random.key(0)
    )
    network = jax.tree.map(
        lambda leaf: np.zeros(leaf.shape, leaf.dtype),
        eqx.filter(shapes, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)),
    )
    eqx.tree_serialise_leaves(copied / "best.eqx", network)
    with pytest.raises(ValueError, match="does not hold the weights of the network"):
        load_agent(copied)


@pytest.mark.parametrize("size", [0, 10, -1, 1])
def test_damaged_weights_are_refused(copied, size):
    path = copied / "best.eqx"
    content = path.read_bytes()
    path.write_bytes(content + b"x" if size == 1 else content[:size])
    with pytest.raises(ValueError, match="does not hold the weights"):
        load_agent(copied)


class Window(eqx.Module):
    """A memory of a user: the mean of the present and the last row."""

    width: int = eqx.field(static=True)

    def initial_carry(self):
        return jnp.zeros(self.width, jnp.float32)

    def __call__(self, carry, x, first):
        before = jnp.concatenate([carry[None], x[:-1]])
        before = jnp.where(first[:, None], 0.0, before)
        return x[-1], (x + before) / 2


@pytest.mark.slow
def test_a_memory_of_your_own_is_trained_loaded_and_resumed(tmp_path, own_cue):
    cell = Window(16)
    config = runs.config(tmp_path / "x", total_steps=64)
    report = train(config, memory=cell)
    assert report.config.memory == "own:Window"
    assert train(config, memory=cell, resume=True) == report
    agent = load_agent(tmp_path / "x", memory=cell)
    assert isinstance(agent.network.memory, Window)
    with pytest.raises(ValueError, match=r"'own:Window', and the object .* 'none'"):
        load_agent(tmp_path / "x")
    with pytest.raises(ValueError, match=r"'own:Window'.* memory= is 'none'"):
        train(replace(report.config, overwrite=True))
