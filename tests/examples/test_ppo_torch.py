"""The PPO example: masks, advantages, memory, and that it learns."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.examples.loading import load

ppo = load("ppo_torch")
DEVICE = torch.device("cpu")
TINY = ppo.Config(
    env_id="popgym_arcade/SkittlesEasy-v0",
    num_envs=4,
    num_steps=6,
    num_minibatches=2,
    update_epochs=1,
    total_steps=48,
    eval_every=1,
    eval_episodes=4,
)


@pytest.fixture
def collected():
    """An environment whose episodes last 3 steps, a net and one rollout."""
    torch.manual_seed(0)
    env = ppo.gymnasium.make_vec(
        TINY.env_id, num_envs=4, backend="torch", obs_size=64, max_episode_steps=3
    )
    net = ppo.ActorCritic(64, 5)
    rollout = ppo.Rollout(TINY, DEVICE)
    rollout.obs[-1] = env.reset(seed=0)[0]
    ppo.collect(env, net, rollout)
    return env, net, rollout


def random_rollout(seed):
    generator = torch.Generator().manual_seed(seed)
    rollout = ppo.Rollout(TINY, DEVICE)
    rollout.value.normal_(generator=generator)
    rollout.reward.normal_(generator=generator)
    for t in range(TINY.num_steps):
        ended = torch.rand(4, generator=generator) < 0.4
        terminated = torch.rand(4, generator=generator) < 0.5
        playing = ~rollout.dummy[t]
        rollout.dummy[t + 1] = ended & playing
        rollout.terminated[t] = ended & terminated & playing
        rollout.reward[t] *= playing
    return rollout


def advantages_by_hand(rollout, config):
    """Sums discounted errors forwards from every step, one lane at a time."""
    dummy, terminated = rollout.dummy.tolist(), rollout.terminated.tolist()
    value, reward = rollout.value.tolist(), rollout.reward.tolist()
    result = np.zeros((config.num_steps, config.num_envs))
    for lane in range(config.num_envs):
        for start in range(config.num_steps):
            weight = 0.0 if dummy[start][lane] else 1.0
            for t in range(start, config.num_steps):
                bootstrap = 0.0 if terminated[t][lane] else value[t + 1][lane]
                target = config.reward_scale * reward[t][lane]
                error = target + config.gamma * bootstrap - value[t][lane]
                result[start, lane] += weight * error
                if dummy[t + 1][lane]:  # the episode ended here
                    break
                weight *= config.gamma * config.gae_lambda
    return result


@pytest.mark.parametrize("seed", range(5))
def test_advantages_agree_with_a_plain_loop(seed):
    rollout = random_rollout(seed)
    assert rollout.dummy.any()
    assert rollout.terminated.any()
    found = ppo.advantages(rollout, TINY)
    np.testing.assert_allclose(found, advantages_by_hand(rollout, TINY), atol=1e-5)


def test_dummies_are_the_steps_after_an_end(collected):
    env, net, rollout = collected
    ended = torch.tensor([False, False, False, True] * 2)[: TINY.num_steps + 1]
    assert (rollout.dummy == ended[:, None]).all()
    assert (rollout.reward[rollout.dummy[:-1]] == 0).all()
    ppo.collect(env, net, rollout)  # goes on where the first one stopped
    steps = torch.arange(TINY.num_steps, 2 * TINY.num_steps + 1)
    assert (rollout.dummy == (steps % 4 == 3)[:, None]).all()


def test_the_loss_ignores_dummies(collected):
    _, net, rollout = collected
    batch = {
        "obs": rollout.obs[:-1],
        "dummy": rollout.dummy[:-1],
        "action": rollout.action,
        "log_prob": rollout.log_prob,
        "advantage": ppo.advantages(rollout, TINY),
        "value_target": rollout.value[:-1],
    }
    batch = {name: values.flatten(0, 1).clone() for name, values in batch.items()}
    want, _ = ppo.loss(net, batch, TINY)
    chosen = batch["dummy"]
    assert chosen.any()
    batch["obs"][chosen] = 255
    batch["advantage"][chosen] = 1e3
    batch["value_target"][chosen] = -1e3
    batch["log_prob"][chosen] = -9.0
    found, _ = ppo.loss(net, batch, TINY)
    assert found.item() == pytest.approx(want.item(), rel=1e-3)
    kept = {name: values[~chosen] for name, values in batch.items()}
    assert ppo.loss(net, kept, TINY)[0].item() == pytest.approx(want.item(), rel=1e-3)


def test_frames_never_pass_through_numpy(collected, monkeypatch):
    env, net, rollout = collected

    def refuse_frames(convert):
        def run(tensor, *args, **kwargs):
            assert tensor.dtype is not torch.uint8, "frames went to NumPy"
            return convert(tensor, *args, **kwargs)

        return run

    for name in ("numpy", "__array__", "tolist", "item"):
        convert = getattr(torch.Tensor, name)
        monkeypatch.setattr(torch.Tensor, name, refuse_frames(convert))
    ppo.collect(env, net, rollout)
    monkeypatch.undo()
    assert rollout.obs.dtype is torch.uint8
    assert torch.equal(rollout.obs[-1], env.draw())


@pytest.mark.slow
def test_actions_follow_the_policy(collected):
    env, *_ = collected
    torch.manual_seed(0)
    share = torch.tensor([0.1, 0.2, 0.3, 0.15, 0.25])
    rollout = ppo.Rollout(replace(TINY, num_steps=500), DEVICE)
    rollout.obs[-1] = env.draw()
    ppo.collect(env, lambda obs: (share.log().expand(4, 5), torch.zeros(4)), rollout)
    found = torch.bincount(rollout.action.flatten(), minlength=5) / 2000
    np.testing.assert_allclose(found, share, atol=0.055)  # five standard errors
    want = share.log()[rollout.action.long()]
    np.testing.assert_allclose(rollout.log_prob, want, rtol=1e-5)


def test_training_writes_a_record_and_weights(tmp_path):
    config = replace(TINY, json=tmp_path / "run.json", save=tmp_path / "net.pt")
    record = ppo.train(config)
    assert [point["env_steps"] for point in record["curve"]] == [24, 48]
    assert json.loads(config.json.read_text())["best"] == record["best"]
    net = ppo.ActorCritic(64, 5)
    net.load_state_dict(torch.load(config.save, weights_only=True))


@pytest.mark.long
def test_it_learns_to_balance():
    record = ppo.train(
        ppo.Config(seed=3, eval_every=4, total_steps=200_000, target_return=0.5)
    )
    assert record["best"]["greedy_return"] >= 0.5
    assert record["best_on_new_episodes"] >= 0.4
