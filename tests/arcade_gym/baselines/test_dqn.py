"""DQN: what is replayed, what it is worth, and when the target network moves."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import state
from arcade_gym.baselines.collective import AXIS
from arcade_gym.baselines.learners import minibatches
from arcade_gym.baselines.learners.dqn import DQN
from arcade_gym.baselines.learners.off_policy import Window
from arcade_gym.baselines.rollouts.lanes import NO_ACTION
from tests.arcade_gym.baselines import chain, kit, toy
from tests.arcade_gym.baselines.kit import on_one_device
from tests.arcade_gym.baselines.toy import GAMMA, SMALL

LEARNING_FROM, PERIOD = 2, 3  # iterations of SMALL


def learner_after(iteration, network="table"):
    return toy.history(network)[iteration][0].learner


def same(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y) for x, y in pairs)


def test_nothing_is_learned_before_there_are_enough_rows():
    for iteration in range(1, 7):
        before, after = learner_after(iteration - 1), learner_after(iteration)
        metrics = toy.history("table")[iteration][1]
        learns = iteration >= LEARNING_FROM
        assert same(before.network, after.network) != learns
        assert same(before.optimizer, after.optimizer) != learns
        assert np.isfinite(metrics["loss"]) == learns


def test_the_target_network_moves_only_when_due_and_all_the_way():
    for iteration in range(1, 8):
        before, after = learner_after(iteration - 1), learner_after(iteration)
        if iteration % PERIOD:
            assert same(after.target, before.target)
        else:
            assert same(after.target, after.network)
            assert not same(after.target, before.target)


def test_without_a_period_the_target_network_takes_steps_of_tau():
    algorithm = replace(SMALL, target_period=0, tau=0.25)
    learner = algorithm.start(toy.Table(jnp.zeros((5, 5))))
    learner = replace(learner, network=toy.Table(jnp.ones((5, 5))))
    once = algorithm.after_update(learner)
    np.testing.assert_array_equal(once.target.q, 0.25)
    np.testing.assert_array_equal(algorithm.after_update(once).target.q, 0.4375)
    assert same(algorithm.after_phase(learner, jnp.int32(96)).target, learner.target)
    assert same(SMALL.after_update(learner).target, learner.target)


def replayed(network, keeps_carries=True):
    """Windows as learning draws them, from a replay that is full of short episodes."""
    now = toy.history(network)[7][0]
    store = now.store if keeps_carries else now.store._replace(carries=None)

    def draw(key):
        return SMALL._draw(now.learner, store, key)

    return jax.jit(lambda key: on_one_device(draw, key))(jax.random.key(3))


def traced(network, h, position, last_action, first):
    """One row of the network with memory, by hand."""
    x = np.array([position, last_action], np.float32) / 4
    return 0.7 * np.where(first, 0, h) + np.tanh(x @ np.asarray(network.inward))


@pytest.mark.slow
def test_stored_carries_are_those_of_a_run_from_the_start():
    """After two iterations all rows were played with the first network."""
    store = toy.history("trace")[LEARNING_FROM][0].store
    seen = store.rows.seen
    assert seen.first[1:8].any()
    for lane in range(SMALL.num_envs):
        h = np.zeros(4)
        for row in range(8):
            if row % SMALL.stride == 0:
                kept = store.carries[row // SMALL.stride, lane]
                np.testing.assert_allclose(kept, h, rtol=1e-5, atol=1e-6)
            position, last_action, first = (leaf[row, lane] for leaf in seen)
            h = traced(toy.trace(), h, position[0, 0, 0], last_action, first)


def test_windows_begin_with_the_carry_that_was_kept_or_with_none():
    _, stored = replayed("trace")
    assert np.abs(stored).max() > 0.1
    forgetful = replace(SMALL, replay_carry="zero")
    lanes = toy.history("trace")[7][0].lanes
    assert SMALL.start_store(toy.env(), lanes).carries.shape == (8, 8, 4)
    assert forgetful.start_store(toy.env(), lanes).carries is None
    _, blank = replayed("trace", keeps_carries=False)
    np.testing.assert_array_equal(blank, np.zeros((8, 4)))


def by_hand(network, h, seen, item):
    """Memory and Q-values after each row of one window."""
    memory, q = [], []
    for t in range(seen.first.shape[1]):
        position, last_action, first = (leaf[item, t] for leaf in seen)
        h = traced(network, h, position[0, 0, 0], last_action, first)
        memory.append(h)
        q.append(h @ np.asarray(network.outward))
    return memory, q


def test_targets_are_those_of_a_loop_over_the_rows():
    """Burn-in, double Q with the network's choice, ends, and scaled rewards."""
    network, rng = toy.trace(), np.random.default_rng(1)
    other = toy.Trace(network.inward, network.outward[::-1])
    learner = replace(SMALL.start(network), target=other)
    rows, carry = replayed("trace")
    rows = rows._replace(
        terminated=jnp.asarray(rng.random((8, 7)) < 0.3),
        reward=jnp.asarray(rng.normal(size=(8, 7)), jnp.float32),
    )
    batch, warm = jax.jit(SMALL.judge)(learner, rows, carry)
    assert batch["target"].shape == (8, 4)
    rows, carry = jax.tree.map(np.asarray, (rows, carry))
    for item in range(8):
        memory, q = by_hand(network, carry[item], rows.seen, item)
        _, target_q = by_hand(other, carry[item], rows.seen, item)
        np.testing.assert_allclose(warm[item], memory[1], rtol=1e-5)
        for t in range(4):
            value = target_q[t + 3][q[t + 3].argmax()]
            wanted = 2 * rows.reward[item, t + 2]
            wanted += (1 - rows.terminated[item, t + 2]) * GAMMA * value
            np.testing.assert_allclose(batch["target"][item, t], wanted, rtol=1e-4)
    for name in ("dummy", "action"):
        np.testing.assert_array_equal(batch[name], getattr(rows, name)[:, 2:6])


