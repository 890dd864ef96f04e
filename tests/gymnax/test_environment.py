"""`arcade_gym.gymnax` with the gymnax that is installed, and gymnax's own wrappers."""

import copy
import pickle
from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np
import pytest

gymnax = pytest.importorskip("gymnax", reason="needs gymnax: .ci/gymnax")

from gymnax import wrappers  # noqa: E402
from gymnax.environments import environment, spaces  # noqa: E402

import arcade_gym.gymnax  # noqa: E402  # needs gymnax
import jax_core  # noqa: E402
from tests.episodes import logged_by_hand  # noqa: E402

pytestmark = pytest.mark.usefixtures("lenient_arrays")  # gymnax's code relies on it

LANES, STEPS, LIMIT = 3, 12, 5
OPTIONS = {"partial_obs": True, "obs_size": 64, "max_steps": LIMIT}
SPLITS_ENDS = not version("gymnax").startswith("0.")


@pytest.fixture(scope="module")
def made():
    return arcade_gym.gymnax.make("BreakoutEasy", **OPTIONS)


def play(step, reset, params, seed=0):
    """Results of all steps of a batch; the same keys and actions for every `step`."""
    reset_keys = jax.random.split(jax.random.key(seed), LANES)
    obs, state = jax.vmap(reset, in_axes=(0, None))(reset_keys, params)

    def advance(state, key):
        action_key, step_key = jax.random.split(key)
        actions = jax.random.randint(action_key, (LANES,), 0, 5)
        keys = jax.random.split(step_key, LANES)
        results = jax.vmap(step, in_axes=(0, 0, 0, None))(keys, state, actions, params)
        return results[1], results

    keys = jax.random.split(jax.random.key(seed + 1), STEPS)
    return (obs, *jax.lax.scan(advance, state, keys)[1])


@pytest.fixture(scope="module")
def played(made):
    """First frames, then frames, states, rewards, ends and infos over time."""
    env, params = made
    return jax.jit(lambda: play(env.step, env.reset, params))()


def same(first, second):
    assert jax.tree.structure(first) == jax.tree.structure(second)
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_it_is_an_environment_of_gymnax(made):
    env, params = made
    assert isinstance(env, environment.Environment)
    assert (env.name, env.num_actions) == ("BreakoutEasy", 5)
    assert env.default_params == params
    assert type(env.action_space(params)) is spaces.Discrete
    assert env.action_space(params).n == 5
    assert env.action_space(params).dtype == jnp.int32
    assert env.action_space(params).sample(jax.random.key(0)).dtype == jnp.int32
    box = env.observation_space(params)
    assert type(box) is spaces.Box
    assert (box.low, box.high, box.shape) == (0, 255, (64, 64, 3))
    assert box.dtype == jnp.uint8
    gray, _ = arcade_gym.gymnax.make("BreakoutEasy", obs_size=84, channels=1)
    assert gray.observation_space().shape == (84, 84, 1)


def test_params_are_replaced_as_those_of_gymnax(made):
    env, params = made
    assert params.max_steps_in_episode == LIMIT
    shorter = params.replace(max_steps_in_episode=1)
    key = jax.random.key(0)
    _, state = env.reset(key, shorter)
    assert bool(env.step(key, state, 0, shorter)[-1]["truncated"])
    assert not bool(env.step(key, state, 0)[-1]["truncated"])  # the default
    assert int(state.replace(time=jnp.int32(3)).time) == 3


