"""The VecEnv: what it hands out, and that stock learners and wrappers take it."""

import importlib
import sys

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import TimeLimit
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    VecFrameStack,
    VecMonitor,
    VecNormalize,
)

from arcade_gym import ArcadeVectorEnv
from arcade_gym.sb3 import ArcadeSB3VecEnv
from tests.arcade_gym.kit import random_actions
from tests.arcade_gym.sb3.kit import LANES, LIMIT, make, settings

ID = "popgym_arcade/CartPoleEasy-v0"
KINDS = {"numpy": np.ndarray, "torch": torch.Tensor}


def channels_last(frames):
    return np.moveaxis(np.asarray(frames), -3, -1)


@pytest.mark.parametrize("output", KINDS)
def test_it_plays_what_the_vector_environment_plays(output):
    """Every result of 3 episodes and more, with what ended and why."""
    envs = make(output)
    twin = ArcadeVectorEnv(
        LANES,
        game="CartPoleEasy",
        obs_size=64,
        max_episode_steps=LIMIT,
        backend="numpy",
        autoreset_mode="SameStep",
    )
    obs = envs.reset()
    assert type(obs) is KINDS[output]
    assert np.array_equal(channels_last(obs), twin.reset(seed=0)[0])
    total, length = np.zeros(LANES), np.zeros(LANES, int)
    reasons = []
    for action in random_actions(70, LANES):
        obs, rewards, dones, infos = envs.step(action)
        wanted = twin.step(action)
        ended = wanted[2] | wanted[3]
        assert type(rewards) is type(dones) is KINDS[output]
        assert np.array_equal(channels_last(obs), wanted[0])
        assert np.array_equal(rewards, wanted[1])
        assert np.array_equal(dones, ended)
        total, length = total + wanted[1], length + 1
        assert len(infos) == LANES
        for lane, info in enumerate(infos):
            assert bool(info) == ended[lane]
            if info:
                final = wanted[4]["final_obs"][lane]
                assert type(info["terminal_observation"]) is KINDS[output]
                assert np.array_equal(
                    channels_last(info["terminal_observation"]), final
                )
                cut = bool(wanted[3][lane] and not wanted[2][lane])
                assert info["TimeLimit.truncated"] is cut
                assert info["episode"]["r"] == pytest.approx(total[lane], abs=1e-6)
                assert info["episode"]["l"] == length[lane]
                assert info["episode"]["t"] > 0
                reasons.append(cut)
        total[ended], length[ended] = 0, 0
    assert {True, False} == set(reasons)


def test_the_step_limit_does_not_cut_what_the_rules_end_too():
    envs = make("torch")
    envs.reset()
    for _ in range(LIMIT):
        envs.step_async([0] * LANES)
        obs, rewards, _, truncated, info = envs._results
        by_rules = truncated & (torch.arange(LANES) % 2 == 0)
        envs._results = (obs, rewards, by_rules, truncated, info)
        _, _, dones, infos = envs.step_wait()
        if truncated.all():
            assert dones.all()
            cut = [info["TimeLimit.truncated"] for info in infos]
            assert cut == [False, True, False, True]
            return
    pytest.fail("idle lanes did not reach the limit together")


@pytest.mark.parametrize("output", KINDS)
def test_channels_come_first_without_moving_a_pixel(output):
    envs = make(output)
    assert envs.observation_space.shape == (3, 64, 64)
    for obs in (envs.reset(), envs.step([0] * LANES)[0]):
        assert obs.shape == (LANES, 3, 64, 64)
        frames = torch.as_tensor(obs).permute(0, 2, 3, 1)
        assert frames.is_contiguous()
        assert frames.dtype is torch.uint8


def test_what_is_handed_out_can_be_written_to_and_changes_nothing():
    envs, twin = make(), make()
    envs.reset()
    twin.reset()
    for action in random_actions(30, LANES):
        obs, rewards, dones, infos = envs.step(action)
        wanted = twin.step(action)
        assert np.array_equal(obs, wanted[0])
        assert np.array_equal(rewards, wanted[1])
        obs[:] = 7
        rewards[:] = 7
        dones[:] = False
        for info in infos:
            info["mine"] = info.pop("episode", None)
    assert len({id(info) for info in infos}) == LANES


