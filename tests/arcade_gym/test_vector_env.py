"""`ArcadeVectorEnv`: backends, seeds, autoreset, memory."""

import tracemalloc

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode

from arcade_gym import ArcadeEnv, ArcadeVectorEnv
from tests.arcade_gym.kit import BACKENDS, equal, make, play, random_actions


@pytest.mark.quick
@pytest.mark.parametrize("backend", BACKENDS)
def test_results_have_the_type_of_the_backend(backend):
    envs = make(backend=backend)
    obs, info = envs.reset(seed=0)
    obs, reward, terminated, truncated, info = envs.step(np.zeros(3, np.int32))
    for result in (obs, reward, terminated, truncated):
        assert isinstance(result, BACKENDS[backend])
    assert tuple(obs.shape) == (3, 64, 64, 3)
    names = [str(x.dtype).removeprefix("torch.") for x in (obs, reward, terminated)]
    assert names == ["uint8", "float32", "bool"]
    assert info == {}


def test_backends_play_the_same_episodes():
    actions = random_actions(12, 3)
    played = [play(make(backend=backend), actions) for backend in BACKENDS]
    assert equal(played[0], played[1])
    assert equal(played[0], played[2])


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        lambda a: a.astype(np.int64),
        lambda a: a.astype(np.uint8),
        lambda a: a.tolist(),
        jnp.asarray,
        lambda a: jnp.asarray(a, jnp.int8),
        torch.tensor,
        lambda a: torch.tensor(a, dtype=torch.int64),
        lambda a: torch.tensor(a, dtype=torch.uint8),
        lambda a: torch.tensor(np.repeat(a, 2))[::2],  # strided
        lambda a: torch.tensor(np.concatenate([[0], a]))[1:],  # misaligned
    ],
)
def test_actions_of_any_integer_kind_play_the_same(convert):
    actions = random_actions(4, 3)
    want = play(make(), actions)
    assert equal(play(make(), [convert(action) for action in actions]), want)


def test_a_lane_does_not_depend_on_the_number_of_lanes():
    actions = random_actions(20, 8)
    many = play(make(8, "Skittles"), actions)
    for start, count in ((0, 3), (5, 3)):
        lanes = slice(start, start + count)
        few = play(make(count, "Skittles"), actions[:, lanes], seed=start)
        assert all(
            np.array_equal(a[lanes], b)
            for x, y in zip(many[1:], few[1:], strict=True)
            for a, b in zip(x, y, strict=True)
        )


def test_the_vector_entry_point_equals_sync_copies_of_the_single_one():
    actions = random_actions(16, 3)
    options = {"obs_size": 64, "max_episode_steps": 5}
    ours = gymnasium.make_vec("popgym_arcade/BattleShip-v0", 3, **options)
    sync = gymnasium.make_vec(
        "popgym_arcade/BattleShip-v0", 3, vectorization_mode="sync", **options
    )
    assert equal(play(ours, actions), play(sync, actions))


def test_a_lower_step_limit_leaves_rewards_as_they_are():
    envs = make(1, "Skittles", max_episode_steps=1, backend="numpy")
    envs.reset(seed=0)
    _, reward, _, truncated, _ = envs.step([0])
    assert (reward[0], truncated[0]) == (np.float32(1 / 100), True)


def test_seeds_repeat_episodes_and_none_continues():
    envs = make(backend="numpy", game="BattleShip")
    first = envs.reset(seed=5)[0].copy()
    second = envs.reset()[0].copy()
    assert not np.array_equal(first, second)
    assert np.array_equal(envs.reset(seed=5)[0], first)
    assert np.array_equal(envs.reset()[0], second)
    assert np.array_equal(envs.reset(seed=[5, 6, 7])[0], first)
    assert envs.np_random_seed == (5, 6, 7)


def test_a_list_of_seeds_may_leave_lanes_alone():
    envs, twin = make(game="BattleShip"), make(game="BattleShip")
    envs.reset(seed=0)
    twin.reset(seed=0)
    mixed, fresh = envs.reset(seed=[None, 9, None])[0], twin.reset()[0]
    assert np.array_equal(mixed[0], fresh[0])
    assert np.array_equal(mixed[2], fresh[2])
    single = ArcadeEnv(game="BattleShip", obs_size=64, max_episode_steps=5)
    assert np.array_equal(mixed[1], single.reset(seed=9)[0])


def test_the_constructor_seed_serves_the_first_reset_only():
    envs = make(game="BattleShip", seed=3)
    first = np.array(envs.reset()[0])
    assert np.array_equal(first, make(game="BattleShip").reset(seed=3)[0])
    assert not np.array_equal(first, envs.reset()[0])


def test_without_a_seed_two_environments_differ():
    frames = [np.array(make(8, "BattleShip").reset()[0]) for _ in range(2)]
    assert not np.array_equal(*frames)


