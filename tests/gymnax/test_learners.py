"""Learners that take environments of gymnax, and the calls of learning scripts."""

from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np
import pytest

gymnax = pytest.importorskip("gymnax", reason="needs gymnax: .ci/gymnax")

from gymnax.wrappers import purerl  # noqa: E402

import arcade_gym.gymnax  # noqa: E402  # needs gymnax

pytestmark = pytest.mark.usefixtures("lenient_arrays")  # others' code relies on it

SPLITS_ENDS = not version("gymnax").startswith("0.")
LANES, STEPS, LIMIT = 2, 4, 3


@pytest.fixture(scope="module")
def made():
    return arcade_gym.gymnax.make("CartPoleEasy", obs_size=64, max_steps=LIMIT)


def with_done(env):
    """Five results, which scripts of before 1.0 expect."""
    if not SPLITS_ENDS:
        return env
    return gymnax.wrappers.compat.LegacyStepAPIWrapper(env)


class Log(purerl.GymnaxWrapper):
    """Counts steps, as the wrapper that comes with purejaxrl does."""

    def reset(self, key, params=None):
        obs, state = self._env.reset(key, params)
        return obs.reshape(-1), (state, 0)

    def step(self, key, state, action, params=None):
        obs, inner, reward, done, info = self._env.step(key, state[0], action, params)
        length = state[1] + 1
        info["length"], info["returned_episode"] = length, done
        return obs.reshape(-1), (inner, length * (1 - done)), reward, done, info


def act(weights, obs):
    return jnp.argmax(obs.astype(jnp.float32) @ weights, axis=-1)


def test_the_calls_of_purejaxrl_train(made):
    """Those of its ppo.py: a script that trains inside one `jax.jit`, five results."""
    env, env_params = made
    env = Log(with_done(env))

    def train(rng):
        num_actions = env.action_space(env_params).n
        size = np.prod(env.observation_space(env_params).shape)
        weights = jax.random.normal(rng, (size, num_actions))
        reset_rng = jax.random.split(rng, LANES)
        obs, state = jax.vmap(env.reset, in_axes=(0, None))(reset_rng, env_params)

        def step(carry, _):
            weights, state, obs, rng = carry
            rng, step_rng = jax.random.split(rng)
            obs, state, reward, done, info = jax.vmap(
                env.step, in_axes=(0, 0, 0, None)
            )(jax.random.split(step_rng, LANES), state, act(weights, obs), env_params)
            loss, slope = jax.value_and_grad(
                lambda w: jnp.mean((obs.astype(jnp.float32) @ w) ** 2) / size
            )(weights)
            return (weights - 1e-6 * slope, state, obs, rng), (reward, done, loss, info)

        return jax.lax.scan(step, (weights, state, obs, rng), None, 2 * LIMIT)

    _, (reward, done, loss, info) = jax.jit(train)(jax.random.PRNGKey(30))
    assert done.tolist() == [[False] * LANES] * 2 + [[True] * LANES] + [
        [False] * LANES
    ] * 2 + [[True] * LANES]
    assert info["length"][:, 0].tolist() == [1, 2, 3] * 2
    assert np.isfinite(loss).all()
    assert (np.asarray(reward) > 0).all()