def test_infos_of_tensors_are_read_late_and_stay_right(monkeypatch):
    envs, twin = make("torch"), make()
    envs.reset()
    twin.reset()
    actions = random_actions(LIMIT + 2, LANES)
    stored = [(envs.step(action)[3], twin.step(action)[3]) for action in actions]
    assert not any("entries" in vars(infos) for infos, _ in stored)
    assert any(any(wanted) for _, wanted in stored)
    for infos, wanted in stored:
        assert len(infos) == LANES
        for ours, theirs in zip(infos[:], wanted, strict=True):
            assert set(ours) == set(theirs)
            for key in set(ours) - {"episode"}:
                assert np.array_equal(ours[key], theirs[key])


@pytest.mark.slow
@pytest.mark.parametrize("output", ["numpy", "torch"])
def test_gray_frames_and_stacks_are_those_of_the_vector_environment(output):
    options = {"grayscale": True, "frame_stack": 2, "max_episode_steps": 2}
    envs = make(output, **options)
    twin = ArcadeVectorEnv(
        LANES,
        game="CartPoleEasy",
        obs_size=64,
        backend="numpy",
        autoreset_mode="SameStep",
        channels_first=True,
        **options,
    )
    assert envs.observation_space.shape == (2, 64, 64)
    assert np.array_equal(envs.reset(), twin.reset(seed=0)[0])
    for action in random_actions(5, LANES):
        obs, _, _, infos = envs.step(action)
        wanted, *_, expected = twin.step(action)
        assert np.array_equal(obs, wanted)
        for ours, theirs in zip(infos[:], expected.get("final_obs", ()), strict=False):
            assert np.array_equal(ours["terminal_observation"], theirs)
    assert envs.get_images()[0].shape == (64, 64, 3)
    make(noise=0.1)
    with pytest.raises(ValueError, match="constant of CartPoleEasy 'colour'"):
        make(colour=1)


def test_it_is_made_of_a_vector_environment_or_by_make_vec_env():
    options = {"obs_size": 64, "grayscale": True, "max_episode_steps": 3}
    vector = ArcadeVectorEnv(LANES, game="CartPole", noise=0.0, **options)
    makers = make_vec_env(
        ID, LANES, seed=0, vec_env_cls=ArcadeSB3VecEnv, env_kwargs=options
    )
    by_id = ArcadeSB3VecEnv(ID, LANES, seed=0, **options)
    of_vector = ArcadeSB3VecEnv(vector)
    of_vector.seed(0)
    wanted = by_id.reset()
    for envs in (makers, of_vector):
        assert envs.num_envs == LANES
        assert np.array_equal(envs.reset(), wanted)
    with pytest.raises(ValueError, match="obs_size must be left out, because env_id"):
        ArcadeSB3VecEnv(vector, obs_size=64)
    with pytest.raises(ValueError, match="num_envs must be left out or 4, as many"):
        ArcadeSB3VecEnv(vector, 3)
    with pytest.raises(TypeError, match="num_envs must be given beside an id"):
        ArcadeSB3VecEnv(ID)
    with pytest.raises(TypeError, match="functions that make games of this package"):
        ArcadeSB3VecEnv([lambda: gymnasium.make("CartPole-v1")])


def test_seeds_are_used_once_by_the_next_reset():
    envs = make()
    first = envs.reset().copy()
    assert not np.array_equal(envs.reset(), first)
    assert envs.seed(0) == [0, 1, 2, 3]
    assert np.array_equal(envs.reset(), first)
    assert not np.array_equal(envs.reset(), first)
    drawn = envs.seed()
    assert drawn == list(range(drawn[0], drawn[0] + LANES))
    with pytest.raises(ValueError, match=r"seed must lie in 0\.\.4294967292"):
        envs.seed(2**32 - 3)


