"""PPO in PyTorch on frames that never leave the device.

    python examples/ppo_torch.py
    python examples/ppo_torch.py --env-id popgym_arcade/BreakoutEasy-v0 --help

The environment steps in JAX and hands its frames to PyTorch without a copy, so a step
costs one copy on the device, into the rollout, and nothing waits for the device between
two iterations.

Source: Schulman et al. 2017 (PPO), Schulman et al. 2016 (GAE); style of CleanRL.
"""

import copy
import io
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

# JAX would take most of the GPU's memory at once and leave little to PyTorch.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
# PyTorch's threads would spin while they wait, on cores that JAX or others need.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import gymnasium
import jax
from gymnasium.vector import VectorEnv
from jaxtyping import Float32, UInt8

try:
    import torch
    import tyro
    from torch import Tensor, nn
    from torch.nn.functional import cross_entropy, relu
    from torch.optim import Optimizer
    from tqdm import tqdm
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: pip install 'arcade-gym[examples]'") from error

import arcade_gym  # noqa: F401  # registers the ids
from arcade_gym.whole_files import replacing, write_json

EVAL_SEED = 2**31  # of the evaluations that choose the best network
TEST_SEED = 2**31 + 2**30  # of the one evaluation of that network at the end


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of a run."""

    env_id: str = "popgym_arcade/CartPoleEasy-v0"  # its name says the level
    partial_obs: bool = False  # the partial view; note that this net has no memory
    obs_size: int = 64  # pixels of a side of a frame, 64 to 512
    seed: int = 1  # of the net, the sampled actions and the training environments
    device: str | None = None  # cuda or cpu; by default cuda if both libraries have it

    num_envs: int = 128  # environments that step together
    num_steps: int = 64  # steps of each of them between two updates
    total_steps: int = 2_000_000  # over all environments
    max_seconds: float = 600.0  # stops after this time, wall clock
    target_return: float = 0.999  # stops when an evaluation reaches this; 1 is perfect

    learning_rate: float = 1e-3  # falls linearly to 0 over total_steps
    gamma: float = 0.99  # discount per step
    gae_lambda: float = 0.95  # decay of the advantage estimates
    reward_scale: float = 10.0  # episodes pay 0..1, which is little for a net
    num_minibatches: int = 16  # parts of a rollout
    update_epochs: int = 4  # passes over a rollout
    clip_coef: float = 0.2  # relative change of a probability that still pays
    ent_coef: float = 0.01  # weight of the entropy bonus
    vf_coef: float = 0.5  # weight of the value loss
    max_grad_norm: float = 0.5  # longer gradients are shortened

    eval_every: int = 20  # iterations between two greedy evaluations
    eval_episodes: int = 64  # of an evaluation, always the same ones
    json: Path | None = None  # file for the record of the run
    save: Path | None = None  # file for the weights of the best net
    tensorboard: Path | None = None  # folder for curves

    @property
    def batch_size(self) -> int:
        """Environment steps of an iteration."""
        return self.num_envs * self.num_steps


class ActorCritic(nn.Module):
    """A small convolutional network with two heads."""

    def __init__(self, obs_size: int, num_actions: int) -> None:
        """Makes a network for square frames of `obs_size` pixels."""
        super().__init__()
        self.convolutions = nn.Sequential(
            _initialised(nn.Conv2d(3, 16, 8, stride=4)),
            nn.ReLU(),
            _initialised(nn.Conv2d(16, 32, 4, stride=2)),
            nn.ReLU(),
            _initialised(nn.Conv2d(32, 32, 3, stride=2)),
            nn.ReLU(),
            nn.Flatten(),
        )
        with torch.no_grad():
            features = self.convolutions(torch.zeros(1, 3, obs_size, obs_size)).shape[1]
        self.hidden = _initialised(nn.Linear(features, 256))
        self.actor = _initialised(nn.Linear(256, num_actions), gain=0.01)
        self.critic = _initialised(nn.Linear(256, 1), gain=1.0)

    def forward(
        self, obs: UInt8[Tensor, "batch height width 3"]
    ) -> tuple[Float32[Tensor, "batch actions"], Float32[Tensor, " batch"]]:
        """Gives logits of the actions and values of the frames."""
        # Permuted, the frames are what PyTorch calls channels_last: nothing moves.
        pixels = obs.permute(0, 3, 1, 2).float() / 255
        features = relu(self.hidden(self.convolutions(pixels)))
        return self.actor(features), self.critic(features).squeeze(1)


def _initialised(layer: nn.Module, gain: float = 2**0.5) -> nn.Module:
    nn.init.orthogonal_(layer.get_parameter("weight"), gain)
    nn.init.zeros_(layer.get_parameter("bias"))
    return layer


class Rollout:
    """Memory of one iteration, on the device; only `collect` writes to it.

    The step after the end of an episode is a *dummy* (NextStep autoreset): it ignores
    its action, pays 0 and leads from the final frame to the first frame of the next
    episode. Step t is a dummy exactly if step t - 1 ended the episode.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        """Allocates everything; the last row is where the first `collect` starts."""
        zeros = partial(torch.zeros, device=device)
        steps = (config.num_steps, config.num_envs)
        states = (config.num_steps + 1, config.num_envs)
        frames = (*states, config.obs_size, config.obs_size, 3)
        self.obs = zeros(frames, dtype=torch.uint8)
        self.dummy = zeros(states, dtype=torch.bool)
        self.value = zeros(states)
        self.action = zeros(steps, dtype=torch.int32)
        self.log_prob = zeros(steps)
        self.reward = zeros(steps)  # unscaled
        self.terminated = zeros(steps, dtype=torch.bool)