@pytest.mark.skipif(SPLITS_ENDS, reason="needs gymnax 0.0, whose five results it wants")
def test_the_calls_of_purejaxql_train(made):
    """Those of its pqn_gymnax.py: tests as long as an episode, means of all infos."""
    env, env_params = made
    env = purerl.LogWrapper(purerl.FlattenObservationWrapper(env))
    num_steps = env_params.max_steps_in_episode

    def reset(rng):
        rngs = jax.random.split(rng, LANES)
        return jax.vmap(env.reset, in_axes=(0, None))(rngs, env_params)

    def step(carry, rng):
        _, state = carry
        rngs = jax.random.split(rng, LANES)
        actions = jax.random.randint(rng, (LANES,), 0, env.action_space(env_params).n)
        obs, state, _, _, info = jax.vmap(env.step, in_axes=(0, 0, 0, None))(
            rngs, state, actions, env_params
        )
        return (obs, state), info

    def test(rng):
        _, infos = jax.lax.scan(step, reset(rng), jax.random.split(rng, num_steps))
        ended = infos["returned_episode"]
        return {
            name: jnp.nanmean(jnp.where(ended, values, jnp.nan))
            for name, values in infos.items()
        } | {"mean of " + name: values.mean() for name, values in infos.items()}

    metrics = jax.jit(jax.vmap(test))(jax.random.split(jax.random.PRNGKey(0), 2))
    assert metrics["returned_episode_lengths"].tolist() == [LIMIT] * 2
    assert metrics["mean of returned_episode"].tolist() == pytest.approx(
        [1 / LIMIT] * 2
    )
    assert set(metrics["discount"].tolist()) == {1.0}


@pytest.mark.skipif(SPLITS_ENDS, reason="needs gymnax 0.0, whose five results it wants")
@pytest.mark.parametrize("name", ["PPO", "PQN", "DQN"])
def test_rejax_trains(made, name):
    rejax = pytest.importorskip("rejax", reason="needs rejax: .ci/gymnax rejax")
    env, params = made
    sizes = {"num_envs": LANES, "total_timesteps": 16, "eval_freq": 8}
    if name == "DQN":
        sizes |= {"buffer_size": 16, "fill_buffer": 4, "batch_size": 4}
    else:
        sizes |= {"num_steps": STEPS, "num_minibatches": 2, "num_epochs": 1}
    config = {"env": env, "env_params": params, "learning_rate": 1e-4} | sizes
    agent = getattr(rejax, name).create(**config)
    assert (agent.discrete, agent.action_dim) == (True, 5)
    state, (lengths, returns) = jax.jit(agent.train)(jax.random.PRNGKey(0))
    assert int(state.global_step) == 16
    assert (np.asarray(lengths) == LIMIT).all()
    assert np.isfinite(returns).all()


def test_memorax_trains(made):
    memorax = pytest.importorskip(
        "memorax.algorithms", reason="needs memorax: .ci/gymnax"
    )
    networks = pytest.importorskip("memorax.networks")
    nn, optax = pytest.importorskip("flax.linen"), pytest.importorskip("optax")
    env, env_params = with_done(made[0]), made[1]

    def flat(obs):  # [lanes, time, height, width, channels]
        return obs.reshape(*obs.shape[:2], -1).astype(jnp.float32) / 255

    def network(head):
        extractor = nn.Sequential((flat, nn.Dense(4)))
        features = networks.FeatureExtractor(observation_extractor=extractor)
        return networks.Network(feature_extractor=features, head=head)

    cfg = memorax.PPOConfig(
        name="PPO",
        num_envs=LANES,
        num_eval_envs=LANES,
        num_steps=STEPS,
        gamma=0.99,
        gae_lambda=0.95,
        num_minibatches=2,
        update_epochs=1,
        normalize_advantage=True,
        clip_coef=0.2,
        clip_vloss=True,
        ent_coef=0.01,
        vf_coef=0.5,
    )
    heads = networks.heads
    actor = network(heads.Categorical(env.action_space(env_params).n))
    optimizers = (optax.adam(1e-3),) * 2
    agent = memorax.PPO(
        cfg, env, env_params, actor, network(heads.VNetwork()), *optimizers
    )
    key, state = agent.init(jax.random.key(0))
    _, state, transitions = agent.train(key, state, num_steps=2 * LANES * STEPS)
    assert int(state.step) == 2 * LANES * STEPS
    done = np.asarray(transitions.done)
    assert done.sum() == LANES * (2 * STEPS // LIMIT)
    weights = jax.tree.leaves(state.actor_params)
    assert all(np.isfinite(leaf).all() for leaf in weights)