def test_options_choose_the_lanes_of_the_next_reset():
    mask = np.array([True, False, True, False])
    by_lane = [{"reset_mask": True}, {}, {"reset_mask": True}, {}]
    for output, options in (
        ("numpy", {"reset_mask": mask}),
        ("torch", {"reset_mask": torch.from_numpy(mask)}),
        ("numpy", by_lane),
    ):
        envs = make(output)
        first = np.asarray(envs.reset()).copy()
        present = [np.asarray(envs.step([0] * LANES)[0]) for _ in range(3)][-1].copy()
        envs.seed(0)
        envs.set_options(options)
        obs = np.asarray(envs.reset())
        assert np.array_equal(obs[mask], first[mask])
        assert np.array_equal(obs[~mask], present[~mask])
        envs.set_options()
        envs.set_options([{}] * LANES)
        envs.seed(0)
        assert np.array_equal(envs.reset(), first)


def test_a_constant_out_of_its_range_is_refused():
    with pytest.raises(ValueError, match=r"noise must be from 0 to 1000 .* got -1"):
        ArcadeSB3VecEnv(ID, LANES, obs_size=64, noise=-1.0)


def test_lanes_share_attributes_and_answer_by_index():
    envs = make()
    assert envs.get_attr("render_mode") == ["rgb_array"] * LANES
    assert envs.get_attr("action_space", [0, 2]) == [envs.action_space] * 2
    assert envs.has_attr("num_envs")
    assert not envs.has_attr("action_masks")
    for name in ("max_episode_steps", "obs_size", "num_envs", "max_steps"):
        with pytest.raises(AttributeError, match=f"'{name}' belongs to"):
            envs.set_attr(name, 2)
    envs.set_attr("note", 5)
    assert envs.get_attr("note", 1) == [5]
    envs.set_attr("note", 6, 1)
    assert envs.get_attr("note") == [5, 6, 5, 5]
    envs.set_attr("mark", 7, [2])
    assert envs.env_method("get_wrapper_attr", "mark", indices=2) == [7]
    with pytest.raises(AttributeError, match=r"'mark' was not set for lanes \[0, 1, 3"):
        envs.get_attr("mark")
    assert envs.env_method("get_wrapper_attr", "render_mode") == ["rgb_array"] * LANES
    assert [spec.id for spec in envs.get_attr("spec")] == [ID] * LANES
    envs.reset()
    frames = envs.env_method("render", indices=[1, 3])
    assert len(frames) == 2
    assert np.array_equal(frames[1], envs.get_images()[3])
    with pytest.raises(ValueError, match=r"call env.lanes.get_state\(\) itself"):
        envs.env_method("get_state")
    assert envs.env_is_wrapped(Monitor) == [True] * LANES
    assert envs.env_is_wrapped(TimeLimit, 0) == [False]


