"""Films of lanes of a batch, side by side, while a policy or a script plays."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import VectorEnv

from arcade_gym import interop
from arcade_gym.films import film
from arcade_gym.films.sheet import Frames, grid, title
from arcade_gym.lanes import arguments, chain
from jax_core import Environment
from jax_core.environment import select

Policy = Callable[[Any], Any]
"""Actions [num_envs] for observations [num_envs, height, width, 3]."""
Script = Callable[[Any, Any], Any]
"""An action for one environment's state and params; may look at what is hidden."""

FPS = 15


def save(
    path: str | Path,
    batches: Iterable[Frames],
    *,
    columns: int | None = None,
    caption: str = "",
    fps: int = FPS,
    scale: int | None = None,
) -> Path:
    """Writes a film of lanes as a grid.

    Args:
        path: ends in .gif or .mp4; an existing file is replaced.
        batches: one uint8 [lanes, height, width, 3] per picture of the film.
        columns: lanes beside each other; None makes the grid nearly square.
        caption: written above the grid.
        fps: pictures per second, 1 to 50.
        scale: whole factor of enlargement; None is 1 for GIF and 2 for MP4.

    Returns:
        The path. If `batches` raises, the file holds the film up to there.

    Raises:
        ValueError: a bad path, rate, scale or number of columns.
        ImportError: an MP4 without the extra `video`.
    """
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be None or at least 1, got {columns}")
    with closing(film.open_film(Path(path), fps=fps, scale=scale)) as opened:
        heading = None
        for frames in batches:
            picture = grid(frames, columns)
            if heading is None:
                heading = title(caption, picture.shape[1])
            opened.add(np.concatenate([heading, picture]))
    return opened.path


def watch(
    envs: VectorEnv,
    policy: Policy,
    *,
    num_steps: int,
    lanes: Sequence[int] | None = None,
    seed: int | None = None,
) -> Iterator[Frames]:
    """Plays a policy and yields the frames of chosen lanes: `num_steps + 1` batches.

    Args:
        envs: any vector environment whose observations are frames.
        policy: is given the observations as the environment hands them out.
        num_steps: steps after the reset.
        lanes: None is all of them.
        seed: of the reset.

    Raises:
        ValueError: there is no such lane, or observations are not frames.
    """
    chosen = np.arange(envs.num_envs) if lanes is None else np.asarray(lanes)
    if chosen.size == 0 or chosen.min() < 0 or chosen.max() >= envs.num_envs:
        raise ValueError(
            f"lanes must be some of 0..{envs.num_envs - 1}, got {chosen.tolist()}"
        )
    space = envs.single_observation_space
    if space.dtype != np.uint8 or len(space.shape or ()) != 3:
        raise ValueError(
            f"observations must be frames, uint8 [height, width, 3], got {space}. Film "
            "the environment without wrappers, and let the policy change what it sees"
        )
    return _watch(envs, policy, num_steps, chosen, seed)


def _watch(
    envs: VectorEnv, policy: Policy, num_steps: int, lanes: np.ndarray, seed: int | None
) -> Iterator[Frames]:
    obs, _ = envs.reset(seed=seed)
    yield _to_host(obs, lanes)
    for _ in range(num_steps):
        obs, *_ = envs.step(policy(obs))
        yield _to_host(obs, lanes)


def _to_host(obs: Any, lanes: np.ndarray) -> Frames:
    chosen = obs[lanes]
    return np.asarray(chosen.cpu() if interop.is_torch(chosen) else chosen)


def watch_script(
    env: Environment, act: Script, *, num_steps: int, num_lanes: int = 4, seed: int = 0
) -> Iterator[Frames]:
    """Plays a script that sees the state: yields `num_steps + 1` batches of frames.

    Lane i plays the episodes of the seed `seed + i`, as the adapter does. The last
    frame of an episode is shown, and the step after it starts the next one.

    Args:
        env: from `jax_core.make`.
        act: `act(state, params) -> action`, for one environment and traceable.
        num_steps: steps after the reset.
        num_lanes: environments, all of them filmed.
        seed: of lane 0.
    """

    def step(key: Any, state: Any, ended: Any) -> Any:
        action = jnp.asarray(act(state, env.default_params), jnp.int32)
        next_key, transition = chain.advance(env, key, state, action)
        _, fresh = chain.restart(env, key)
        state = select(ended, fresh, transition.state)
        return next_key, state, transition.done & ~ended

    seeds = arguments.seeds(seed, num_lanes)[0]
    start = jax.jit(jax.vmap(lambda seed: (*chain.start(env, seed), jnp.bool_(False))))
    advance, draw = jax.jit(jax.vmap(step)), jax.jit(jax.vmap(env.get_obs))
    lanes = start(seeds)
    yield np.asarray(draw(lanes[1]))
    for _ in range(num_steps):
        lanes = advance(*lanes)
        yield np.asarray(draw(lanes[1]))


def random_policy(envs: VectorEnv, seed: int) -> Policy:
    """Draws every action uniformly."""
    rng = np.random.default_rng(seed)
    num_actions = int(envs.single_action_space.n)  # type: ignore[attr-defined]  # Discrete
    return lambda obs: rng.integers(num_actions, size=envs.num_envs)