def loss_of(rows, carry, network):
    batch, carry = SMALL.judge(SMALL.start(network), rows, carry)
    return SMALL.loss(network, batch, carry, jnp.float32(0))[0]


@pytest.fixture(scope="module")
def judged():
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        rows, carry = replayed("trace")
    loss = jax.jit(lambda *windows: on_one_device(loss_of, *windows))
    network = toy.trace()
    return rows, carry, lambda rows, carry: loss(rows, carry, network)


def test_burn_in_and_dummies_are_no_part_of_the_loss(judged):
    rows, carry, loss = judged
    free = rows.dummy.at[:, : SMALL.burn_in].set(True)
    assert 0 < rows.dummy[:, SMALL.burn_in : -1].sum() < 20
    spoiled = rows._replace(
        action=jnp.where(free, 4 - rows.action, rows.action),
        reward=jnp.where(free, 100.0, rows.reward),
        terminated=rows.terminated ^ free,
    )
    assert loss(spoiled, carry) == loss(rows, carry)
    assert loss(rows._replace(reward=rows.reward + 1), carry) != loss(rows, carry)


def test_memory_is_warm_where_the_loss_begins_and_starts_anew_with_an_episode(judged):
    rows, carry, loss = judged
    garbage = jnp.full_like(carry, 30.0)
    assert loss(rows, garbage) != loss(rows, carry)
    first = rows.seen.first.at[:, SMALL.burn_in - 1].set(True)
    begun = rows._replace(seen=rows.seen._replace(first=first))
    assert loss(begun, garbage) == loss(begun, carry)


def test_without_a_memory_rows_stand_for_themselves():
    assert SMALL.window(()) == Window(burn_in=0, learned=1, stride=1)
    assert SMALL.window(jnp.zeros(4)) == Window(burn_in=2, learned=4, stride=2)
    rows, carry = replayed("table")
    assert carry == ()
    assert rows.dummy.shape == (32, 2)
    # What follows a row in a lane: the action that led there, or the next episode.
    followed = ~rows.dummy[:, 0]
    last_action = np.asarray(rows.seen.last_action[:, 1])
    wanted = np.where(followed, rows.action[:, 0], NO_ACTION)
    np.testing.assert_array_equal(last_action, wanted)
    np.testing.assert_array_equal(rows.seen.first[:, 1], rows.dummy[:, 0])


def learned(max_steps):
    algorithm = replace(
        SMALL,
        learning_rate=0.1,
        start_epsilon=1.0,
        final_epsilon=1.0,
        updates_per_collect=16,
        reward_scale=1.0,
    )
    env = toy.env(max_steps)
    now = state.start(algorithm, env, toy.table(), seed=0)
    now, metrics = state.run_chunk(
        algorithm, env, now, iterations=120, total_rows=120 * 32
    )
    return np.asarray(now.network.q[: chain.LENGTH]), metrics


@pytest.mark.slow
def test_values_of_random_play_become_the_best_values():
    """Episodes are cut short, so a learner that takes cuts for ends learns others."""
    q, metrics = learned(max_steps=6)
    assert metrics["truncated"][-1] > 0.1
    np.testing.assert_allclose(q, chain.best_values(GAMMA), atol=0.01)


