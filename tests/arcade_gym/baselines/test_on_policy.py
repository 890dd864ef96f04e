"""What PPO and PQN make of a rollout."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import collective, state
from arcade_gym.baselines.learners import minibatches
from arcade_gym.baselines.learners.learner import churn
from arcade_gym.baselines.learners.ppo import log_prob
from arcade_gym.baselines.rollouts import forward
from arcade_gym.baselines.rollouts.lanes import NO_ACTION
from arcade_gym.baselines.rollouts.rollout import collect
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.baselines.kit import ALGORITHMS, numbers, on_one_device

MEMORIES = ("none", "gru", pytest.param("lru", marks=pytest.mark.slow))


@pytest.fixture(scope="module")
def rollout():
    """One rollout of PPO with a GRU, judged: network, minibatches, carries."""
    algorithm = ALGORITHMS["ppo"]
    network, env = kit.network("ppo", "gru"), kit.cue_env()
    begun = kit.started("ppo", "gru")

    def play(lanes):
        def act(carry, seen, key):
            return algorithm.act(network, carry, seen, key, jnp.float32(0))

        keys = jax.random.split(jax.random.key(0), 12)
        lanes, rows, carries = collect(env, act, lanes, keys, sequence_length=3)
        batch, _ = algorithm.judge(network, rows, lanes)
        batch |= {"seen": rows.seen, "dummy": rows.dummy, "action": rows.action}
        return batch | {"greedy": rows.behaviour["greedy"]}, carries

    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        batch, carries = jax.jit(lambda lanes: on_one_device(play, lanes))(begun.lanes)
    return network, minibatches.into_sequences(batch, 3), carries


def whole(cut, carries):
    """All sequences of all lanes as one minibatch."""
    sequence, lane = np.indices(cut["dummy"].shape[::2]).reshape(2, -1)
    return minibatches.take(cut, carries, jnp.asarray(sequence), jnp.asarray(lane))


@pytest.mark.parametrize("memory", MEMORIES)
def test_the_first_minibatch_finds_the_policy_that_played(memory):
    """Ratio 1 and no divergence: acting and learning run the same network."""
    _, metrics = kit.chunk("ppo", kit.started("ppo", memory))
    metrics = numbers(metrics)
    np.testing.assert_allclose(metrics["first_ratio_deviation"], 0, atol=1e-6)
    np.testing.assert_allclose(metrics["first_kl"], 0, atol=1e-6)
    assert (metrics["ratio_deviation"] > 1e-4).all()  # later ones have moved


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_dummy_rows_are_no_part_of_the_loss(rollout, algorithm):
    _, cut, carries = rollout
    network = kit.network(algorithm, "gru")
    rng = np.random.default_rng(0)
    assert 0.1 < np.asarray(cut["dummy"]).mean() < 0.4

    def garbled(values):
        noise = jnp.asarray(rng.normal(size=values.shape), values.dtype)
        return jnp.where(cut["dummy"], 100 * noise, values)

    spoiled = cut | {
        name: garbled(cut[name]) for name in ("log_prob", "advantage", "target")
    }
    action = jnp.where(cut["dummy"], 4 - cut["action"], cut["action"])
    spoiled |= {"action": action}

    def loss(cut, carries):
        batch, carry = whole(cut, carries)
        parts = ALGORITHMS[algorithm].loss(network, batch, carry, jnp.float32(0))
        return collective.total(parts)

    judge = jax.jit(lambda cut: on_one_device(loss, cut, carries)[0])
    np.testing.assert_array_equal(judge(cut), judge(spoiled))


def test_learning_sees_what_acting_saw(rollout):
    """Stored carries, last actions and start flags lead to the same outputs."""
    network, cut, carries = rollout
    batch, carry = whole(cut, carries)
    logits, _ = jax.jit(forward.sequences)(network, carry, batch["seen"])
    found = log_prob(logits, batch["action"])
    np.testing.assert_allclose(found, batch["log_prob"], atol=1e-6)
    first, last_action = batch["seen"].first, batch["seen"].last_action
    np.testing.assert_array_equal(last_action == NO_ACTION, first)
    assert first.any()


def test_churn_is_the_share_of_changed_greedy_actions(rollout):
    network, cut, carries = rollout
    batch, carry = whole(cut, carries)
    share = jax.jit(lambda batch: on_one_device(churn, network, batch, carry))
    assert share(batch) == 0
    changed = batch | {"greedy": (batch["greedy"] + 1) % 5}
    np.testing.assert_allclose(share(changed), 1.0, rtol=1e-6)


@pytest.mark.parametrize("sequences", [1, 3])
def test_every_pass_takes_every_sequence_once(sequences):
    def order(key):
        return minibatches.shuffled(
            key, epochs=2, sequences=sequences, num_envs=8, num_minibatches=4
        )

    sequence, lane = on_one_device(order, jax.random.key(0))
    items = np.stack([sequence, lane], -1).reshape(2, -1, 2)
    for one_pass in items:
        found = sorted(map(tuple, one_pass.tolist()))
        assert found == [(s, n) for s in range(sequences) for n in range(8)]
    assert (items[0] != items[1]).any()


def test_runs_of_different_seeds_share_no_lane():
    first, second = (state.seeds_of_lanes(seed, 8) for seed in (0, 1))
    assert not set(first.tolist()) & set(second.tolist())


@pytest.mark.parametrize("seed", [-1, 2**31 // 8])
def test_seeds_of_the_evaluations_are_refused(seed):
    with pytest.raises(ValueError, match=rf"from 0 to {2**31 // 8 - 1} .* got {seed}"):
        state.seeds_of_lanes(seed, 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sequence_length": 4}, "must divide num_steps, got 4 and 6; use 2"),
        ({"num_minibatches": 3}, r"got 8 and 3; use num_envs=9, or num_minibatches=1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, message):
    algorithm = type(ALGORITHMS["ppo"])(**kit.SMALL | changes)
    with pytest.raises(ValueError, match=message):
        algorithm.check()


def test_lanes_that_devices_cannot_share_are_refused():
    with pytest.raises(ValueError, match="on 4 devices, got 8 and 4; use num_envs=16"):
        ALGORITHMS["ppo"].check(devices=4)
