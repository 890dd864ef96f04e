"""`jax_core.make` and what works with code written for gymnax."""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

import jax_core
from jax_core import registry, spaces
from jax_core.game import Visibility


@pytest.mark.slow
def test_code_for_the_published_package_runs_unchanged():
    popgym_arcade = jax_core
    pomdp, params = popgym_arcade.make("BattleShipEasy", partial_obs=True)
    mdp, mdp_params = popgym_arcade.make("BattleShipEasy", partial_obs=False)
    reset = jax.jit(jax.vmap(pomdp.reset, in_axes=(0, None)))
    step = jax.jit(jax.vmap(pomdp.step, in_axes=(0, 0, 0, None)))
    mdp_step = jax.jit(jax.vmap(mdp.step, in_axes=(0, 0, 0, None)))

    n = 4
    obs, state = reset(jax.random.split(jax.random.key(0), n), params)
    for t in range(10):
        action_key, step_key = jax.random.split(jax.random.key(t))
        action = jax.vmap(pomdp.action_space(params).sample)(
            jax.random.split(action_key, n)
        )
        obs, state, reward, done, info = step(
            jax.random.split(step_key, n), state, action, params
        )
    obs, state, reward, done, info = mdp_step(
        jax.random.split(step_key, n), state, action, mdp_params
    )
    assert obs.shape == (n, 128, 128, 3)
    assert reward.shape == done.shape == info["discount"].shape == (n,)


def test_old_style_keys_play_the_same_episode():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    _, typed = jax.jit(env.reset)(jax.random.key(3), params)
    _, raw = jax.jit(env.reset)(jax.random.PRNGKey(3), params)
    assert jax.tree.all(jax.tree.map(np.array_equal, typed, raw))


def test_params_may_be_left_out():
    env, params = jax_core.make("BreakoutHard", obs_size=64)
    with_params = jax.jit(env.reset)(jax.random.key(0), params)[1]
    without = jax.jit(env.reset)(jax.random.key(0))[1]
    assert jax.tree.all(jax.tree.map(np.array_equal, with_params, without))
    assert env.default_params == params


def test_an_environment_is_a_static_argument():
    @functools.partial(jax.jit, static_argnums=0)
    def start(env, key):
        return env.init(key)

    for _ in range(2):
        env, _ = jax_core.make("BreakoutEasy")
        start(env, jax.random.key(0))
    assert start._cache_size() == 1


