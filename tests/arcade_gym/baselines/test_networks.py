"""The two networks: parts in order, equal for every memory."""

from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import ActorCriticRNN, QNetworkRNN
from arcade_gym.baselines.memory import GRU, LRU

KEY = jax.random.key(0)
OBS_SIZE, WIDTH, ROWS, LANES = 64, 8, 5, 3
OUTPUTS = {QNetworkRNN: 1, ActorCriticRNN: 2}


@pytest.fixture(autouse=True)
def _lenient():
    """Replaces the one of conftest: this code works with strict arrays as well."""


@cache
def network(kind, rnn_type="gru", **options):
    build = eqx.filter_jit(kind)
    return build(KEY, rnn_type, OBS_SIZE, width=WIDTH, **options)


@eqx.filter_jit
def run(net, obs, last_action, first):
    return net(net.initial_carry(), obs, last_action, first)


@pytest.fixture(scope="module")
def lanes():
    """Frames, last actions and first flags, time first."""
    rng = np.random.default_rng(0)
    obs = rng.integers(0, 256, (ROWS, LANES, OBS_SIZE, OBS_SIZE, 3))
    first = np.zeros((ROWS, LANES), bool)
    first[0, 0] = first[3, 1] = True
    last_action = np.where(first, -1, rng.integers(0, 5, (ROWS, LANES)))
    return jnp.uint8(obs), jnp.int32(last_action), jnp.asarray(first)


def one_lane(lanes, lane=0):
    return tuple(leaf[:, lane] for leaf in lanes)


def parameters(network):
    return jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array))


@pytest.mark.parametrize("kind", [QNetworkRNN, ActorCriticRNN])
def test_outputs_have_their_shapes_and_are_float32(kind, lanes):
    net = network(kind)
    carry, *outputs = run(net, *one_lane(lanes))
    shapes = [(ROWS, 5)] if kind is QNetworkRNN else [(ROWS, 5), (ROWS,)]
    assert [output.shape for output in outputs] == shapes
    assert {leaf.dtype for leaf in [carry, *outputs]} == {jnp.dtype("float32")}
    assert {leaf.dtype for leaf in parameters(net)} == {jnp.dtype("float32")}


def test_the_parts_follow_one_another(lanes):
    net = network(QNetworkRNN)
    obs, last_action, first = one_lane(lanes)

    def norm(x):
        deviation = x - x.mean(-1, keepdims=True)
        return deviation / np.sqrt((deviation**2).mean(-1, keepdims=True) + 1e-5)

    x = norm(np.asarray(net.encoder(obs)))
    moved = np.asarray(last_action) >= 0
    x[moved] += np.asarray(net.action_weight)[np.asarray(last_action)[moved]]
    _, answer = net.memory(net.initial_carry(), jnp.asarray(x), first)
    hidden = np.maximum(norm(x + np.asarray(answer @ net.bypass.weight)), 0)
    want = hidden @ np.asarray(net.head.weight) + np.asarray(net.head.bias)[None]
    _, q = run(net, obs, last_action, first)
    np.testing.assert_allclose(q, want, atol=1e-5)


def test_no_last_action_is_not_the_action_up(lanes):
    net = network(QNetworkRNN, "none")
    obs, last_action, first = one_lane(lanes)
    q = [
        run(net, obs, jnp.full_like(last_action, action), first)[1]
        for action in (-1, 0, 1, 4)
    ]
    differences = [np.abs(a - b).max() for i, a in enumerate(q) for b in q[:i]]
    assert min(differences) > 1e-3


@pytest.mark.parametrize("kind", [QNetworkRNN, ActorCriticRNN])
def test_frames_of_all_lanes_may_be_encoded_at_once(kind, lanes):
    net = network(kind)
    obs, last_action, first = lanes
    carries = jnp.stack([net.initial_carry()] * LANES)
    remember = jax.vmap(net.remember, (0, 1, 1, 1), (0, *[1] * OUTPUTS[kind]))
    have = jax.jit(remember)(carries, net.encode(obs), last_action, first)
    for lane in range(LANES):
        carry, *outputs = run(net, *one_lane(lanes, lane))
        np.testing.assert_allclose(have[0][lane], carry, atol=1e-5)
        for all_, one in zip(have[1:], outputs, strict=True):
            np.testing.assert_allclose(all_[:, lane], one, atol=1e-5)


