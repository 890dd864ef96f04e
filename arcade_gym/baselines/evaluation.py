"""Evaluations: complete episodes of fixed seeds, in either view of a game."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float32, Int32, UInt32

from arcade_gym.baselines.rollouts import forward
from arcade_gym.baselines.rollouts import lanes as lanes_module
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import seen_by
from arcade_gym.lanes.arguments import MAX_SEED
from jax_core import Environment, compiler_options, random, registry
from jax_core.game import Visibility
from jax_core.types import Flag

EVAL_SEED = 2**31
"""The first of the seeds whose episodes choose the best network of a run."""
TEST_SEED = 2**31 + 2**30
"""The first of the seeds whose episodes are reported; no run chooses by them."""

_SAMPLING = 2
"""Folded into the keys that sample actions, which so differ from the chains."""


@dataclass(frozen=True)
class EpisodeTable:
    """Complete episodes, one for each seed, in the order of the seeds."""

    seeds: np.ndarray  # uint32 [episodes]
    returns: np.ndarray  # float32 [episodes]
    lengths: np.ndarray  # int32 [episodes], in steps
    truncated: np.ndarray  # bool [episodes]: ended by the step limit alone

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean(dtype=np.float64))


def evaluation_seeds(episodes: int, first: int = TEST_SEED) -> np.ndarray:
    """Seeds of an evaluation: `first` and those that follow, uint32 [episodes]."""
    return np.arange(first, first + episodes, dtype=np.int64).astype(np.uint32)


def evaluate(
    network: Any,
    env: Environment,
    *,
    seeds: Sequence[int] | np.ndarray,
    sample: bool = False,
    num_envs: int = 64,
) -> EpisodeTable:
    """Plays the first episode of each seed to its end.

    The episode of a seed is the one that `arcade-gym play --seed` plays.

    Args:
        network: anything with `initial_carry()` that is called with carry, obs,
            last_action and first of one lane and gives the carry and scores of the
            actions (Q-values or logits) first.
        env: the game and its view.
        seeds: of the key chains, in 0..2**32 - 1.
        sample: draws actions with the probabilities that the scores are logits of,
            instead of taking the best. Q-values are no logits.
        num_envs: episodes that are played together; changes no result.

    Raises:
        ValueError: no seeds, or seeds out of range.
    """
    seeds = _checked(seeds)
    size = min(num_envs, len(seeds))
    padding = -len(seeds) % size
    batches = np.append(seeds, seeds[:padding]).reshape(-1, size)
    network = on_one_device(network)
    played = [_play(network, env, jnp.asarray(batch), sample) for batch in batches]
    joined = [
        np.concatenate(parts)[: len(seeds)] for parts in zip(*played, strict=True)
    ]
    return EpisodeTable(seeds, *joined)


def cross_evaluate(
    network: Any,
    env_id: str,
    obs_size: int,
    *,
    seeds: Sequence[int] | np.ndarray,
    sample: bool = False,
) -> dict[Visibility, EpisodeTable]:
    """Evaluates one policy in both views of the same episodes' first states.

    Args:
        network: as in `evaluate`.
        env_id: a level, "BreakoutEasy".
        obs_size: pixels of a side of a frame.
        seeds: as in `evaluate`.
        sample: as in `evaluate`.

    Returns:
        A table for each view; "full" and "partial" are keys as well.
    """
    env, _ = registry.make(env_id, obs_size=obs_size)
    return {
        view: evaluate(
            network, replace(env, visibility=view), seeds=seeds, sample=sample
        )
        for view in Visibility
    }


def on_one_device(tree: Any) -> Any:
    """Takes this process's first copy of arrays that every device has."""

    def first(leaf: Any) -> Any:
        if isinstance(leaf, jax.Array) and len(leaf.sharding.device_set) > 1:
            return leaf.addressable_data(0)
        return leaf

    return jax.tree.map(first, tree)


class _Progress(NamedTuple):
    lanes: Lanes
    done: Bool[Array, " lanes"]
    returns: Float32[Array, " lanes"]
    lengths: Int32[Array, " lanes"]
    truncated: Bool[Array, " lanes"]


def _play(
    network: Any, env: Environment, seeds: Array, sample: bool
) -> list[np.ndarray]:
    results = _compiled()(network, env, seeds, jnp.bool_(sample))
    return [np.asarray(leaf) for leaf in results]


@functools.cache
def _compiled() -> Any:
    jit: Any = eqx.filter_jit  # its type hides the options of `jax.jit`
    return jit(_first_episodes, compiler_options=compiler_options())


def _first_episodes(network: Any, env: Environment, seeds: Array, sample: Flag) -> Any:
    size = len(seeds)
    carry = jax.tree.map(
        lambda leaf: jnp.broadcast_to(leaf, (size, *leaf.shape)),
        network.initial_carry(),
    )
    start = _Progress(
        lanes=lanes_module.start(env, carry, seeds),
        done=jnp.zeros(size, jnp.bool_),
        returns=jnp.zeros(size, jnp.float32),
        lengths=jnp.zeros(size, jnp.int32),
        truncated=jnp.zeros(size, jnp.bool_),
    )
    row = functools.partial(_row, network, env, sample)
    end = lax.while_loop(lambda now: ~now.done.all(), row, start)
    return end.returns, end.lengths, end.truncated


def _row(network: Any, env: Environment, sample: Flag, now: _Progress) -> _Progress:
    lanes = now.lanes
    carry, (scores, *_) = forward.one_row(network, lanes.carry, seen_by(lanes))
    # A number of the program, so that both ways share one compilation.
    noisy = jax.vmap(with_noise)(lanes.key, scores)
    scores = jnp.where(sample, noisy, scores)
    action = scores.argmax(-1).astype(jnp.int32)
    lanes, outcome = lanes_module.advance(env, lanes, action, carry)
    goes_on = ~now.done
    return _Progress(
        lanes=lanes,
        done=now.done | outcome.ended,
        returns=now.returns + jnp.where(goes_on, outcome.reward, 0.0),
        lengths=now.lengths + goes_on.astype(jnp.int32),
        truncated=now.truncated | (goes_on & outcome.ended & ~outcome.terminated),
    )


def with_noise(
    chain: UInt32[Array, " words"], scores: Float32[Array, " actions"]
) -> Float32[Array, " actions"]:
    """Scores of which the highest one is drawn with the probabilities of a softmax.

    Args:
        chain: the key of a lane before its step, which changes in each.
        scores: logits of one lane.
    """
    key = jax.random.fold_in(jax.random.wrap_key_data(chain), _SAMPLING)
    least = float(jnp.finfo(jnp.float32).tiny)
    return scores - jnp.log(-jnp.log(random.uniform(key, scores.shape, minval=least)))


def _checked(seeds: Sequence[int] | np.ndarray) -> np.ndarray:
    wide = np.asarray(seeds)
    is_integer = np.issubdtype(wide.dtype, np.integer)
    if wide.ndim != 1 or not len(wide) or not is_integer:
        raise ValueError(
            "seeds must be a sequence of at least one integer, got "
            f"{wide.dtype}{list(wide.shape)}"
        )
    if wide.min() < 0 or wide.max() > MAX_SEED:
        raise ValueError(
            f"seeds must be from 0 to {MAX_SEED}, got {wide.min()} to {wide.max()}"
        )
    return wide.astype(np.uint32)
