"""What agents of a report remember: episodes, densities, contamination."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from arcade_gym.introspection import (
    Contamination,
    Density,
    Trajectory,
    contaminate,
    density_of,
    record_trajectory,
)
from arcade_gym.introspection.density import MEASURES, NothingChangesError
from arcade_gym.introspection.trajectory import Watch
from arcade_gym.report.runs import Run
from arcade_gym.report.settings import Settings, Shown


@dataclass(frozen=True)
class Memory:
    """What was measured of one agent, in the view of its training.

    Attributes:
        episodes: recorded ones.
        densities: by measure, "exchange" and "gradient"; without one by which no
            decision depends on anything.
        contamination: of the last decisions of the episodes.
    """

    episodes: Sequence[Trajectory]
    densities: dict[str, Density]
    contamination: Contamination


def look_inside(run: Run, settings: Settings, shown: Shown) -> Memory:
    """Plays the episodes of a run and measures what their last decisions go back to.

    Args:
        run: whose agent plays, greedily.
        settings: how many episodes, how long, and what contamination does.
        shown: says how far it is.
    """

    def watched(what: str) -> Watch:
        unit = f"episodes of {run.name} {what}"
        return lambda items: shown(items, settings.episodes, unit)

    network = run.agent.network
    record = partial(record_trajectory, network, run.env, max_steps=settings.max_steps)
    episodes = [record(seed) for seed in watched("played")(settings.seeds)]
    densities = {}
    for by in MEASURES:
        watch, target = watched(f"asked by {by}"), settings.target
        try:
            densities[by] = density_of(
                network, episodes, by=by, target=target, watch=watch
            )
        except NothingChangesError:
            continue  # the page says so
    watch = watched("spoiled")
    spoiled = contaminate(network, episodes, settings.kind, watch=watch)
    return Memory(episodes, densities, spoiled)
