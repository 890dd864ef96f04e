"""The three autoreset modes, beside `gymnasium.vector.SyncVectorEnv`."""

import itertools

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from arcade_gym import ArcadeEnv
from arcade_gym.testing import check_vector_env
from tests.arcade_gym.kit import GAMES, MODES, make, random_actions

MASKS = {"numpy": np.asarray, "jax": jnp.asarray, "torch": torch.tensor}


def assert_same(ours, theirs):
    """Compares nested infos, object arrays of frames included."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs)
        for key in theirs:
            assert_same(ours[key], theirs[key])
    elif isinstance(theirs, np.ndarray) and theirs.dtype == object:
        assert ours.dtype == object
        for one, other in zip(ours, theirs, strict=True):
            assert (one is None) == (other is None)
            assert one is None or np.array_equal(one, other)
    else:
        assert np.array_equal(ours, theirs)


def games_and_modes():
    """Modes know nothing of games, so that one shows all of them; the rest is slow."""
    for game, mode in itertools.product(GAMES, MODES):
        marks = () if game == "Skittles" else pytest.mark.slow
        yield pytest.param(game, mode, marks=marks)


@pytest.mark.parametrize(("game", "mode"), list(games_and_modes()))
def test_every_mode_equals_sync_copies_of_the_single_environment(game, mode):
    """Over several episodes of three lanes that end at different times.

    Gymnasium's checker and ours share the compiled functions, so they run here too.
    """
    options = {"game": game, "obs_size": 64, "max_episode_steps": 5}
    sync = SyncVectorEnv(
        [lambda: ArcadeEnv(**options)] * 3, autoreset_mode=AutoresetMode(mode)
    )
    ours = make(backend="numpy", autoreset_mode=mode, game=game)
    assert_same(ours.reset(seed=40)[0], sync.reset(seed=40)[0])
    ended = np.zeros(3, bool)
    endings = 0
    for step, action in enumerate(random_actions(17, 3, seed=1)):
        if step == 3:
            # From here on the lanes are at different steps of their episodes.
            mask = np.array([False, True, False])
            seeds = [None, 7, 8]
            assert_same(
                ours.reset(seed=seeds, options={"reset_mask": mask})[0],
                sync.reset(seed=seeds, options={"reset_mask": mask})[0],
            )
        if mode == "Disabled" and ended.any():
            assert_same(
                ours.reset(options={"reset_mask": ended})[0],
                sync.reset(options={"reset_mask": ended})[0],
            )
        results, wanted = ours.step(action), sync.step(action)
        assert_same(results[0], wanted[0])
        assert np.array_equal(results[1], wanted[1].astype(np.float32))
        assert_same(results[2], wanted[2])
        assert_same(results[3], wanted[3])
        assert_same(results[4], wanted[4])
        ended = results[2] | results[3]
        endings += ended.sum()
    assert endings >= 5
    for backend in ("numpy", "torch"):
        envs = make(backend=backend, autoreset_mode=mode, game=game)
        check_vector_env(envs, steps=16)
    check_env(ArcadeEnv(**options), skip_render_check=True)


@pytest.mark.parametrize(
    "game", ["Skittles", pytest.param("Tetris", marks=pytest.mark.slow)]
)
def test_episodes_are_equal_in_all_modes(game):
    """Frame by frame: the dummy steps and the masked resets left out."""
    episodes = []
    plan = random_actions(12, 3, seed=3)
    for mode in MODES:
        envs = make(game=game, backend="numpy", autoreset_mode=mode)
        frames = [envs.reset(seed=0)[0].copy()]
        for step in range(12):
            obs, _, terminated, truncated, info = envs.step(plan[step])
            ended = terminated | truncated
            assert ended.all() == ended.any()  # the step limit ends both at once
            if ended.all():
                last = info["final_obs"] if mode == "SameStep" else obs
                frames.append(np.stack(list(last)))
                if mode == "NextStep":
                    obs = envs.step(plan[step])[0]
                elif mode == "Disabled":
                    obs = envs.reset(options={"reset_mask": ended})[0]
            frames.append(obs.copy())
        episodes.append(np.stack(frames))
    assert np.array_equal(episodes[0], episodes[1])
    assert np.array_equal(episodes[0], episodes[2])


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_final_obs_is_drawn_late_and_stays_right(backend):
    same = make(backend=backend, autoreset_mode="SameStep")
    host = make(backend="numpy", autoreset_mode="SameStep")
    same.reset(seed=0)
    host.reset(seed=0)
    stored = []
    for action in random_actions(12, 3):
        obs, *_, info = same.step(action)
        wanted = host.step(action)[4]
        assert dict.__getitem__(info, "final_obs") is None  # not drawn yet
        stored.append((np.asarray(obs).copy(), info, wanted))
    for obs, info, wanted in stored:
        ended = np.asarray(info["_final_obs"])
        assert np.array_equal(info["_final_info"], ended)
        assert info["final_info"] == {}
        final = info["final_obs"]
        assert type(final) is type(info["_final_obs"])
        assert info["final_obs"] is final  # drawn once
        assert np.array_equal(np.asarray(final)[~ended], obs[~ended])
        if ended.any():
            for lane in np.flatnonzero(ended):
                assert np.array_equal(final[lane], wanted["final_obs"][lane])
        else:
            assert wanted == {}
    assert any(wanted for *_, wanted in stored)


@pytest.mark.parametrize(
    "read",
    [
        lambda info: info["final_obs"],
        lambda info: info.get("final_obs"),
        lambda info: dict(info)["final_obs"],
        lambda info: {**info}["final_obs"],
        lambda info: ({} | info)["final_obs"],
        lambda info: info.copy()["final_obs"],
        lambda info: dict(info.items())["final_obs"],
        lambda info: list(info.values())[list(info).index("final_obs")],
        lambda info: info.pop("final_obs"),
    ],
)
def test_every_way_to_read_an_info_draws_final_obs(read):
    envs = make(autoreset_mode="SameStep", max_episode_steps=1)
    obs = envs.reset(seed=0)[0]
    info = envs.step([4, 4, 4])[4]
    assert "final_obs" in info
    final = read(info)
    assert final.shape == obs.shape
    assert np.asarray(info["_final_obs"]).all()


def test_an_entry_that_was_replaced_is_not_drawn_over():
    envs = make(autoreset_mode="SameStep", max_episode_steps=1)
    envs.reset(seed=0)
    info = envs.step([4, 4, 4])[4]
    info["final_obs"] = "mine"
    assert info["final_obs"] == "mine"


@pytest.mark.parametrize("mask_type", MASKS)
def test_a_reset_mask_of_any_library_resets_its_lanes(mask_type):
    envs = make(backend="torch", autoreset_mode="Disabled", game="BattleShip")
    twin = make(backend="numpy", autoreset_mode="Disabled", game="BattleShip")
    before = envs.reset(seed=0)[0].clone()
    twin.reset(seed=0)
    mask = np.array([True, False, True])
    options = {"reset_mask": MASKS[mask_type](mask)}
    obs, info = envs.reset(options=options, seed=[3, 4, None])
    assert list(options) == ["reset_mask"]
    assert info == {}
    wanted = twin.reset(seed=[3, 4, None], options={"reset_mask": mask})[0]
    assert np.array_equal(obs, wanted)
    assert torch.equal(obs[1], before[1])
    assert not torch.equal(obs[0], before[0])
    assert envs.np_random_seed == (3, 1, 2)  # unmasked and unseeded ones stay


def test_ended_lanes_wait_on_the_device_backends():
    envs = make(game="Skittles", autoreset_mode="Disabled", max_episode_steps=2)
    envs.reset(seed=0)
    idle = np.zeros(3, np.int32)
    assert (envs.step(idle)[1] > 0).all()
    first = envs.step(idle)
    assert first[3].tolist() == [True, True, True]
    for _ in range(2):
        obs, reward, terminated, truncated, _ = envs.step(idle)
        assert np.array_equal(obs, first[0])
        assert reward.tolist() == [0, 0, 0]
        assert np.array_equal(terminated, first[2])
        assert np.array_equal(truncated, first[3])
    envs.reset(options={"reset_mask": np.array([True, False, True])})
    *_, truncated, _ = envs.step(idle)
    assert truncated.tolist() == [False, True, False]


def test_stepping_an_ended_lane_fails_as_in_gymnasium():
    envs = make(backend="numpy", autoreset_mode="Disabled", max_episode_steps=1)
    envs.reset(seed=0)
    envs.step([0, 0, 0])
    with pytest.raises(AssertionError, match=r"self\._autoreset_envs=.*reset_mask"):
        envs.step([0, 0, 0])
    envs.reset(options={"reset_mask": np.array([True, False, True])})
    with pytest.raises(AssertionError, match=r"\[False  True False\]"):
        envs.step([0, 0, 0])
    envs.reset(options={"reset_mask": np.array([False, True, False])})
    envs.step([0, 0, 0])


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        ([True, False, True], TypeError, "must be a numpy array.*got <class 'list'>"),
        (np.ones(2, bool), ValueError, r"must have shape `\(3,\)`, got \(2,\)"),
        (np.ones(3, int), TypeError, r"must have `dtype=np\.bool_`, got int64"),
        (torch.ones(3), TypeError, "got torch.float32"),
        (np.zeros(3, bool), ValueError, "at least one True value"),
        (jnp.zeros(3, bool), ValueError, "at least one True value"),
    ],
)
def test_bad_masks_are_refused_and_nothing_is_lost(mask, error, message):
    envs = make(backend="numpy", autoreset_mode="Disabled")
    obs = envs.reset(seed=0)[0].copy()
    with pytest.raises(error, match=message):
        envs.reset(options={"reset_mask": mask})
    assert np.array_equal(envs.draw(), obs)


def test_the_first_reset_must_be_of_all_lanes():
    with pytest.raises(ResetNeeded, match="all lanes before a reset_mask"):
        make().reset(options={"reset_mask": np.array([True, False, True])})


def test_gymnasiums_statistics_see_the_mask_that_we_leave_in_the_options():
    envs = make(backend="numpy", autoreset_mode="Disabled")
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
    envs.reset(seed=0)
    for _ in range(4):
        envs.step(np.zeros(3, np.int32))
    envs.reset(options={"reset_mask": np.array([True, False, False])})
    assert envs.episode_lengths.tolist() == [0, 4, 4]


def test_reset_in_mid_episode_clears_pending_resets():
    for mode in MODES:
        envs = make(max_episode_steps=1, backend="numpy", autoreset_mode=mode)
        envs.reset(seed=0)
        envs.step([0, 0, 0])  # all lanes ended
        envs.reset(seed=0)
        _, _, _, truncated, _ = envs.step([0, 0, 0])
        assert truncated.all()  # a real step, not a delayed reset


def test_the_step_after_an_end_starts_the_next_episode():
    envs = make(game="Skittles", max_episode_steps=2, backend="numpy")
    envs.reset(seed=0)
    reached = [envs.step([0, 0, 0]) for _ in range(5)]
    truncated = [results[3].tolist() for results in reached]
    assert truncated == [[False] * 3, [True] * 3, [False] * 3, [False] * 3, [True] * 3]
    rewards = [results[1][0] for results in reached]
    assert rewards == pytest.approx([1 / 100, 1 / 100, 0, 1 / 100, 1 / 100])
