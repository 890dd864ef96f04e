"""PPO in JAX: rollouts, updates and evaluations in one compiled program.

    python examples/ppo_jax.py --env-id CartPoleEasy

The algorithm, options and defaults are those of ppo_torch.py. The host only starts the
program and hears once per evaluation how far it is. Source: Schulman et al. 2017 (PPO),
Schulman et al. 2016 (GAE).
"""

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
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn
from jax.experimental import io_callback
from jaxtyping import Array, Bool, Float32, Int32, Key, UInt8

try:
    import optax
    import tyro
    from optax import softmax_cross_entropy_with_integer_labels as cross_entropy
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: pip install 'arcade-gym[examples]'") from error

import jax_core
from arcade_gym.whole_files import write_json
from jax_core import Environment
from jax_core.environment import select

EVAL_SEED = 2**31  # of the evaluations that choose the best network
TEST_SEED = 2**31 + 2**30  # of the one evaluation of that network at the end

CONVOLUTIONS = ((8, 4, 16), (4, 2, 32), (3, 2, 32))  # side of kernel, stride, features

Frames = UInt8[Array, "*batch height width 3"]
Scalar = Float32[Array, ""]
PerLane = Float32[Array, " lanes"]
PerStep = Float32[Array, "time lanes"]
Tree = dict[str, Any]
Net = list[tuple[Array, Array]]  # weights and biases of the layers


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of a run."""

    env_id: str = "CartPoleEasy"  # its name says the level
    partial_obs: bool = False  # the partial view; note that this net has no memory
    obs_size: int = 64  # pixels of a side of a frame, 64 to 512
    seed: int = 1  # of everything

    num_envs: int = 128  # environments that step together
    num_steps: int = 64  # steps of each of them between two updates
    total_steps: int = 2_000_000  # over all environments
    max_seconds: float = 600.0  # stops after this time, wall clock
    target_return: float = 0.999  # stops when an evaluation reaches this; 1 is perfect

    learning_rate: float = 1e-3  # falls linearly to 0 over total_steps
    gamma: float = 0.99  # discount per step
    gae_lambda: float = 0.95  # decay of the advantage estimates
    reward_scale: float = 10.0  # episodes pay 0..1, which is little for a net
    num_minibatches: int = 16  # equal parts of a rollout; a remainder is left out
    update_epochs: int = 4  # passes over a rollout
    clip_coef: float = 0.2  # relative change of a probability that still pays
    ent_coef: float = 0.01  # weight of the entropy bonus
    vf_coef: float = 0.5  # weight of the value loss
    max_grad_norm: float = 0.5  # longer gradients are shortened

    eval_every: int = 20  # iterations between two greedy evaluations
    eval_episodes: int = 64  # of an evaluation, always the same ones
    json: Path | None = None  # file for the record of the run

    @property
    def batch_size(self) -> int:
        """Environment steps of an iteration."""
        return self.num_envs * self.num_steps

    @property
    def num_rounds(self) -> int:
        """Evaluations of a run that is not stopped earlier."""
        return max(1, self.total_steps // (self.batch_size * self.eval_every))


def new_net(obs_size: int, num_actions: int, key: Key[Array, ""]) -> Net:
    """Weights of three convolutions, a hidden layer, and two heads."""
    shapes, side, depth = [], obs_size, 3
    for kernel, stride, features in CONVOLUTIONS:
        shapes.append((kernel, kernel, depth, features))
        side, depth = (side - kernel) // stride + 1, features
    shapes += [(side * side * depth, 256), (256, num_actions), (256, 1)]
    gains = (*4 * (2**0.5,), 0.01, 1.0)
    keys = jax.random.split(key, len(shapes))
    return [
        (nn.initializers.orthogonal(gain)(key, shape), jnp.zeros(shape[-1]))
        for gain, key, shape in zip(gains, keys, shapes, strict=True)
    ]


def apply(net: Net, obs: Frames) -> tuple[Float32[Array, "lanes actions"], PerLane]:
    """Gives logits of the actions and values of the frames."""
    *convolutions, hidden, actor, critic = net
    pixels = obs.astype(jnp.float32) / 255
    for (_, stride, _), (weights, bias) in zip(CONVOLUTIONS, convolutions, strict=True):
        pixels = nn.relu(_convolved(pixels, weights, stride) + bias)
    features = nn.relu(pixels.reshape(len(obs), -1) @ hidden[0] + hidden[1])
    return features @ actor[0] + actor[1], (features @ critic[0] + critic[1])[:, 0]


def _convolved(pixels: Array, weights: Array, stride: int) -> Array:
    # As one matrix product: on a CPU, XLA runs the gradients of its convolutions
    # several times slower when they stand in a loop.
    size = len(weights)
    span = pixels.shape[1] - size + 1
    patches = [
        pixels[:, row : row + span : stride, col : col + span : stride]
        for row, col in np.ndindex(size, size)
    ]
    return jnp.concatenate(patches, axis=-1) @ weights.reshape(-1, weights.shape[-1])


class Lanes(NamedTuple):
    """Where the environments stand."""

    state: Any  # of the game
    obs: Frames  # the picture of `state`
    ended: Bool[Array, " lanes"]  # `state` is the last one of its episode


class Rollout(NamedTuple):
    """Steps of all lanes; every leaf begins with the axes time and lanes.

    The step after the end of an episode is a *dummy* (Gymnasium's NextStep autoreset):
    it pays 0 and leads from the last frame to the first frame of the next episode. So
    the value of a last frame is known, and every step draws one picture only.
    """

    obs: Frames
    dummy: Bool[Array, "time lanes"]
    action: Int32[Array, "time lanes"]
    log_prob: PerStep
    value: PerStep
    reward: PerStep  # unscaled
    terminated: Bool[Array, "time lanes"]
    ended: Bool[Array, "time lanes"]  # terminated or truncated


class Progress(NamedTuple):
    """What the training loop carries from one evaluation to the next."""

    carry: tuple[Any, Lanes]  # of `iterate`
    best_net: Net
    best_return: Scalar
    rounds: Int32[Array, ""]  # finished so far
    goes_on: Bool[Array, ""]


def restart(env: Environment, num_envs: int, key: Key[Array, ""]) -> Lanes:
    """Starts an episode in every lane."""
    obs, state = jax.vmap(env.reset)(jax.random.split(key, num_envs))
    return Lanes(state, obs, jnp.zeros(num_envs, jnp.bool_))


def collect(
    env: Environment, net: Net, lanes: Lanes, keys: Key[Array, " time"]
) -> tuple[Lanes, Rollout]:
    """Plays one step for each key, from where the last rollout ended."""

    def step(lanes: Lanes, step_key: Key[Array, ""]) -> tuple[Lanes, Rollout]:
        action_key, reset_key, move_key = jax.random.split(step_key, 3)
        logits, value = apply(net, lanes.obs)
        action = jax.random.categorical(action_key, logits).astype(jnp.int32)
        fresh = jax.vmap(env.init)(jax.random.split(reset_key, len(action)))
        move_keys = jax.random.split(move_key, len(action))
        moved = jax.vmap(env.transition)(move_keys, lanes.state, action)
        dummy = lanes.ended
        state = jax.vmap(select)(dummy, fresh, moved.state)
        reward = jnp.where(dummy, 0.0, moved.reward)
        terminated = moved.terminated & ~dummy
        ended = (moved.terminated | moved.truncated) & ~dummy
        log_prob = -cross_entropy(logits, action)
        result = (action, log_prob, value, reward, terminated, ended)
        # Stacked are the frames before the step: XLA would draw those after it inside
        # the stacking, on one core of a CPU (a `lax.cond` would keep them apart).
        after = Lanes(state, jax.vmap(env.get_obs)(state), ended)
        return after, Rollout(lanes.obs, dummy, *result)

    return lax.scan(step, lanes, keys)


def advantages(rollout: Rollout, last_value: PerLane, config: Config) -> PerStep:
    """Generalised advantage estimates, computed backwards; 0 in dummy steps.

    A terminated step bootstraps from nothing, a truncated one from the value of its
    final frame. Neither looks further, so the dummy behind them reaches no other step.
    """

    def backwards(carry: tuple[Any, Any], step: Rollout) -> tuple[Any, Any]:
        following, next_value = carry
        bootstrap = config.gamma * jnp.where(step.terminated, 0.0, next_value)
        error = config.reward_scale * step.reward + bootstrap - step.value
        following = jnp.where(step.ended, 0.0, following)
        advantage = error + config.gamma * config.gae_lambda * following
        return (advantage, step.value), jnp.where(step.dummy, 0.0, advantage)

    start = (jnp.zeros_like(last_value), last_value)
    return lax.scan(backwards, start, rollout._replace(obs=None), reverse=True)[1]


def loss(net: Net, batch: Tree, config: Config) -> tuple[Scalar, Tree]:
    """PPO's clipped loss, and its parts for the log; dummies do not count."""
    mean = partial(jnp.mean, where=~batch["dummy"])
    logits, value = apply(net, batch["obs"])
    log_probs = nn.log_softmax(logits)
    ratio = jnp.exp(-cross_entropy(logits, batch["action"]) - batch["log_prob"])
    clipped = jnp.clip(ratio, 1 - config.clip_coef, 1 + config.clip_coef)
    centred = batch["advantage"] - mean(batch["advantage"])
    advantage = centred / (jnp.sqrt(mean(centred**2)) + 1e-8)
    parts = {
        "policy_loss": mean(-jnp.minimum(ratio * advantage, clipped * advantage)),
        "value_loss": mean(0.5 * (value - batch["value"] - batch["advantage"]) ** 2),
        "entropy": mean(-(jnp.exp(log_probs) * log_probs).sum(1)),
        "clip_fraction": mean((ratio != clipped).astype(jnp.float32)),
    }
    regularised = parts["policy_loss"] - config.ent_coef * parts["entropy"]
    return regularised + config.vf_coef * parts["value_loss"], parts


def make_optimizer(config: Config) -> optax.GradientTransformation:
    """Adam on shortened gradients, at a rate that falls with every update."""
    updates = config.num_rounds * config.eval_every * config.update_epochs
    updates *= config.num_minibatches
    rate = optax.linear_schedule(config.learning_rate, 0.0, updates)
    shorten = optax.clip_by_global_norm(config.max_grad_norm)
    return optax.chain(shorten, optax.adam(rate))


def iterate(
    env: Environment, config: Config, carry: tuple[Any, Lanes], key: Key[Array, ""]
) -> tuple[tuple[Any, Lanes], Tree]:
    """Collects one rollout and learns from it; gives the parts of the last loss."""
    learner, lanes = carry
    play_key, update_key = jax.random.split(key)
    keys = jax.random.split(play_key, config.num_steps)
    lanes, rollout = collect(env, learner[0], lanes, keys)
    advantage = advantages(rollout, apply(learner[0], lanes.obs)[1], config)
    steps = rollout._asdict() | {"advantage": advantage}
    steps = {name: leaf.reshape(-1, *leaf.shape[2:]) for name, leaf in steps.items()}

    def minibatch(learner: Any, chosen: Int32[Array, " batch"]) -> tuple[Any, Tree]:
        net, state = learner
        batch = {name: leaf[chosen] for name, leaf in steps.items()}
        gradient, parts = jax.grad(loss, has_aux=True)(net, batch, config)
        change, state = make_optimizer(config).update(gradient, state)
        return (optax.apply_updates(net, change), state), parts

    shuffled = partial(jax.random.permutation, x=config.batch_size)
    order = jax.vmap(shuffled)(jax.random.split(update_key, config.update_epochs))
    size = config.batch_size // config.num_minibatches
    order = order[:, : size * config.num_minibatches].reshape(-1, size)
    learner, parts = lax.scan(minibatch, learner, order)
    return (learner, lanes), {name: values[-1] for name, values in parts.items()}


def evaluate(env: Environment, net: Net, episodes: int, seed: int) -> Scalar:
    """Mean return of greedy play over the first episode of every lane."""
    start_key, play_key = jax.random.split(jax.random.key(seed))

    def step(carry: tuple[Any, Lanes, Any]) -> tuple[Any, Lanes, Any]:
        key, lanes, total = carry
        key, step_key = jax.random.split(key)
        action = apply(net, lanes.obs)[0].argmax(1)
        keys = jax.random.split(step_key, episodes)
        obs, state, reward, done, _ = jax.vmap(env.step)(keys, lanes.state, action)
        total += jnp.where(lanes.ended, 0.0, reward)
        return key, Lanes(state, obs, lanes.ended | done), total

    start = (play_key, restart(env, episodes, start_key), jnp.zeros(episodes))
    return lax.while_loop(lambda carry: ~carry[1].ended.all(), step, start)[2].mean()


@partial(jax.jit, static_argnames=("config", "report"))
def learn(config: Config, report: Callable[..., Any], key: Key[Array, ""]) -> Scalar:
    """The whole run: gives the mean return of the best net on new episodes.

    After every evaluation the host calls `report`, which says whether to go on.
    """
    options = {"partial_obs": config.partial_obs, "obs_size": config.obs_size}
    env, _ = jax_core.make(config.env_id, **options)
    net_key, lanes_key, play_key = jax.random.split(key, 3)
    keys = jax.random.split(play_key, (config.num_rounds, config.eval_every))

    def play_round(now: Progress) -> Progress:
        step = partial(iterate, env, config)
        carry, parts = lax.scan(step, now.carry, keys[now.rounds])
        net = carry[0][0]
        greedy = evaluate(env, net, config.eval_episodes, EVAL_SEED)
        rounds = now.rounds + 1
        wanted = io_callback(report, jnp.bool_(True), rounds, greedy, parts)
        best_net = select(greedy > now.best_return, net, now.best_net)
        best = jnp.maximum(greedy, now.best_return)
        return Progress(carry, best_net, best, rounds, wanted & (rounds < len(keys)))

    net = new_net(env.obs_size, env.num_actions, net_key)
    learner = (net, make_optimizer(config).init(net))
    carry = (learner, restart(env, config.num_envs, lanes_key))
    worst = jnp.float32(-jnp.inf)
    start = Progress(carry, net, worst, jnp.int32(0), jnp.bool_(True))
    end = lax.while_loop(lambda now: now.goes_on, play_round, start)
    return evaluate(env, end.best_net, config.eval_episodes, TEST_SEED)


def train(config: Config) -> dict[str, Any]:
    """Runs the program and returns its record."""
    start = time.perf_counter()
    record: dict[str, Any] = {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in ("arcade-gym", "jax", "optax")},
        "device": str(jax.devices()[0]),
        "cores": os.cpu_count(),
        "config": {k: v for k, v in asdict(config).items() if not isinstance(v, Path)},
        "curve": [],
    }

    def report(rounds: Any, greedy: Any, parts: Tree) -> np.bool_:
        seconds = time.perf_counter() - start
        env_steps = int(rounds) * config.batch_size * config.eval_every
        print(f"{env_steps} steps, {seconds:.0f} s, greedy {greedy:.3f}", flush=True)
        scalars = {name: float(values[-1]) for name, values in parts.items()}
        scalars |= {"greedy_return": float(greedy), "seconds": seconds}
        record["curve"].append({"env_steps": env_steps, **scalars})
        return np.bool_(seconds < config.max_seconds and greedy < config.target_return)

    tested = learn(config, report, jax.random.key(config.seed))
    record["best_on_new_episodes"] = float(tested)  # waits for the program
    record["best"] = max(record["curve"], key=lambda point: point["greedy_return"])
    if config.json is not None:
        write_json(config.json, record)
    return record


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback
    try:
        print("best:", train(tyro.cli(Config))["best"])
    except OSError as error:  # a full disk, say: neither
        raise SystemExit(str(error)) from None