@pytest.fixture
def compiled(monkeypatch):
    """Everything that XLA compiles from here on, or would if it were not kept."""
    seen = []
    compiler = jax._src.compiler
    compile_now = compiler.compile_or_get_cached

    def note(*args, **kwargs):
        seen.append(args)
        return compile_now(*args, **kwargs)

    monkeypatch.setattr(compiler, "compile_or_get_cached", note)
    jax.jit(lambda x: x + 1)(np.zeros(2))
    assert seen  # a new function is compiled, and that is noticed
    seen.clear()
    return seen


TO_BACKEND = {"jax": jnp.asarray, "torch": torch.tensor, "numpy": np.asarray}


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_compiled_after_the_first_step(backend, compiled):
    envs = make(backend=backend)
    envs.reset(seed=0)
    actions = [TO_BACKEND[backend](a) for a in random_actions(30, 3)]
    envs.step(actions[0])
    envs.reset()
    compiled.clear()
    for action in actions:
        envs.step(action)
    envs.reset(seed=1)
    envs.reset(seed=[1, None, 2])
    assert compiled == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_hundreds_of_steps_with_partial_resets_compile_nothing(backend, compiled):
    envs = make(backend=backend, autoreset_mode="Disabled")
    envs.reset(seed=0)
    actions = TO_BACKEND[backend](np.zeros(3, np.int32))
    masks = [TO_BACKEND[backend](np.arange(3) % 3 == lane) for lane in range(3)]
    for step in range(303):
        if step == 3:
            compiled.clear()
        envs.step(actions)
        envs.reset(options={"reset_mask": masks[step % 3]})
    assert compiled == []


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_step_never_touches_the_host(backend, monkeypatch):
    envs = make(backend=backend)
    envs.reset(seed=0)
    actions = jnp.zeros(3, jnp.int32)
    envs.step(actions)

    def refuse(*args, **kwargs):
        raise AssertionError("an array was read on the host")

    array_type = type(jnp.zeros(1))
    for name in ("_value", "__array__", "__bool__", "__int__", "__float__", "item"):
        monkeypatch.setattr(array_type, name, refuse)
    with jax.transfer_guard("disallow"):
        for _ in range(7):
            envs.step(actions)


def test_neither_state_nor_anything_handed_out_is_donated():
    """State is kept for the sake of interrupted calls, and shares no memory."""
    envs = make(backend="jax")
    kept = [envs.reset(seed=0)[0]]
    for action in random_actions(6, 3):
        lanes = envs._lanes
        pointers = {leaf.unsafe_buffer_pointer() for leaf in lanes}
        handed_out = {array.unsafe_buffer_pointer() for array in kept}
        assert pointers.isdisjoint(handed_out)
        kept += envs.step(jnp.asarray(action))[:4]
        assert not any(leaf.is_deleted() for leaf in lanes)
    assert not any(array.is_deleted() for array in kept)


def test_writing_into_tensors_changes_nothing_later():
    actions = random_actions(12, 3)
    want = play(make(backend="torch"), actions)
    envs = make(backend="torch", render_mode="rgb_array")
    envs.reset(seed=0)[0].fill_(7)
    for action, (obs, reward, terminated, _) in zip(actions, want[1:], strict=True):
        results = envs.step(torch.tensor(action))
        assert np.array_equal(results[0], obs)
        assert np.array_equal(results[1], reward)
        assert np.array_equal(results[2], terminated)
        for result in results[:4]:
            result.fill_(1)
        assert np.array_equal(np.stack(envs.render()), obs)


def test_held_observations_stay_intact():
    envs = make(backend="torch")
    held, copies = [], []
    envs.reset(seed=0)
    for action in random_actions(10, 3):
        obs = envs.step(torch.tensor(action))[0]
        held.append(obs)
        copies.append(obs.clone())
    assert all(torch.equal(a, b) for a, b in zip(held, copies, strict=True))


def test_numpy_rewards_and_flags_are_writable_and_new_each_step():
    envs = make(backend="numpy")
    envs.reset(seed=0)
    first, second = (envs.step(np.zeros(3, np.int32)) for _ in range(2))
    for a, b in zip(first[:4], second[:4], strict=True):
        assert not np.shares_memory(a, b)
    for result in first[1:4]:
        result[0] = 1


def test_render_draws_the_present_frames():
    envs = make(backend="numpy", render_mode="rgb_array")
    obs, _ = envs.reset(seed=0)
    frames = envs.render()
    assert isinstance(frames, tuple)
    assert len(frames) == 3
    assert np.array_equal(np.stack(frames), obs)
    obs = envs.step(np.full(3, 3))[0]
    assert np.array_equal(np.stack(envs.render()), obs)


def test_spaces_cost_no_memory_and_equal_gymnasiums_own():
    envs = make(2)
    want = gymnasium.vector.utils.batch_space(envs.single_observation_space, 2)
    assert envs.observation_space == want
    assert want == envs.observation_space
    assert envs.observation_space != make(3).observation_space
    large = ArcadeVectorEnv(4096, game="Breakout").observation_space
    assert large.shape == (4096, 128, 128, 3)
    for bound in (large.low, large.high, large.bounded_below, large.bounded_above):
        assert set(bound.strides) == {0}
    assert envs.observation_space.contains(envs.observation_space.sample())