def test_lanes_are_drawn_evenly():
    def draw(key):
        return minibatches.draw_lanes(key, items=6, num_envs=8)

    keys = jax.random.split(jax.random.key(0), 1000)
    lane, own = jax.jit(lambda keys: on_one_device(jax.vmap(draw), keys))(keys)
    assert (np.asarray(lane) // 4 == [0, 0, 0, 1, 1, 1]).all()
    counts = np.unique(lane, return_counts=True)[1]
    assert np.abs(counts - 750).max() < 4 * np.sqrt(750)
    assert len(np.unique(jax.random.key_data(own).reshape(-1, 2), axis=0)) == 6000


@pytest.mark.parametrize("devices", [pytest.param(2, marks=pytest.mark.slow), 4])
def test_devices_draw_together_what_one_draws(devices):
    def draw(key, devices):
        lane, keys = minibatches.draw_lanes(
            key, items=8 // devices, num_envs=16 // devices
        )
        return lane, jax.random.key_data(keys)

    def together(key):
        part = jax.vmap(lambda _: draw(key, devices), axis_name=AXIS, axis_size=devices)
        lane, keys = part(jnp.zeros(devices))
        first = jnp.arange(devices)[:, None] * (16 // devices)
        return (lane + first).reshape(-1), keys.reshape(-1, 2)

    key = jax.random.key(1)
    alone = on_one_device(lambda key: draw(key, 1), key)
    jax.tree.map(np.testing.assert_array_equal, together(key), alone)


def test_the_replay_is_updated_in_place():
    """Beside the donated ring, the program has no room for a second one."""
    algorithm = replace(SMALL, replay_rows=8 * 2**15)
    arrays, rest = eqx.partition(toy.begun(algorithm, "trace"), eqx.is_array)
    ring = sum(leaf.nbytes for leaf in jax.tree.leaves(arrays.store))
    program = state._Program(algorithm, toy.env(), state.make_mesh(), 2)
    run = state._compiled(jax.default_backend())
    compiled = run.lower(jnp.float32(1), program, rest, arrays).compile().compiled
    memory = compiled.memory_analysis()
    assert memory.alias_size_in_bytes >= ring
    assert memory.temp_size_in_bytes < ring / 8


def test_no_key_is_used_twice():
    with jax.debug_key_reuse(True):
        now, _ = toy.moved_on(SMALL, toy.begun(SMALL, "trace"), iterations=3)
    assert now.iteration == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"burn_in": 24}, "got 24 and 24; use burn_in=12, or a longer window"),
        ({"burn_in": 30}, "got 30 and 24; use burn_in=12, or a longer window"),
        ({"burn_in": -1}, "burn_in must be at least 0, got -1"),
        ({"batch_rows": 250}, "- burn_in, got 250 and 16; use 256"),
        ({"stride": 6}, "stride must divide num_steps, got 6 and 16; use 2"),
        (
            {"replay_rows": 1024},
            r"\+ 1\) = 1600 rows, got 1024; use 2048, or a shorter",
        ),
        ({"replay_rows": 5000}, "num_envs . num_steps = 1024, got 5000; use 5120"),
        ({"learning_starts": 1000}, "= 1600 rows, got 1000; use 1600, or a shorter"),
        ({"replay_carry": "fresh"}, "must be 'stored' or 'zero', got 'fresh'"),
        (
            {"target_period": 1000},
            "at least .* = 1024, or 0 for steps of tau, got 1000",
        ),
        ({"tau": 0.0}, "above 0 and at most 1, got 0.0"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, message):
    DQN().check()
    with pytest.raises(ValueError, match=message):
        DQN(**changes).check()


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        (3, "of the 3 devices, got 64; use 66"),
        (32, r"burn_in\) \* devices = 512, got 256; use 512"),
    ],
)
def test_what_devices_cannot_share_is_refused(devices, message):
    DQN().check(devices=16)
    with pytest.raises(ValueError, match=message):
        DQN().check(devices=devices)


@pytest.fixture(scope="module")
def on_devices():
    return kit.printed_on_eight_devices("dqn_on_devices")


@pytest.mark.long
@pytest.mark.parametrize("devices", ["2", "8"])
def test_the_first_update_does_not_depend_on_the_devices(on_devices, devices):
    assert on_devices["moved"] > 1e-3
    assert on_devices["apart"][devices] < 1e-5
