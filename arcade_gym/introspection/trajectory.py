"""Recorded episodes: every state, frame, action and reward of one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from arcade_gym.baselines.evaluation import with_noise
from arcade_gym.lanes import chain
from jax_core import Environment
from jax_core.game import Visibility
from jax_core.types import Key

NO_ACTION = -1
"""Stands for the action before the first frame."""

Watch = Callable[[Iterable[Any]], Iterable[Any]]
"""Passes on what is worked at, one after the other; `iter` does no more than that."""

Frames = UInt8[np.ndarray, "frames side side 3"]


@dataclass(frozen=True)
class Trajectory:
    """One episode, or its beginning: n steps and n + 1 frames, the last one included.

    Attributes:
        env: the game, and the view that the network saw.
        seed: of the episode that `arcade-gym play --seed` plays, if it began with one.
        states: of the game, [n + 1, ...] each leaf.
        obs: what the network saw.
        action: the action after each frame but the last, 0..4.
        reward: of each action.
        ended: "terminated" by the rules, "truncated" by the step limit, or None where
            recording stopped before the end.
    """

    env: Environment
    seed: int | None
    states: Any
    obs: Frames
    action: Int32[np.ndarray, " steps"]
    reward: Float32[np.ndarray, " steps"]
    ended: str | None

    def __len__(self) -> int:
        """Steps."""
        return len(self.action)

    @property
    def last_action(self) -> Int32[np.ndarray, " frames"]:
        """What led to each frame; -1 before the first."""
        return np.append(np.int32(NO_ACTION), self.action).astype(np.int32)

    @property
    def first(self) -> Bool[np.ndarray, " frames"]:
        """Where an episode begins."""
        return self.last_action == NO_ACTION

    def seen_in(self, view: Visibility | str) -> Frames:
        """The same states drawn in a view, "full" or "partial"."""
        env = replace(self.env, visibility=Visibility(view))
        return np.asarray(_draw_all(env, self.states))


def record_trajectory(
    network: Any,
    env: Environment,
    seed: int,
    *,
    max_steps: int | None = None,
    sample: bool = False,
) -> Trajectory:
    """Plays one episode and keeps all of it.

    Args:
        network: anything with `initial_carry()` that is called with carry, obs,
            last_action and first of one lane and gives the carry and scores of the
            actions (Q-values or logits) first.
        env: the game and the view that the network sees.
        seed: of the episode, 0..2**32 - 1; the same that `evaluate` plays.
        max_steps: stops there, if the episode has not ended before.
        sample: draws actions with the probabilities that the scores are logits of,
            instead of taking the best. Q-values are no logits.

    Raises:
        ValueError: `max_steps` is below 1.
    """
    key, state = _start(env, jnp.uint32(seed))
    episode = record_from(network, env, key, state, max_steps=max_steps, sample=sample)
    return replace(episode, seed=int(seed))


def record_from(  # where an episode begins is two things
    network: Any,
    env: Environment,
    key: Key,
    state: Any,
    *,
    max_steps: int | None = None,
    sample: bool = False,
) -> Trajectory:
    """The same from any state on, with an empty memory.

    Args:
        network: as in `record_trajectory`.
        env: the game and the view that the network sees.
        key: of the chain that the steps draw from (`arcade_gym.lanes.chain`).
        state: the first one.
        max_steps: stops there, if the episode has not ended before.
        sample: as in `record_trajectory`.

    Returns:
        The trajectory; its `seed` is None.

    Raises:
        ValueError: `max_steps` is below 1.
    """
    if max_steps is not None and max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}")
    now = _Now(network.initial_carry(), key, state, _draw(env, state), NO_ACTION)
    states, frames, steps, ended = [state], [now.frame], [], None
    while ended is None and len(steps) != max_steps:
        now, step = _play(network, env, now, jnp.bool_(sample))
        states.append(now.state)
        frames.append(now.frame)
        steps.append(step)
        if step.terminated or step.truncated:
            ended = "terminated" if step.terminated else "truncated"
    return Trajectory(
        env=env,
        seed=None,
        states=jax.tree.map(lambda *leaves: np.stack(leaves), *states),
        obs=np.stack(frames),
        action=np.array([step.action for step in steps], np.int32),
        reward=np.array([step.reward for step in steps], np.float32),
        ended=ended,
    )


def check_played(episodes: Sequence[Trajectory]) -> None:
    """Refuses episodes without a decision to ask about.

    Raises:
        ValueError: there is no episode, or one has no step.
    """
    if not episodes:
        raise ValueError("episodes must hold at least one trajectory")
    empty = [number for number, episode in enumerate(episodes) if not len(episode)]
    if empty:
        raise ValueError(
            f"episodes must have at least one step, and number {empty[0]} of "
            f"{len(episodes)} has none; record it with max_steps of 1 or more"
        )


class _Now(eqx.Module):
    """Before an action."""

    carry: Any
    key: Any
    state: Any
    frame: Any
    last_action: Any


class _Step(eqx.Module):
    """An action and its outcome."""

    action: Any
    reward: Any
    terminated: Any
    truncated: Any


@eqx.filter_jit
def _start(env: Environment, seed: Any) -> tuple[Any, Any]:
    return chain.start(env, seed)


@eqx.filter_jit
def _draw(env: Environment, state: Any) -> Any:
    return env.get_obs(state)


@eqx.filter_jit
def _draw_all(env: Environment, states: Any) -> Any:
    return jax.vmap(env.get_obs)(states)


@eqx.filter_jit
def _play(network: Any, env: Environment, now: _Now, sample: Any) -> tuple[_Now, _Step]:
    last_action = jnp.int32(now.last_action)[None]
    row = now.frame[None], last_action, last_action == NO_ACTION
    carry, scores, *_ = network(now.carry, *row)
    noisy = with_noise(jax.random.key_data(now.key), scores[0])
    action = jnp.where(sample, noisy, scores[0]).argmax().astype(jnp.int32)
    key, played = chain.advance(env, now.key, now.state, action)
    after = _Now(carry, key, played.state, env.get_obs(played.state), action)
    return after, _Step(action, played.reward, played.terminated, played.truncated)