def test_pictures_are_what_was_observed():
    envs = make()
    obs = envs.reset()
    for frame, seen in zip(envs.get_images(), obs, strict=True):
        assert np.array_equal(frame, channels_last(seen))
    assert envs.render("rgb_array").shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output": "jax"}, "output 'jax'"),
        ({"env_id": "CartPole"}, "CartPole needs a level: CartPoleEasy"),
        ({"obs_size": 63}, "obs_size must be"),
        ({"device": "gpu:99"}, "device must be"),
        ({"game": "Breakout"}, "game must be left out, because env_id names it"),
        ({"channels_first": False}, "channels_first must be True or left out"),
        ({"backend": "numpy"}, "backend must be 'torch' or left out"),
        ({"autoreset_mode": "NextStep"}, "autoreset_mode must be 'SameStep' or left"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ArcadeSB3VecEnv(**{"env_id": "CartPoleEasy", "num_envs": 2} | arguments)


def test_options_may_say_what_stable_baselines3_decides():
    envs = ArcadeSB3VecEnv(
        "CartPoleEasy",
        2,
        obs_size=84,
        grayscale=True,
        frame_stack=4,
        channels_first=True,
        autoreset_mode=AutoresetMode.SAME_STEP,
        device=torch.device("cpu"),
    )
    assert envs.observation_space.shape == (4, 84, 84)
    assert envs.device == torch.device("cpu")


def test_wrong_calls_are_refused_and_lose_nothing():
    envs = make()
    envs.reset()
    with pytest.raises(RuntimeError, match=r"call step_async\(\) before"):
        envs.step_wait()
    with pytest.raises(ValueError, match=r"actions must lie in 0\.\.4"):
        envs.step([5] * LANES)
    for options, error, message in (
        ({"level": 3}, ValueError, "knows the option 'reset_mask' only"),
        ([{}] * (LANES - 1), ValueError, "one dictionary for each of the 4"),
        ({"reset_mask": [True] * LANES}, TypeError, "must be a numpy array"),
        ({"reset_mask": np.zeros(LANES, bool)}, ValueError, "at least one lane"),
    ):
        with pytest.raises(error, match=message):
            envs.set_options(options)
    envs.step([0] * LANES)
    envs.close()
    envs.close()


def test_without_the_extra_the_error_names_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("arcade_gym.sb3")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(ImportError, match=r"pip install 'arcade-gym\[sb3\]'"):
        importlib.import_module("arcade_gym.sb3")


@pytest.mark.parametrize(
    "learner",
    [
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in (A2C, PPO, RecurrentPPO)
        ),
        DQN,
    ],
)
def test_stock_learners_and_their_evaluation_take_it(learner, tmp_path):
    recurrent = learner is RecurrentPPO
    policy = "CnnLstmPolicy" if recurrent else "CnnPolicy"
    model = learner(policy, make(), **settings(learner.__name__))
    evaluation = EvalCallback(
        make(seed=9), n_eval_episodes=4, eval_freq=8, log_path=str(tmp_path), verbose=0
    )
    model.learn(24 * LANES, callback=evaluation)
    assert model.num_timesteps >= 24 * LANES
    assert len(model.ep_info_buffer) > 0
    with np.load(tmp_path / "evaluations.npz") as found:
        assert found["ep_lengths"].shape[1] == 4
    returns, lengths = evaluate_policy(model, make(), 4, return_episode_rewards=True)
    assert len(returns) == 4
    assert all(1 <= length <= LIMIT for length in lengths)
    assert returns == pytest.approx([length / 200 for length in lengths], abs=1e-5)


def test_monitor_gives_the_same_episodes():
    with pytest.warns(UserWarning, match="will beoverwritten"):
        envs = VecMonitor(make())
    twin = make()
    envs.reset()
    twin.reset()
    ended = 0
    for action in random_actions(LIMIT + 2, LANES):
        infos, wanted = envs.step(action)[3], twin.step(action)[3]
        for info, theirs in zip(infos, wanted, strict=True):
            assert set(info) == set(theirs)
            if info:
                ended += 1
                assert info["episode"]["r"] == pytest.approx(theirs["episode"]["r"])
                assert info["episode"]["l"] == theirs["episode"]["l"]
    assert ended >= LANES


def test_frames_stack_over_episodes():
    envs, plain = VecFrameStack(make(), 2), make()
    envs.reset()
    before = plain.reset().copy()
    for action in random_actions(LIMIT + 2, LANES):
        obs, _, dones, infos = envs.step(action)
        after, *_, wanted = plain.step(action)
        for lane, done in enumerate(dones):
            last = wanted[lane]["terminal_observation"] if done else after[lane]
            found = infos[lane]["terminal_observation"] if done else obs[lane]
            assert np.array_equal(found, np.concatenate([before[lane], last]))
            assert not done or not obs[lane][:3].any()
        before = after.copy()


def test_learners_take_wrapped_environments():
    envs = VecNormalize(VecFrameStack(make(), 2), norm_obs=False)
    model = PPO("CnnPolicy", envs, **settings("PPO")).learn(24 * LANES)
    assert model.observation_space.shape == (6, 64, 64)
    assert envs.ret_rms.count > 24 * LANES
    assert len(model.ep_info_buffer) > 0