def test_make_replaces_params_by_name():
    env, params = jax_core.make("BreakoutEasy", max_steps=7, paddle_width=3)
    assert (params.max_steps, params.paddle_width) == (7, 3)
    assert env.default_params == params


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("BreakoutEsy",), "Did you mean 'BreakoutEasy'"),
        (("Breakout",), "Breakout needs a level: BreakoutEasy, BreakoutMedium, "),
        (("popgym_arcade/Breakout-v0",), "Breakout needs a level: BreakoutEasy"),
        (("popgym_arcade/BreakoutEasy-v1",), "Did you mean 'BreakoutEasy'"),
        (("",), "All: "),
    ],
)
def test_unknown_ids_suggest_the_nearest(arguments, message):
    with pytest.raises(ValueError, match=message):
        jax_core.make(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padle_width": 3}, "Did you mean 'paddle_width'.*max_steps"),
        ({"obs_size": 63}, "obs_size must be an integer from 64 to 512, got 63"),
        ({"obs_size": 513}, "got 513"),
        ({"obs_size": 128.0}, "got 128.0"),
        ({"obs_size": True}, "got True"),
        ({"channels": 4}, r"channels must be 3 \(RGB\) or 1 \(brightness\), got 4"),
        ({"channels": True}, "got True"),
        ({"partial_obs": 1}, "partial_obs must be True or False, got 1"),
        ({"max_steps": 0}, "max_steps must be from 1 to 2147483647, got 0"),
        ({"max_steps": 2**31}, "got 2147483648"),
        ({"max_steps": 3.7}, r"max_steps must be an integer, got 3\.7"),
        ({"max_steps": "7"}, "max_steps must be an integer, got '7'"),
        ({"max_steps": True}, "max_steps must be an integer, got True"),
        ({"paddle_width": 3.5}, r"paddle_width must be an integer, got 3\.5"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_bad_options_are_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jax_core.make("BreakoutEasy", **options)


@pytest.mark.parametrize("noise", ["0.1", True, float("nan"), float("inf"), [0.1]])
def test_numbers_of_a_level_must_be_finite(noise):
    with pytest.raises(ValueError, match="noise must be a finite number, got"):
        jax_core.make("NoisyCartPoleEasy", noise=noise)


def test_numbers_of_a_level_may_come_from_numpy_or_jax():
    kinds = (int, np.int64, np.uint8, jnp.int32)
    levels = [jax_core.make("BreakoutEasy", max_steps=k(7))[1] for k in kinds]
    assert {type(level.max_steps) for level in levels} == {int}
    assert len(set(levels)) == 1
    assert jax_core.make("CartPoleEasy", noise=np.float32(0.5))[1].noise == 0.5


def test_ids_of_gymnasium_name_the_same_environments():
    for env_id in ("popgym_arcade/BreakoutEasy-v0", "BreakoutEasy-v0"):
        assert jax_core.make(env_id) == jax_core.make("BreakoutEasy")


def test_params_and_states_are_replaced_as_in_gymnax():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    assert params.max_steps_in_episode == params.max_steps == 2000
    assert params.replace(paddle_width=3) == replace(params, paddle_width=3)
    assert params.replace(max_steps_in_episode=7).max_steps == 7
    state = env.init(jax.random.key(0), params).replace(score=jnp.int32(5))
    assert int(state.score) == 5
    for tree in (params, state):
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            tree.replace(colour=1)


@pytest.mark.usefixtures("unchecked_annotations")
def test_a_forgotten_vmap_is_named():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    key = jax.random.key(0)
    keys, state = jax.random.split(key, 2), env.init(key, params)
    states = jax.vmap(env.init, in_axes=(0, None))(keys, params)
    one, raw = jnp.zeros(1, jnp.int32), jax.vmap(jax.random.key_data)(keys)
    for call, message in (
        (lambda: env.reset(keys, params), r"one key, got keys of shape \(2,\); for a"),
        (lambda: env.reset(raw, params), r"one key, got keys of shape \(2,\)"),
        (lambda: env.step(keys, states, one, params), "one key, got keys of"),
        (lambda: env.step(key, states, 0, params), r"got a batch of shape \(2,\)"),
        (lambda: env.get_obs(states, params), r"got a batch of shape \(2,\)"),
        (lambda: env.step(key, state, one, params), r"one integer, got shape \(1,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("key", [0, np.int64(3), jnp.uint32(3)])
@pytest.mark.usefixtures("unchecked_annotations")
def test_a_number_is_no_key(key):
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    with pytest.raises(
        TypeError, match=r"must be a random key, got .*random\.key\(0\)"
    ):
        env.reset(key, params)


@pytest.mark.parametrize("game", sorted(registry.games))
@pytest.mark.usefixtures("lenient_arrays")  # as users of x64 mode have them
def test_dtypes_of_rules_in_x64_mode_are_those_without(game):
    env, params = jax_core.make(f"{game}Easy", obs_size=64)

    def play(key):
        state = env.init(key, params)
        after = env.transition(key, state, jnp.int32(0), params)
        scenes = [env.game.scene(after.state, params, view) for view in Visibility]
        return state, after, scenes

    assert_same_dtypes_in_x64_mode(play)


@pytest.mark.parametrize(
    "game",
    [  # drawing and autoreset are the same for all
        pytest.param(game, marks=() if game == "CartPole" else pytest.mark.slow)
        for game in sorted(registry.games)
    ],
)
@pytest.mark.usefixtures("lenient_arrays")
def test_dtypes_in_x64_mode_are_those_without(game):
    env, params = jax_core.make(f"{game}Easy", obs_size=64)

    def play(key):
        obs, state = env.reset(key, params)
        stepped = env.step(key, state, 0, params)
        return obs, stepped, env.step_env(key, state, jnp.int32(0), params)

    assert_same_dtypes_in_x64_mode(play)


def assert_same_dtypes_in_x64_mode(play):
    def results():
        shapes = jax.eval_shape(play, jax.random.key(0))
        return jax.tree.map(lambda leaf: leaf.dtype, shapes)

    plain = results()
    with jax.enable_x64(True):
        assert results() == plain


@pytest.mark.usefixtures("unchecked_annotations")
def test_actions_must_be_integers():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    state = env.init(jax.random.key(0), params)
    with pytest.raises(
        TypeError, match=r"action must be an integer, got dtype float32"
    ):
        env.step(jax.random.key(0), state, jnp.float32(1.0), params)


@pytest.mark.slow
def test_spaces_sample_what_they_contain():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    assert env.num_actions == 5
    action_space, obs_space = env.action_space(params), env.observation_space(params)
    keys = jax.random.split(jax.random.key(0), 64)
    actions = jax.vmap(action_space.sample)(keys)
    assert set(np.asarray(actions).tolist()) == set(range(5))
    assert action_space.contains(actions)
    assert not action_space.contains(5)
    assert not action_space.contains(-1)
    assert not action_space.contains(1.5)
    assert obs_space.contains(obs_space.sample(keys[0]))
    assert not obs_space.contains(jnp.zeros((64, 64, 3), jnp.float32))
    assert obs_space == spaces.Box(0, 255, (64, 64, 3))
    with jax.enable_x64(True):
        wide = obs_space.sample(keys[0])
    assert np.array_equal(wide, obs_space.sample(keys[0]))


def test_discount_is_zero_on_termination_only():
    env, params = jax_core.make("CartPoleEasy", obs_size=64)
    state = env.init(jax.random.key(0), params)
    step = jax.jit(env.step_env)
    late = replace(state, time=jnp.int32(199))
    info = step(jax.random.key(1), late, 0, params)[4]
    assert (bool(info["truncated"]), float(info["discount"])) == (True, 1.0)
    outside = replace(state, x=jnp.float32(2.41), x_dot=jnp.float32(0.0))
    info = step(jax.random.key(1), outside, 0, params)[4]
    assert (bool(info["terminated"]), float(info["discount"])) == (True, 0.0)


def test_step_env_stays_in_the_last_state():
    env, params = jax_core.make("BreakoutEasy", obs_size=64, max_steps=1)
    state = env.init(jax.random.key(0), params)
    _, after, _, done, _ = jax.jit(env.step_env)(jax.random.key(1), state, 0, params)
    assert bool(done)
    assert int(after.time) == 1


def test_works_in_scan_and_shard_map():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    mesh = Mesh(np.array(jax.devices()[:1]), ("lanes",))

    def episode(keys):
        def one(key):
            def step(state, step_key):
                obs, state, reward, *_ = env.step(step_key, state, 3, params)
                return state, (obs.sum(dtype=jnp.uint32), reward)

            start = env.init(key, params)
            return jax.lax.scan(step, start, jax.random.split(key, 5))[1]

        return jax.vmap(one)(keys)

    spec = PartitionSpec("lanes")
    sharded = jax.shard_map(episode, mesh=mesh, in_specs=spec, out_specs=spec)
    keys = jax.random.split(jax.random.key(0), 2)
    sums, rewards = jax.jit(sharded)(keys)
    assert sums.shape == rewards.shape == (2, 5)
    assert np.array_equal(sums, jax.jit(episode)(keys)[0])