@torch.no_grad()
def collect(env: VectorEnv, net: ActorCritic, rollout: Rollout) -> None:
    """Plays `num_steps` steps from where the last rollout ended.

    Frames share memory with JAX. They are copied before the next step is asked for and
    never written to.
    """
    rollout.obs[0] = rollout.obs[-1]
    rollout.dummy[0] = rollout.dummy[-1]
    for t in range(len(rollout.action)):
        logits, rollout.value[t] = net(rollout.obs[t])
        # The Gumbel-max trick, as torch.multinomial waits for the device.
        action = (logits - torch.empty_like(logits).exponential_().log()).argmax(1)
        rollout.action[t] = action
        rollout.log_prob[t] = -cross_entropy(logits, action, reduction="none")
        obs, reward, terminated, truncated, _ = env.step(rollout.action[t])
        rollout.obs[t + 1] = obs
        rollout.reward[t] = reward
        rollout.terminated[t] = terminated
        rollout.dummy[t + 1] = terminated | truncated
    rollout.value[-1] = net(rollout.obs[-1])[1]


def advantages(rollout: Rollout, config: Config) -> Float32[Tensor, "time lanes"]:
    """Generalised advantage estimates, computed backwards; 0 in dummy steps.

    A terminated step bootstraps from nothing, a truncated one from the value of its
    final frame, which NextStep autoreset hands out as the next observation. Neither
    looks further, so the dummy behind them reaches no other step.
    """
    advantage = torch.zeros_like(rollout.reward)
    following = torch.zeros_like(rollout.reward[0])
    decay = config.gamma * config.gae_lambda
    for t in reversed(range(len(advantage))):
        next_value = rollout.value[t + 1] * ~rollout.terminated[t]
        target = config.reward_scale * rollout.reward[t] + config.gamma * next_value
        following = following * ~rollout.dummy[t + 1]  # not past an episode's end
        following = target - rollout.value[t] + decay * following
        advantage[t] = following * ~rollout.dummy[t]
    return advantage


def loss(
    net: ActorCritic, batch: dict[str, Tensor], config: Config
) -> tuple[Float32[Tensor, ""], dict[str, Tensor]]:
    """PPO's clipped loss, and its parts for the log; dummies have the weight 0."""
    weight = (~batch["dummy"]).float()

    def mean(values: Tensor) -> Tensor:
        return (values * weight).sum() / weight.sum().clamp(min=1)

    logits, value = net(batch["obs"])
    log_probs = logits.log_softmax(1)
    log_prob = -cross_entropy(logits, batch["action"].long(), reduction="none")
    ratio = (log_prob - batch["log_prob"]).exp()
    clipped = ratio.clamp(1 - config.clip_coef, 1 + config.clip_coef)
    centred = batch["advantage"] - mean(batch["advantage"])
    advantage = centred / (mean(centred.square()).sqrt() + 1e-8)
    parts = {
        "policy_loss": mean(-torch.min(ratio * advantage, clipped * advantage)),
        "value_loss": mean(0.5 * (value - batch["value_target"]).square()),
        "entropy": mean(-(log_probs.exp() * log_probs).sum(1)),
        "clip_fraction": mean((ratio != clipped).float()),
    }
    regularised = parts["policy_loss"] - config.ent_coef * parts["entropy"]
    total = regularised + config.vf_coef * parts["value_loss"]
    return total, {name: part.detach() for name, part in parts.items()}


def update(
    net: ActorCritic, optimizer: Optimizer, rollout: Rollout, config: Config
) -> dict[str, Tensor]:
    """Learns from one rollout; returns the parts of the last loss."""
    advantage = advantages(rollout, config)
    steps = {
        "obs": rollout.obs[:-1],
        "dummy": rollout.dummy[:-1],
        "action": rollout.action,
        "log_prob": rollout.log_prob,
        "advantage": advantage,
        "value_target": advantage + rollout.value[:-1],
    }
    steps = {name: values.flatten(0, 1) for name, values in steps.items()}
    parts = {}
    for _ in range(config.update_epochs):
        order = torch.randperm(config.batch_size, device=advantage.device)
        for chosen in order.chunk(config.num_minibatches):
            batch = {name: values[chosen] for name, values in steps.items()}
            total, parts = loss(net, batch, config)
            optimizer.zero_grad()
            total.backward()
            nn.utils.clip_grad_norm_(net.parameters(), config.max_grad_norm)
            optimizer.step()
    return parts


