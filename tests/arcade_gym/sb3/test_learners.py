"""Learners whose rollouts stay on the device, beside the stock ones."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import (
    BaseCallback,
    CheckpointCallback,
    EvalCallback,
    StopTrainingOnMaxEpisodes,
)
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecFrameStack

from arcade_gym.sb3 import DevicePPO, TorchRolloutBuffer
from arcade_gym.sb3.lanes import HostView, Lanes
from tests.arcade_gym.sb3.kit import CLASSES, LANES, make, settings

STOCK = {"PPO": PPO, "A2C": A2C}


class Recorder(BaseCallback):
    """Keeps what callbacks may look at in every step."""

    def _on_training_start(self):
        self.seen = []

    def _on_step(self):
        names = ("rewards", "dones", "actions", "new_obs", "values")
        step = {name: np.asarray(self.locals[name]).copy() for name in names}
        step["infos"] = [
            {key: np.asarray(info[key]) for key in set(info) - {"episode"}}
            | {key: info["episode"][key] for key in "rl" if info}
            for info in self.locals["infos"]
        ]
        self.seen.append((self.num_timesteps, self.locals["n_steps"], step))
        return True


KINDS = [
    "PPO",
    pytest.param("A2C", marks=pytest.mark.slow),
]  # they share all but a loss


def learnt(model, steps, callback=None):
    """Learns from the same random numbers in every call."""
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002  # what the stock buffer uses
    return model.learn(steps * LANES, callback=callback)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_rollouts_equal_those_of_the_stock_learner(name):
    """Bit for bit, but for the last digit of what was bootstrapped.

    The learning rate is 0, so that the second rollout, too, has the same policy.
    """
    options = settings(name, n_steps=48) | {"learning_rate": 0.0}
    stock, device = Recorder(), Recorder()
    theirs = learnt(STOCK[name]("CnnPolicy", make(), **options), 96, stock)
    ours = learnt(CLASSES[name]("CnnPolicy", make("torch"), **options), 96, device)

    found, wanted = ours.rollout_buffer, theirs.rollout_buffer
    assert isinstance(found, TorchRolloutBuffer)
    for array in ("observations", "actions", "rewards", "episode_starts"):
        assert isinstance(getattr(found, array), torch.Tensor)
    for array in ("observations", "actions", "values", "log_probs"):
        ours_first = wanted.swap_and_flatten(np.asarray(getattr(found, array)))
        assert np.array_equal(ours_first, getattr(wanted, array))
    for array in ("advantages", "returns"):
        ours_first = wanted.swap_and_flatten(np.asarray(getattr(found, array)))
        np.testing.assert_allclose(ours_first, getattr(wanted, array), atol=1e-6)
    assert np.array_equal(found.episode_starts, wanted.episode_starts)
    np.testing.assert_allclose(found.rewards, wanted.rewards, atol=1e-6)
    # 1/200 is the reward of a step, so more was added where the limit cut.
    assert (abs(wanted.rewards - 1 / 200) > 1e-4).any()
    assert len(stock.seen) == 96
    np.testing.assert_equal(device.seen, stock.seen)
    for one, other in zip(ours.ep_info_buffer, theirs.ep_info_buffer, strict=True):
        assert (one["r"], one["l"]) == (other["r"], other["l"])


@pytest.mark.parametrize("name", KINDS)
def test_learning_makes_the_same_weights_but_for_rounding(name):
    """Over one rollout, whose minibatches are drawn in the same order."""
    options = settings(name, n_steps=48)
    theirs = learnt(STOCK[name]("CnnPolicy", make(), **options), 48)
    before = STOCK[name]("CnnPolicy", make(), **options).policy.parameters()
    ours = learnt(CLASSES[name]("CnnPolicy", make("torch"), **options), 48)
    moved = 0.0
    parameters = zip(
        before, ours.policy.parameters(), theirs.policy.parameters(), strict=True
    )
    for start, found, wanted in parameters:
        moved = max(moved, (wanted - start).abs().max().item())
        np.testing.assert_allclose(
            found.detach().numpy(), wanted.detach().numpy(), atol=2e-5
        )
    assert moved > 1e-4
    explained = ours.logger.name_to_value["train/explained_variance"]
    wanted = theirs.logger.name_to_value["train/explained_variance"]
    assert explained == pytest.approx(wanted, abs=1e-3)


def test_only_last_frames_of_cut_lanes_are_drawn(monkeypatch):
    drawn = []
    draw_final = Lanes.draw_final

    def spy(self, finished, chosen):
        frames = draw_final(self, finished, chosen)
        drawn.append(len(frames))
        return frames

    monkeypatch.setattr(Lanes, "draw_final", spy)
    model = learnt(DevicePPO("CnnPolicy", make("torch"), **settings("PPO", 48)), 48)
    monkeypatch.undo()
    twin = make(seed=3)  # as the model's
    twin.reset()
    cut, ended = [], 0
    for actions in model.rollout_buffer.actions:
        infos = twin.step(actions.flatten())[3]
        ended += sum(map(bool, infos))
        cut.append(sum(info.get("TimeLimit.truncated", False) for info in infos))
    assert drawn == [count for count in cut if count]
    assert 0 < sum(drawn) < ended


def test_callbacks_work(tmp_path):
    model = DevicePPO("CnnPolicy", make("torch"), **settings("PPO"))
    evaluation = EvalCallback(make(), n_eval_episodes=4, eval_freq=8, verbose=0)
    checkpoint = CheckpointCallback(8, str(tmp_path))
    model.learn(16 * LANES, callback=[evaluation, checkpoint])
    assert evaluation.best_mean_reward > 0
    assert len(list(tmp_path.glob("*.zip"))) == 2


@pytest.mark.slow
def test_a_callback_may_stop_in_mid_rollout_and_learning_goes_on():
    """The statistics of what was played are kept, and no frame is repeated."""
    stock = PPO("CnnPolicy", make(), **settings("PPO", 48))
    device = DevicePPO("CnnPolicy", make("torch"), **settings("PPO", 48))
    for model in (stock, device):
        learnt(model, 45, StopTrainingOnMaxEpisodes(1))
        assert model.num_timesteps < 48 * LANES
        model.learn(48 * LANES, reset_num_timesteps=False)
    assert device.num_timesteps == stock.num_timesteps
    assert len(device.ep_info_buffer) == len(stock.ep_info_buffer) > 0
    assert np.array_equal(
        device.rollout_buffer.episode_starts, stock.rollout_buffer.episode_starts
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_files_can_be_loaded_by_both_kinds(name, tmp_path):
    path = tmp_path / "model"
    obs = make().reset()
    for saver, loader, output in (
        (CLASSES[name], CLASSES[name], "torch"),
        (CLASSES[name], STOCK[name], "numpy"),
        (STOCK[name], CLASSES[name], "torch"),
    ):
        source = make("torch" if saver is CLASSES[name] else "numpy")
        model = saver("CnnPolicy", source, **settings(name)).learn(8 * LANES)
        model.save(path)
        loaded = loader.load(path, env=make(output), device="cpu")
        wanted, _ = model.predict(obs, deterministic=True)
        assert np.array_equal(loaded.predict(obs, deterministic=True)[0], wanted)
        loaded.learn(8 * LANES, reset_num_timesteps=False)
        assert loaded.num_timesteps == 16 * LANES
        alone = loader.load(path, device="cpu")
        assert np.array_equal(alone.predict(obs, deterministic=True)[0], wanted)
    mean, _ = evaluate_policy(loaded, make(), 4)
    assert mean > 0


def filled_buffer(time=6):
    spaces = Box(0, 255, (3, 5, 4), np.uint8), Discrete(5)
    buffer = TorchRolloutBuffer(time, *spaces, device="cpu", n_envs=LANES)
    for t in range(time):
        lane = torch.arange(LANES) + 10 * t
        obs = lane.reshape(-1, 1, 1, 1).expand(-1, 3, 5, 4).byte()
        number = lane.float()
        buffer.add(obs, lane, number, number < 1, number.reshape(-1, 1), number)
    buffer.advantages.copy_(buffer.rewards)
    buffer.value_targets.copy_(buffer.rewards)
    return buffer


@pytest.mark.parametrize("batch_size", [None, 7, 24])
def test_minibatches_have_every_step_once_and_whole(batch_size):
    seen = []
    for batch in filled_buffer().get(batch_size):
        first = batch.actions.flatten()
        for part in batch[2:]:
            assert torch.equal(part, first.float())
        assert torch.equal(batch.observations[:, 2, 4, 3], first.byte())
        assert batch.observations.shape[1:] == (3, 5, 4)
        seen += first.tolist()
    assert sorted(seen) == [t * 10 + lane for t in range(6) for lane in range(LANES)]
    if batch_size:
        assert seen != sorted(seen)


def test_the_buffer_is_used_again_and_refuses_what_it_cannot_hold():
    buffer = filled_buffer()
    place = buffer.observations.data_ptr()
    buffer.reset()
    assert (buffer.size(), buffer.full) == (0, False)
    with pytest.raises(AssertionError, match="not complete"):
        next(buffer.get())
    step = torch.zeros(LANES)
    buffer.add(torch.zeros(LANES, 3, 5, 4), step, step, step, step, step)
    assert (buffer.size(), buffer.observations.data_ptr()) == (1, place)
    flat = TorchRolloutBuffer(2, Box(0, 1, (3,)), Discrete(5), device="cpu")
    with pytest.raises(ValueError, match="holds images"):
        flat.add(step, step, step, step, step, step)


def test_views_of_tensors_behave_as_arrays():
    view = HostView(torch.tensor([1.0, 2.0]))
    assert "_array" not in vars(view)
    assert len(view) == 2
    assert "_array" not in vars(view)
    assert np.sum(view) == view.sum() == 3
    assert list(view) == [1, 2]
    assert view[1] == 2
    assert np.asarray(view, np.float64).dtype == np.float64


def test_environments_that_it_cannot_use_are_refused():
    for envs in (make(), VecFrameStack(make(), 2)):
        with pytest.raises(TypeError, match="for others there is PPO"):
            DevicePPO("CnnPolicy", envs, **settings("PPO"))
    model = DevicePPO("CnnPolicy", make("torch"), **settings("PPO"))
    with pytest.raises(TypeError, match="output='torch'"):
        model.set_env(make())
    elsewhere = make("torch")
    elsewhere.device = torch.device("cuda", 1)
    with pytest.raises(ValueError, match="pass device='cuda:1' to DevicePPO"):
        model.set_env(elsewhere)
    model.set_env(make("torch", seed=7))
    model.learn(8 * LANES)


NEEDS_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device"
)


@pytest.mark.parametrize(
    ("device", "jax_device"),
    [
        ("cpu", "cpu"),
        pytest.param("cuda", "gpu", marks=[pytest.mark.gpu, NEEDS_GPU]),
    ],
)
def test_a_rollout_stays_on_the_device(device, jax_device, monkeypatch):
    moved, watched = [], []
    cpu = torch.Tensor.cpu
    monkeypatch.setattr(
        torch.Tensor, "cpu", lambda tensor: moved.append(tensor.numel()) or cpu(tensor)
    )

    class Watch(BaseCallback):
        def _on_step(self):
            watched.append(self.locals["new_obs"].device.type)
            return True

        def _on_rollout_end(self):
            tensors = filter(torch.is_tensor, vars(self.model.rollout_buffer).values())
            watched.extend(tensor.device.type for tensor in tensors)
            # One number per lane: masks of cut lanes, and on a CPU the actions.
            assert set(moved) == {LANES}

    envs = make("torch", device=jax_device)
    options = settings("PPO", 48) | {"device": device}
    DevicePPO("CnnPolicy", envs, **options).learn(48 * LANES, callback=Watch())
    assert watched == [device] * (48 + 9)
