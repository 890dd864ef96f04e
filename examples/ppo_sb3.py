"""PPO of Stable-Baselines3, as it comes or with its rollouts on the device.

    python examples/ppo_sb3.py --path stock
    python examples/ppo_sb3.py --path device --env-id BreakoutEasy --num-envs 256

Both paths compute the same. "stock" takes any learner and wrapper of Stable-Baselines3
and moves all frames through NumPy; "device" keeps frames, actions and rewards where the
environment and the network are.
"""

import copy
import os
import shlex
import signal
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

# JAX would take most of the GPU's memory at once and leave little to PyTorch.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
# PyTorch's threads would spin while they wait, on cores that JAX or others need.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    import tyro
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.evaluation import evaluate_policy

    from arcade_gym.sb3 import ArcadeSB3VecEnv, DevicePPO
    from arcade_gym.whole_files import replacing, write_json
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: pip install 'arcade-gym[examples,sb3]'") from error

EVAL_SEED = 2**31  # of the evaluations that choose the best policy
TEST_SEED = 2**31 + 2**30  # of the one evaluation of that policy at the end


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of a run."""

    path: Literal["stock", "device"] = "device"  # where rollouts are kept
    env_id: str = "CartPoleEasy"  # an id of jax_core.make
    partial_obs: bool = False  # the partial view; note that CnnPolicy has no memory
    obs_size: int = 64  # pixels of a side of a frame, 64 to 512
    seed: int = 1  # of the net, the sampled actions and the training environments
    device: Literal["cpu", "cuda"] = "cpu"  # of the environments and the net

    num_envs: int = 64  # environments that step together
    num_steps: int = 64  # steps of each of them between two updates
    total_steps: int = 1_000_000  # over all environments
    max_seconds: float = 900.0  # stops after this time, wall clock
    target_return: float = 0.95  # stops when an evaluation reaches this; 1 is perfect

    learning_rate: float = 1e-3
    num_epochs: int = 4  # passes over a rollout
    batch_size: int = 512  # steps of a minibatch
    ent_coef: float = 0.01  # weight of the entropy bonus
    # Weight of the value loss. Episodes pay 0..1, so errors of values are small: this
    # equals the usual 0.5 with rewards ten times as large.
    vf_coef: float = 50.0

    eval_every: int = 4  # rollouts between two greedy evaluations
    eval_episodes: int = 32  # of an evaluation, always the same ones
    json: Path | None = None  # file for the record of the run
    save: Path | None = None  # file for the best model, a zip


class Evaluation(BaseCallback):
    """Evaluates after every few updates, keeps the best policy, says when to stop."""

    def __init__(self, config: Config) -> None:
        """Makes the environments, which give NumPy arrays in both paths."""
        super().__init__()
        self.config = config
        self.envs = make_envs(config, config.eval_episodes, "numpy")
        self.start = time.perf_counter()
        self.updates = -1  # the first rollout comes before any
        self.goes_on = True
        self.curve: list[dict[str, float]] = []
        self.best: dict[str, float] = {"greedy_return": float("-inf")}
        self.best_weights: dict[str, Any] = {}

    def _on_rollout_start(self) -> None:
        self.updates += 1
        is_late = time.perf_counter() - self.start > self.config.max_seconds
        if is_late or (self.updates and self.updates % self.config.eval_every == 0):
            self.record()
            is_good = self.best["greedy_return"] >= self.config.target_return
            self.goes_on = not (is_late or is_good)

    def _on_step(self) -> bool:
        return self.goes_on

    def _on_training_end(self) -> None:
        if self.goes_on:
            self.record()
        self.model.policy.load_state_dict(self.best_weights)

    def record(self) -> None:
        """Evaluates and notes the result."""
        greedy = self.evaluate(EVAL_SEED)
        seconds = time.perf_counter() - self.start
        point = {"env_steps": self.num_timesteps, "seconds": seconds}
        self.curve.append(point | {"greedy_return": greedy})
        print(f"{self.num_timesteps} steps, {seconds:.0f} s, greedy {greedy:.3f}")
        if greedy > self.best["greedy_return"]:
            self.best = self.curve[-1]
            self.best_weights = copy.deepcopy(self.model.policy.state_dict())

    def evaluate(self, seed: int) -> float:
        """Mean return of greedy play, the same episodes for the same seed."""
        self.envs.seed(seed)
        mean, _ = evaluate_policy(self.model, self.envs, self.config.eval_episodes)
        return float(mean)  # type: ignore[arg-type]  # lists only if asked for


def make_envs(config: Config, num_envs: int, output: str) -> ArcadeSB3VecEnv:
    """Makes environments on the device of the run."""
    return ArcadeSB3VecEnv(
        config.env_id,
        num_envs,
        partial_obs=config.partial_obs,
        obs_size=config.obs_size,
        output=output,
        device="gpu" if config.device == "cuda" else "cpu",
    )


def make_model(config: Config) -> PPO:
    """Makes the learner and its environments: this is all that the paths differ in."""
    learner, output = {"stock": (PPO, "numpy"), "device": (DevicePPO, "torch")}[
        config.path
    ]
    return learner(
        "CnnPolicy",
        make_envs(config, config.num_envs, output),
        learning_rate=config.learning_rate,
        n_steps=config.num_steps,
        batch_size=config.batch_size,
        n_epochs=config.num_epochs,
        ent_coef=config.ent_coef,
        vf_coef=config.vf_coef,
        # Seed s gives lane i the seed s + i; in this way runs do not share any.
        seed=config.seed * config.num_envs,
        device=config.device,
    )


def new_record(config: Config) -> dict[str, Any]:
    """What tells a reader of the results how they were made."""
    packages = ("arcade-gym", "jax", "torch", "stable-baselines3", "gymnasium")
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in packages},
        "cores": os.cpu_count(),
        "config": {k: v for k, v in asdict(config).items() if not isinstance(v, Path)},
    }


def train(config: Config) -> dict[str, Any]:
    """Trains, evaluates now and then, and returns the record of the run."""
    evaluation = Evaluation(config)
    model = make_model(config)
    model.learn(config.total_steps, callback=evaluation)
    record = new_record(config) | {
        "curve": evaluation.curve,
        "best": evaluation.best,
        "best_on_new_episodes": evaluation.evaluate(TEST_SEED),
    }
    if config.save is not None:
        with replacing(config.save) as file:
            model.save(file)
    if config.json is not None:
        write_json(config.json, record)
    return record


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback
    try:
        print("best:", train(tyro.cli(Config))["best"])
    except OSError as error:  # a full disk, say: neither
        raise SystemExit(str(error)) from None