@pytest.mark.slow
def test_the_published_call_builds_the_default_network():
    """`QNetworkRNN(rng, rnn_type=..., obs_size=...)`, with a key of the old kind."""
    build = eqx.filter_jit(QNetworkRNN)
    published = build(jax.random.PRNGKey(0), rnn_type="lru", obs_size=64)
    default = build(jax.random.key(0), "lru", 64)
    assert isinstance(published.memory, LRU)
    assert published.encoder.kind == "patch"
    assert published.head.weight.shape == (128, 5)
    assert jax.tree.structure(published) == jax.tree.structure(default)
    for old, new in zip(parameters(published), parameters(default), strict=True):
        np.testing.assert_array_equal(old, new)
    keyed = published.initialize_carry(jax.random.PRNGKey(1))
    assert jax.tree.structure(keyed) == jax.tree.structure(published.initial_carry())
    assert jax.eval_shape(lambda: QNetworkRNN(KEY)).encoder.obs_size == 128


def test_networks_differ_in_nothing_but_the_memory():
    def others(rnn_type):
        net = jax.eval_shape(
            lambda key: ActorCriticRNN(key, rnn_type, OBS_SIZE, width=WIDTH), KEY
        )
        return jax.tree.leaves(eqx.tree_at(lambda net: net.memory, net, None))

    assert others("none") == others("gru") == others("mingru") == others("lru")


def test_layers_stack_memories(lanes):
    net = network(QNetworkRNN, layers=2)
    assert [type(memory) for memory in net.memory.memories] == [GRU, GRU]
    carry, _ = run(net, *one_lane(lanes))
    assert [leaf.shape for leaf in carry] == [(WIDTH,), (WIDTH,)]


class Sum(eqx.Module):
    """A memory of one's own: the sum of two features, another size than the width."""

    def initial_carry(self):
        return jnp.zeros(2)

    def __call__(self, carry, x, first):
        def step(total, row):
            x, is_first = row
            total = jnp.where(is_first, 0.0, total) + x[:2]
            return total, total

        return jax.lax.scan(step, carry, (x, first))


@pytest.mark.parametrize("kind", [QNetworkRNN, ActorCriticRNN])
def test_a_memory_of_ones_own_takes_the_place(kind, lanes):
    net = kind(KEY, obs_size=OBS_SIZE, width=WIDTH, memory=Sum())
    carry, *outputs = run(net, *one_lane(lanes))
    assert carry.shape == (2,)
    assert outputs[0].shape == (ROWS, 5)


def test_what_is_no_memory_is_refused(unchecked_annotations):
    with pytest.raises(TypeError, match="memory=Linear is no memory: it has no method"):
        QNetworkRNN(KEY, obs_size=OBS_SIZE, memory=eqx.nn.Linear(2, 2, key=KEY))


def test_policies_start_close_to_uniform(lanes):
    net = network(ActorCriticRNN)
    _, logits, _ = run(net, *one_lane(lanes))
    assert np.abs(jax.nn.softmax(logits) - 0.2).max() < 0.02


def test_gradients_reach_every_weight(lanes):
    net = network(ActorCriticRNN)

    @eqx.filter_jit
    @eqx.filter_grad
    def gradients(net):
        _, logits, value = run(net, *one_lane(lanes))
        return (logits**2).sum() + (value**2).sum()

    for leaf in parameters(gradients(net)):
        assert np.isfinite(leaf).all()
        assert (np.asarray(leaf) != 0).any()


def test_no_key_serves_twice():
    with jax.debug_key_reuse(True):
        build = eqx.filter_jit(partial(ActorCriticRNN, layers=2))
        build(jax.random.key(1), "lru", OBS_SIZE, width=WIDTH)