def test_metadata_belongs_to_the_instance():
    envs = make()
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert envs.metadata["render_modes"] == ["rgb_array"]
    envs.metadata["render_modes"].clear()
    assert make().metadata["render_modes"] == ["rgb_array"]


@pytest.mark.parametrize(
    ("actions", "error", "message"),
    [
        ([0, 1], ValueError, r"shape \(3,\).*got \(2,\)"),
        ([[0, 1, 2]], ValueError, r"got \(1, 3\)"),
        ([0.0, 1.0, 2.0], TypeError, "must be integers, got dtype float64"),
        ([True, False, True], TypeError, "got dtype bool"),
        ([0, 1, 5], ValueError, r"0\.\.4, got 5"),
        ([0, -1, 0], ValueError, "got -1"),
        (torch.tensor([0, 9, 0]), ValueError, "got 9"),
        (torch.tensor([0.0, 1.0, 2.0]), TypeError, "got dtype float32"),
        (jnp.zeros(2, jnp.int32), ValueError, r"got \(2,\)"),
        (jnp.zeros(3), TypeError, "got dtype float32"),
    ],
)
def test_bad_actions_are_refused_and_nothing_is_lost(actions, error, message):
    envs, twin = make(), make()
    envs.reset(seed=0)
    twin.reset(seed=0)
    with pytest.raises(error, match=message):
        envs.step(actions)
    good = np.array([3, 2, 3])
    assert np.array_equal(envs.step(good)[0], twin.step(good)[0])


def test_device_actions_are_checked_only_on_request():
    wild = jnp.array([0, 99, 0], jnp.int32)
    envs = make()
    envs.reset(seed=0)
    envs.step(wild)
    strict = make(validate_actions=True)
    strict.reset(seed=0)
    with pytest.raises(ValueError, match="got 99"):
        strict.step(wild)


def test_calls_out_of_order_are_refused():
    envs = make(render_mode="rgb_array")
    with pytest.raises(ResetNeeded, match=r"call reset\(\) before step"):
        envs.step(np.zeros(3, np.int32))
    with pytest.raises(ResetNeeded, match=r"call reset\(\) before render"):
        envs.render()
    envs.reset(seed=0)
    envs.close()
    envs.close()
    for call in (envs.reset, envs.render, lambda: envs.step([0, 0, 0])):
        with pytest.raises(ClosedEnvironmentError, match="make a new one"):
            call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"game": "Brekout"}, "Unknown game 'Brekout'. Did you mean 'Breakout'"),
        ({"game": "Breakout", "difficulty": "hrad"}, "Did you mean 'hard'"),
        ({"game": "BreakoutEasy", "difficulty": "easy"}, "difficulty must be left out"),
        ({"backend": "tensorflow"}, "Unknown backend 'tensorflow'"),
        ({"autoreset_mode": "next"}, "Unknown autoreset_mode 'next'"),
        ({"render_mode": "human"}, "Unknown render_mode 'human'"),
        ({"obs_size": 32}, "from 64 to 512, got 32"),
        ({"partial_obs": "yes"}, "partial_obs must be True or False"),
        ({"num_envs": 0}, "at least 1, got 0"),
        ({"num_envs": 2.5}, r"got 2\.5"),
        ({"max_episode_steps": 2001}, "from 1 to 2000, the step limit of BreakoutEasy"),
        ({"max_episode_steps": 0}, "got 0"),
        ({"device": "tpu"}, "must be 'cpu', 'gpu' or 'gpu:N' and exist, got 'tpu'"),
        ({"device": "cpu:7"}, "JAX has: cpu:0"),
        ({"device": torch.device("cpu:7")}, "JAX has: cpu:0"),
        ({"seed": -1}, "seed must lie in 0"),
        ({"seed": 2**32 - 2}, r"0\.\.4294967293 for 3 environments"),
        ({"seed": 1.5}, r"got 1\.5"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_bad_options_are_named(options, message):
    options = {"num_envs": 3, "game": "Breakout"} | options
    with pytest.raises((ValueError, TypeError), match=message):
        ArcadeVectorEnv(**options)


def test_unknown_options_are_refused():
    with pytest.raises(
        ValueError, match="Unknown option or constant of BreakoutEasy 'color'"
    ):
        make(color="red")
    with pytest.raises(ValueError, match=r"'reset_mask' only, got \['mask'\]"):
        make().reset(options={"mask": np.ones(3, bool)})


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ([1, 2], "one for each of the 3 environments, got 2"),
        ("123", "got '123'"),
        ([1, "2", 3], "got '2'"),
        (2**32, "got 4294967296"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_bad_seeds_are_refused(seed, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make().reset(seed=seed)


@pytest.mark.parametrize("backend", BACKENDS)
def test_making_thousands_of_lanes_takes_little_memory(backend):
    """A batch of frames has 201 MB; nothing of that size is made before `reset`."""
    tracemalloc.start()
    envs = ArcadeVectorEnv(4096, game="Breakout", backend=backend)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert envs.observation_space.shape == (4096, 128, 128, 3)
    assert peak < 50e6
