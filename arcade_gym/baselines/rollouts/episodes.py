"""Statistics of episodes, counted on the device."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32, Int32

from arcade_gym.baselines import collective

Flags = Bool[Array, " lanes"]
Floats = Float32[Array, " lanes"]
Counts = Int32[Array, " lanes"]
Metrics = dict[str, Float32[Array, ""]]


class EpisodeStats(NamedTuple):
    """What was seen of each lane; the first two fields are of the present episode."""

    episode_return: Floats
    length: Counts
    episodes: Counts  # that ended since the last `restart`
    return_sum: Floats
    return_min: Floats
    return_max: Floats
    length_sum: Floats
    truncated: Counts  # episodes that ended by the step limit alone
    dummies: Counts  # rows that showed a final frame


def blank(num_envs: int) -> EpisodeStats:
    """Statistics of lanes that have not played yet."""
    zeros, none = jnp.zeros(num_envs, jnp.float32), jnp.zeros(num_envs, jnp.int32)
    return EpisodeStats(
        episode_return=zeros,
        length=none,
        episodes=none,
        return_sum=zeros,
        return_min=jnp.full(num_envs, jnp.inf, jnp.float32),
        return_max=jnp.full(num_envs, -jnp.inf, jnp.float32),
        length_sum=zeros,
        truncated=none,
        dummies=none,
    )


def restart(stats: EpisodeStats) -> EpisodeStats:
    """Forgets the episodes that ended, and goes on with those that have not."""
    fresh = blank(len(stats.episodes))
    return fresh._replace(episode_return=stats.episode_return, length=stats.length)


def record(
    stats: EpisodeStats, reward: Floats, terminated: Flags, ended: Flags, dummy: Flags
) -> EpisodeStats:
    """Adds one row; a dummy row starts the next episode."""
    episode_return = jnp.where(dummy, 0.0, stats.episode_return + reward)
    length = jnp.where(dummy, 0, stats.length + 1)
    best = jnp.maximum(stats.return_max, episode_return)
    worst = jnp.minimum(stats.return_min, episode_return)
    return EpisodeStats(
        episode_return=episode_return,
        length=length,
        episodes=stats.episodes + ended.astype(jnp.int32),
        return_sum=stats.return_sum + jnp.where(ended, episode_return, 0.0),
        return_min=jnp.where(ended, worst, stats.return_min),
        return_max=jnp.where(ended, best, stats.return_max),
        length_sum=stats.length_sum + jnp.where(ended, length, 0).astype(jnp.float32),
        truncated=stats.truncated + (ended & ~terminated).astype(jnp.int32),
        dummies=stats.dummies + dummy.astype(jnp.int32),
    )


def summarise(stats: EpisodeStats) -> Metrics:
    """Numbers of all lanes on all devices; nan for means of no episodes."""
    sums = collective.total(
        jax.tree.map(lambda leaf: leaf.sum().astype(jnp.float32), stats)
    )
    some = sums.episodes > 0
    mean = {
        "return_mean": sums.return_sum / sums.episodes,
        "return_min": collective.least(stats.return_min),
        "return_max": collective.most(stats.return_max),
        "length_mean": sums.length_sum / sums.episodes,
        "truncated": sums.truncated / sums.episodes,
    }
    metrics = {name: jnp.where(some, value, jnp.nan) for name, value in mean.items()}
    return metrics | {"episodes": sums.episodes, "dummies": sums.dummies}
