"""The PPO example in JAX: advantages, dummies, convolutions, and one whole run."""

import itertools
import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.examples.loading import load

ppo = load("ppo_jax")
TINY = ppo.Config(
    env_id="SkittlesEasy",
    num_envs=4,
    num_steps=6,
    num_minibatches=2,
    update_epochs=1,
    total_steps=48,
    eval_every=1,
    eval_episodes=4,
)

pytestmark = pytest.mark.usefixtures("lenient_arrays")  # for optax


def random_rollout(seed):
    rng = np.random.default_rng(seed)
    shape = (TINY.num_steps, TINY.num_envs)
    dummy, ended, terminated = (np.zeros(shape, bool) for _ in range(3))
    for t in range(TINY.num_steps):
        dummy[t] = ended[t - 1] if t else False
        ended[t] = (rng.random(4) < 0.4) & ~dummy[t]
        terminated[t] = ended[t] & (rng.random(4) < 0.5)
    return ppo.Rollout(
        obs=None,
        dummy=dummy,
        action=np.zeros(shape, np.int32),
        log_prob=np.zeros(shape, np.float32),
        value=rng.normal(size=shape).astype(np.float32),
        reward=np.where(dummy, 0, rng.normal(size=shape)).astype(np.float32),
        terminated=terminated,
        ended=ended,
    ), rng.normal(size=4).astype(np.float32)


def advantages_by_hand(rollout, last_value, config):
    """Sums discounted errors forwards from every step, one lane at a time."""
    value = np.concatenate([rollout.value, last_value[None]])
    result = np.zeros((config.num_steps, config.num_envs))
    for lane in range(config.num_envs):
        for start in range(config.num_steps):
            weight = 0.0 if rollout.dummy[start, lane] else 1.0
            for t in range(start, config.num_steps):
                bootstrap = 0.0 if rollout.terminated[t, lane] else value[t + 1, lane]
                target = config.reward_scale * rollout.reward[t, lane]
                error = target + config.gamma * bootstrap - value[t, lane]
                result[start, lane] += weight * error
                if rollout.ended[t, lane]:
                    break
                weight *= config.gamma * config.gae_lambda
    return result


@pytest.mark.parametrize("seed", range(3))
def test_advantages_agree_with_a_plain_loop(seed):
    rollout, last_value = random_rollout(seed)
    assert rollout.dummy.any()
    assert rollout.terminated.any()
    assert (rollout.ended & ~rollout.terminated).any()
    found = ppo.advantages(rollout, jnp.asarray(last_value), TINY)
    wanted = advantages_by_hand(rollout, last_value, TINY)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "stride"), [(8, 4), (4, 2), (3, 2), (3, 1)])
def test_convolutions_agree_with_those_of_jax(size, stride):
    rng = np.random.default_rng(0)
    pixels = jnp.asarray(rng.normal(size=(2, 15, 15, 3)), jnp.float32)
    weights = jnp.asarray(rng.normal(size=(size, size, 3, 5)), jnp.float32)
    wanted = jax.lax.conv_general_dilated(
        pixels,
        weights,
        (stride, stride),
        "VALID",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    found = ppo._convolved(pixels, weights, stride)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.slow
def test_dummies_are_the_steps_after_an_end():
    env, _ = ppo.jax_core.make("SkittlesEasy", obs_size=64, max_steps=3)
    net_key, lanes_key, *keys = jax.random.split(jax.random.key(0), 9)
    net = ppo.new_net(64, env.num_actions, net_key)
    lanes = ppo.restart(env, 4, lanes_key)
    after, rollout = jax.jit(partial(ppo.collect, env))(net, lanes, jnp.stack(keys))
    ended = np.array([False, False, True, False] * 2)[:7]
    assert (rollout.ended == ended[:, None]).all()
    assert (rollout.dummy[1:] == ended[:6, None]).all()
    assert (rollout.reward[rollout.dummy] == 0).all()
    assert (rollout.reward[~rollout.dummy] > 0).all()
    assert rollout.obs.dtype == jnp.uint8
    # The frame of a dummy is the last one of its episode; the next one starts anew.
    np.testing.assert_array_equal(rollout.obs[0], lanes.obs)
    drawn = jax.jit(jax.vmap(env.get_obs))(after.state)
    np.testing.assert_array_equal(after.obs, drawn)
    assert (np.asarray(after.state.time) == 3).all()


@pytest.mark.slow
def test_an_iteration_changes_every_weight():
    env, _ = ppo.jax_core.make(TINY.env_id, obs_size=64)
    net_key, lanes_key, key = jax.random.split(jax.random.key(0), 3)
    net = ppo.new_net(64, env.num_actions, net_key)
    learner = (net, ppo.make_optimizer(TINY).init(net))
    carry = (learner, ppo.restart(env, TINY.num_envs, lanes_key))
    iterate = jax.jit(partial(ppo.iterate, env, TINY))
    ((after, _), lanes), parts = iterate(carry, key)
    changed = jax.tree.map(lambda old, new: (old != new).any(), net, after)
    assert jax.tree.all(changed)
    assert all(np.isfinite(part) for part in parts.values())
    assert (np.asarray(lanes.state.time) == TINY.num_steps).all()


@pytest.mark.slow
def test_a_run_is_one_program_that_stops_in_time(tmp_path, capsys, monkeypatch):
    clock = SimpleNamespace(perf_counter=itertools.count(0, 10).__next__)
    monkeypatch.setattr(ppo, "time", clock)
    config = replace(TINY, total_steps=72, max_seconds=15, json=tmp_path / "run.json")
    before = ppo.learn._cache_size()
    record = ppo.train(config)
    assert ppo.learn._cache_size() == before + 1
    assert [point["env_steps"] for point in record["curve"]] == [24, 48]  # not 72
    assert [point["seconds"] for point in record["curve"]] == [10, 20]
    assert all(np.isfinite(list(point.values())).all() for point in record["curve"])
    assert 0 < record["best_on_new_episodes"] < 1
    assert json.loads(config.json.read_text()) == record
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.long
def test_it_learns_to_balance():
    record = ppo.train(
        ppo.Config(seed=3, eval_every=2, total_steps=200_000, target_return=0.5)
    )
    assert record["best"]["greedy_return"] >= 0.5
    assert record["best_on_new_episodes"] >= 0.4
