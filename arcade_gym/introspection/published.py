"""Saliency maps under the names and in the shapes of the published package."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from arcade_gym.introspection import figures
from arcade_gym.introspection.saliency import signed_gradients
from arcade_gym.introspection.trajectory import Trajectory, record_from
from arcade_gym.lanes import chain
from jax_core import random, registry
from jax_core.types import AnyKey

Maps = Sequence[Float[np.ndarray, "_ 1 _ _ 3"]]


def get_saliency_maps(
    seed: int | AnyKey,
    model: Any,
    config: Mapping[str, Any],
    max_steps: int = 5,
) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Plays the first steps of an episode greedily and differentiates every decision.

    Args:
        seed: of the episode, or a key.
        model: a network of values, `QNetworkRNN`.
        config: ENV_NAME, a level; PARTIAL, whether it is seen partially; OBS_SIZE, the
            side of a frame in pixels. Other entries are not read.
        max_steps: decisions, fewer where the episode ends before.

    Returns:
        Gradients of the sum of all values with respect to pixels in 0..1, those of
        decision i [i + 1, 1, side, side, 3]; the frames in 0..1, [steps + 1, 1, side,
        side, 3]; and the sum of each of the first over its frames.

    Raises:
        KeyError: an entry of `config` is missing.
        ValueError: an unknown level, or no step.
    """
    missing = [
        name for name in ("ENV_NAME", "PARTIAL", "OBS_SIZE") if name not in config
    ]
    if missing:
        raise KeyError(f"config needs {', '.join(missing)}")
    env, _ = registry.make(
        config["ENV_NAME"], partial_obs=config["PARTIAL"], obs_size=config["OBS_SIZE"]
    )
    key = (
        jax.random.key(seed)
        if isinstance(seed, (int, np.integer))
        else random.typed(seed)
    )
    chained, state = chain.restart(env, key)
    episode = record_from(model, env, chained, state, max_steps=max_steps)
    gradients = [_gradient(model, episode, at) for at in range(len(episode))]
    frames = episode.obs[:, None].astype(np.float32) / 255
    return gradients, frames, [one.sum(0) for one in gradients]


def vis_fn(  # the published parameters
    maps: Maps,
    obs_seq: Float[np.ndarray, "frames 1 side side 3"],
    config: Mapping[str, Any],
    cmap: str = "hot",
    mode: str = "line",
    use_latex: bool = True,
) -> Any:
    """Draws what the last decision, or every decision, changes with.

    Writes a PDF into the present folder: ENV_NAME_PARTIAL=.._SEED=.., with MEMORY_TYPE
    before it in the mode "grid".

    Args:
        maps: as `get_saliency_maps` returns them.
        obs_seq: the frames, in 0..1.
        config: ENV_NAME, PARTIAL and SEED, which name the file, and MEMORY_TYPE.
        cmap: colors of matplotlib.
        mode: "line", the last decision, or "grid", all of them.
        use_latex: sets text with LaTeX, which must be installed.

    Returns:
        The figure of matplotlib.

    Raises:
        ValueError: an unknown mode.
        RuntimeError: LaTeX is asked for and not installed.
    """
    if mode not in figures.MODES:
        raise ValueError(registry.unknown("mode", mode, figures.MODES))
    if use_latex and not shutil.which("latex"):
        raise RuntimeError("use_latex=True needs LaTeX: install it, or use_latex=False")
    name = f"{config['ENV_NAME']}_PARTIAL={config['PARTIAL']}_SEED={config['SEED']}.pdf"
    if mode == "grid":
        name = f"{config['MEMORY_TYPE']}_{name}"
    heat = [np.abs(one[:, 0]).mean(-1) for one in maps]
    figure = figures.decisions(obs_seq[:, 0], heat, cmap, mode, use_latex)
    figure.savefig(name)
    return figure


def _gradient(model: Any, episode: Trajectory, at: int) -> np.ndarray:
    return signed_gradients(model, episode, at)[:, None]