@torch.no_grad()
def evaluate(env: VectorEnv, net: ActorCritic, seed: int) -> float:
    """Mean return of greedy play over the first episode of every lane."""
    obs, _ = env.reset(seed=seed)
    total = torch.zeros(env.num_envs, device=obs.device)
    playing = torch.ones_like(total, dtype=torch.bool)
    while playing.any():  # waits for the device, so ask only now and then
        for _ in range(16):
            action = net(obs)[0].argmax(1).int()
            obs, reward, terminated, truncated, _ = env.step(action)
            total += reward * playing
            playing &= ~(terminated | truncated)
    return total.mean().item()


def make_env(config: Config, num_envs: int, device: torch.device) -> VectorEnv:
    """Makes a vector environment on PyTorch's device."""
    return gymnasium.make_vec(
        config.env_id,
        num_envs=num_envs,
        backend="torch",
        obs_size=config.obs_size,
        partial_obs=config.partial_obs,
        device=f"gpu:{device.index or 0}" if device.type == "cuda" else "cpu",
    )


def pick_device(name: str | None) -> torch.device:
    """By default CUDA if both libraries have it: they share frames, and no copies."""
    shared = torch.cuda.is_available() and jax.default_backend() == "gpu"
    return torch.device(name or ("cuda" if shared else "cpu"))


def new_record(config: Config, device: torch.device) -> dict[str, Any]:
    """What tells a reader of the results how they were made."""
    packages = ("arcade-gym", "jax", "torch", "gymnasium")
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in packages},
        "device": str(device),
        "cores": os.cpu_count(),
        "seed": config.seed,
        "config": {k: v for k, v in asdict(config).items() if not isinstance(v, Path)},
        "curve": [],
        "best": {"greedy_return": float("-inf")},
    }


def scalar_writer(config: Config) -> Callable[[str, float, int], None]:
    """Gives a function that writes a number to TensorBoard, or nowhere."""
    if config.tensorboard is None:
        return lambda *_: None
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  # optional

    return SummaryWriter(str(config.tensorboard)).add_scalar


def train(config: Config) -> dict[str, Any]:
    """Trains, evaluates now and then, and returns the record of the run."""
    start = time.perf_counter()
    device = pick_device(config.device)
    torch.manual_seed(config.seed)
    env = make_env(config, config.num_envs, device)
    eval_env = make_env(config, config.eval_episodes, device)
    net = ActorCritic(config.obs_size, env.action_space.nvec[0])  # type: ignore[attr-defined]  # MultiDiscrete
    net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in its stub
    optimizer = torch.optim.Adam(net.parameters(), config.learning_rate, fused=True)
    rollout = Rollout(config, device)
    # Seed s gives lane i the seed s + i; in this way runs do not share any.
    rollout.obs[-1] = env.reset(seed=config.seed * config.num_envs)[0]
    record, best_weights = new_record(config, device), {}
    write_scalar = scalar_writer(config)
    bar, stop = tqdm(total=config.total_steps, unit=" steps"), False
    while not stop:
        left = 1 - bar.n / config.total_steps
        optimizer.param_groups[0]["lr"] = config.learning_rate * left
        collect(env, net, rollout)
        parts = update(net, optimizer, rollout, config)
        bar.update(config.batch_size)
        # Here the loop waits for the device, once per iteration.
        scalars = {name: part.item() for name, part in parts.items()}
        seconds = time.perf_counter() - start
        stop = seconds > config.max_seconds or bar.n >= config.total_steps
        if stop or bar.n // config.batch_size % config.eval_every == 0:
            greedy = evaluate(eval_env, net, EVAL_SEED)
            scalars |= {"greedy_return": greedy, "seconds": time.perf_counter() - start}
            record["curve"].append({"env_steps": bar.n, **scalars})
            bar.write(f"{bar.n} steps, {scalars['seconds']:.0f} s, greedy {greedy:.3f}")
            if greedy > record["best"]["greedy_return"]:
                record["best"] = record["curve"][-1]
                best_weights = copy.deepcopy(net.state_dict())
            stop = stop or greedy >= config.target_return
        for name, value in scalars.items():
            write_scalar(name, value, bar.n)
    bar.close()
    net.load_state_dict(best_weights)
    record["best_on_new_episodes"] = evaluate(eval_env, net, TEST_SEED)
    write_files(config, record, best_weights)
    return record


def write_files(config: Config, record: dict[str, Any], weights: Any) -> None:
    """Writes what was asked for."""
    if config.save is not None:
        content = io.BytesIO()  # PyTorch hides what the system says of a full disk
        torch.save(weights, content)
        with replacing(config.save) as file:
            file.write(content.getbuffer())
    if config.json is not None:
        write_json(config.json, record)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback
    try:
        print("best:", train(tyro.cli(Config))["best"])
    except OSError as error:  # a full disk, say: neither
        raise SystemExit(str(error)) from None