def test_episodes_are_those_of_jax_core(made, played):
    _, params = made
    core = jax_core.make("BreakoutEasy", **OPTIONS)[0]
    wanted = jax.jit(lambda: play(core.step, core.reset, params))()
    same(played[:4], wanted[:4])
    done = played[4] | played[5] if SPLITS_ENDS else played[4]
    same(done, wanted[4])
    for name in ("terminated", "truncated", "discount"):
        same(played[-1][name], wanted[-1][name])
    assert done.sum() >= LANES * (STEPS // LIMIT)
    assert len(played) == (7 if SPLITS_ENDS else 6)


def test_a_step_is_what_gymnax_makes_of_step_env(made, played):
    """Its own `step` calls `step_env` and `reset_env`, and chooses."""
    env, params = made

    def step(*arguments):
        return environment.Environment.step(env, *arguments)

    same(played, jax.jit(lambda: play(step, env.reset, params))())


@pytest.mark.skipif(not SPLITS_ENDS, reason="needs gymnax 1.0")
def test_the_last_frame_is_in_the_info(made, played):
    _, obs, _, _, terminated, truncated, info = played
    done = np.asarray(terminated | truncated)
    last = np.asarray(info["final_observation"])
    same(info["terminated"], terminated)
    same(info["truncated"], truncated)
    assert (last[~done] == np.asarray(obs)[~done]).all()
    assert (last[done] != np.asarray(obs)[done]).any(axis=(1, 2, 3)).all()


def test_arrays_have_the_dtypes_of_the_spaces(made, played):
    env, params = made
    box = env.observation_space(params)
    frames = [played[0], played[1]]
    frames += [played[-1]["final_observation"]] if SPLITS_ENDS else []
    for obs in frames:
        assert obs.shape[-3:] == box.shape
        assert obs.dtype == box.dtype
    assert played[3].dtype == jnp.float32
    assert {flag.dtype for flag in played[4:-1]} == {jnp.dtype(bool)}
    assert bool(box.contains(played[0][0]))


def test_steps_without_autoreset_stay_in_the_last_state(made):
    env, params = made
    key = jax.random.key(0)
    _, state = env.reset_env(key, params)
    state = state.replace(time=jnp.int32(LIMIT - 1))
    obs, after, reward, ended, info = jax.jit(env.step_env)(key, state, 0, params)
    assert int(after.time) == LIMIT
    assert bool(ended) is not SPLITS_ENDS  # 1.0 asks is_truncated about the limit
    if SPLITS_ENDS:
        assert bool(env.is_truncated(after, params))
    same(obs, jax.jit(env.get_obs)(after, params))
    assert float(info["discount"]) == 1.0
    assert reward.dtype == jnp.float32


def test_equal_environments_share_what_was_compiled(made):
    env, params = made
    again, _ = arcade_gym.gymnax.make("BreakoutEasy", **OPTIONS)
    other, _ = arcade_gym.gymnax.make("BreakoutEasy", **OPTIONS | {"obs_size": 65})
    assert again == env
    assert hash(again) == hash(env)
    assert other != env
    assert copy.deepcopy(env) == pickle.loads(pickle.dumps(env)) == env
    env.reset(jax.random.key(0), params)
    before = type(env).reset._cache_size()
    again.reset(jax.random.key(1), params)
    assert type(env).reset._cache_size() == before


def test_a_state_alone_does_not_tell_an_end(made):
    env, params = made
    _, state = env.reset(jax.random.key(0), params)
    with pytest.raises(NotImplementedError, match=r"take info\['terminated'\]"):
        env.is_terminal(state, params)


def test_its_wrappers_log_episodes_and_flatten_frames(made):
    env, params = made
    env = wrappers.LogWrapper(wrappers.FlattenObservationWrapper(env))
    first, obs, _, reward, *ends, info = jax.jit(
        lambda: play(env.step, env.reset, params)
    )()
    size = 64 * 64 * 3
    assert env.observation_space(params).shape == (size,)
    assert (first.shape, obs.shape) == ((LANES, size), (STEPS, LANES, size))
    done = np.logical_or.reduce([np.asarray(end) for end in ends])
    for lane in range(LANES):
        wanted = logged_by_hand(np.asarray(reward)[:, lane], done[:, lane])
        names = ("returned_episode_returns", "returned_episode_lengths")
        found = np.stack([np.asarray(info[name])[:, lane] for name in names], axis=1)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_array_equal(info["returned_episode"], done)


def test_its_wrapper_for_gymnasium_takes_it(made):
    env, params = made
    wrapped = wrappers.GymnaxToGymWrapper(env, params, seed=3)
    assert wrapped.observation_space.shape == (64, 64, 3)
    assert wrapped.observation_space.dtype == np.uint8
    assert wrapped.action_space.n == 5
    obs, _ = wrapped.reset(seed=3)
    assert wrapped.observation_space.contains(np.asarray(obs))
    ends = [bool(np.any(wrapped.step(0)[2:4])) for _ in range(LIMIT)]
    assert ends == [False] * (LIMIT - 1) + [True]


def test_its_wrapper_for_batches_in_gymnasium_takes_it(made):
    env, params = made
    wrapped = wrappers.GymnaxToVectorGymWrapper(env, LANES, params, seed=3)
    obs, _ = wrapped.reset(seed=3)
    assert obs.shape == wrapped.observation_space.shape == (LANES, 64, 64, 3)
    obs, reward, *_ = wrapped.step(jnp.zeros(LANES, jnp.int32))
    assert (obs.dtype, reward.shape) == (jnp.uint8, (LANES,))
    _, state = env.reset(jax.random.key(0), params)  # the wrapper changed a copy
    assert state.time.shape == ()


def test_old_style_keys_play_the_same_episode(made):
    env, params = made
    raw = env.reset(jax.random.PRNGKey(3), params)
    same(raw, env.reset(jax.random.key(3), params))
    step = [
        env.step(k(3), raw[1], 0, params) for k in (jax.random.PRNGKey, jax.random.key)
    ]
    same(*step)
