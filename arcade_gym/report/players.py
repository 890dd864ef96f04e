"""What the page shows of recorded episodes, frame by frame, as its script wants it."""

from typing import Any

import numpy as np
from jaxtyping import Float

from arcade_gym.introspection import (
    Trajectory,
    frame_effects,
    frame_norms,
    partners,
    recent_heat,
    replay_outputs,
)
from arcade_gym.introspection.density import MEASURES
from arcade_gym.introspection.recent import scaled
from arcade_gym.report.memory import Memory
from arcade_gym.report.pictures import frame_sheet, heat_sheet
from arcade_gym.report.runs import Run
from arcade_gym.report.settings import Settings, Shown
from jax_core.game import Visibility

HEAT_SIDE = {"exchange": 8, "gradient": 32}  # pixels on the sheet; exchange has patches


def player(run: Run, memory: Memory, settings: Settings, shown: Shown) -> Any:
    """All that the player of a run shows, as JSON.

    Args:
        run: whose agent played.
        memory: its episodes, of which the first ones are shown.
        settings: how many of them, and the target of gradients.
        shown: says how far it is.
    """
    numbers = range(settings.shown)
    unit = f"episodes of {run.name} drawn"
    return {
        "isPolicy": run.config.is_policy,
        "episodes": [
            _episode(run, memory, number, settings)
            for number in shown(numbers, len(numbers), unit)
        ],
    }


def _episode(run: Run, memory: Memory, number: int, settings: Settings) -> Any:
    episode = memory.episodes[number]
    outputs = replay_outputs(run.agent.network, episode)
    scores = np.asarray(outputs.scores, np.float64)
    if run.config.is_policy:
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
    (other,) = set(Visibility) - {episode.env.visibility}
    return {
        "seed": episode.seed,
        "ended": episode.ended,
        "action": episode.action.tolist(),
        "reward": _rounded(episode.reward),
        "scores": _rounded(scores),
        "value": _rounded(outputs.value),
        "frames": frame_sheet(episode.obs)._asdict(),
        "twin": frame_sheet(episode.seen_in(other))._asdict(),
        "looks": {by: _looks(run, memory, number, by, settings) for by in MEASURES},
    }


def _looks(
    run: Run, memory: Memory, number: int, by: str, settings: Settings
) -> dict[str, Any]:
    """What every decision of an episode looks at, by one measure."""
    network, episodes = run.agent.network, memory.episodes
    found = recent_heat(network, episodes, number, by=by, target=settings.target)
    heat = np.stack([scaled(one) for one in found])
    flips = []
    if by == "exchange":
        donors = partners(episodes, number)
        effects = frame_effects(network, episodes[number], donors)
        sizes = np.asarray(effects.change)
        flips = [np.flatnonzero(row).tolist() for row in effects.flipped[:-1]]
    else:
        sizes = _by_frame(network, episodes[number], settings)
    return {
        "heat": heat_sheet(heat, HEAT_SIDE[by])._asdict(),
        "share": [_per_mille(row[: at + 1]) for at, row in enumerate(sizes[:-1])],
        "flips": flips,
    }


def _by_frame(
    network: Any, episode: Trajectory, settings: Settings
) -> Float[np.ndarray, "decisions frames"]:
    """Norms of gradients, in the order of the frames."""
    by_age = frame_norms(network, episode, settings.target)
    norms = np.zeros_like(by_age)
    for at, row in enumerate(by_age):
        norms[at, : at + 1] = row[at::-1]
    return norms


def _per_mille(sizes: Float[np.ndarray, " frames"]) -> list[int]:
    """Shares of a sum in 1/1000; zeros where there is none."""
    total = max(float(sizes.sum()), np.finfo(np.float32).tiny)
    return np.rint(1000 * sizes / total).astype(int).tolist()


def _rounded(numbers: Any) -> Any:
    return np.round(np.asarray(numbers, np.float64), 4).tolist()
