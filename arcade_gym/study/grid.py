"""The grid of a study: levels x views x memories x seeds, one run each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from arcade_gym.baselines.config import ALGORITHMS, RunConfig
from arcade_gym.baselines.memory import canonical_name
from arcade_gym.baselines.presets import BUDGETS, preset
from arcade_gym.study.matching import WIDTH, matched
from jax_core import registry
from jax_core.game import Visibility
from jax_core.registry import unknown

VIEWS = tuple(str(view) for view in Visibility)
ALL = "all"  # every level of every game
SANE, PUBLISHED = "sane", "published"

_TINY = (
    "CartPoleHard",
    "NoisyCartPoleHard",
    "SkittlesEasy",
    "MineSweeperEasy",
    "AutoEncodeEasy",
    "BattleShipEasy",
)
_LEVELS = {"smoke": ("CartPoleEasy",), "tiny": _TINY, "small": (ALL,), "paper": (ALL,)}
_SHORT = ("none", "gru", "lru")
_LONG = ("none", "gru", "mingru", "lru", "fart", "attention-rope")
_MEMORIES = {"smoke": _SHORT, "tiny": _SHORT, "small": _LONG, "paper": _LONG}
_SEEDS = {"smoke": 2, "tiny": 3, "small": 3, "paper": 5}

_AS_PUBLISHED = {
    "learning_rate_fraction": 0.1,  # the rate is at its floor after 976 of 9,765
    "epsilon_fraction": 0.4,  # updates, and epsilon after 3,904
    "max_grad_norm": 0.5,
    "gamma": 0.99,
    "reward_scale": 1.0,
}
"""What PQN was run with, where the presets have what is better founded.

Two counters were mixed: 90 % of a published run have 1 % of the learning rate.
"""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What a study runs. What is left empty follows from the budget.

    Attributes:
        out: folder of the study; each cell has a folder in it.
        budget: one of `presets.BUDGETS`.
        levels: ids ("CartPoleEasy"), games ("CartPole": all its levels) or "all".
        views: in which agents are trained; each is judged in both.
        memory: names of memories.
        algorithm: "pqn", "ppo" or "dqn".
        seeds: number of runs of each kind, with the seeds 0, 1, ...
        schedule: "published" takes over how PQN was run for the paper, "sane" does not;
            None is "published" for PQN with the budget of the paper.
        match: "width" gives all memories the same width, "parameters" the width with
            which the network has as many parameters as with the first memory.
        changes: fields of `RunConfig` by name, for all cells.
    """

    out: Path
    budget: str = "tiny"
    levels: Sequence[str] = ()
    views: Sequence[str] = VIEWS
    memory: Sequence[str] = ()
    algorithm: str = "pqn"
    seeds: int | None = None
    schedule: str | None = None
    match: str = WIDTH
    changes: Mapping[str, Any] = field(default_factory=dict)

    def cells(self) -> list[RunConfig]:
        """The runs, resolved, those that differ in nothing but the seed side by side.

        Raises:
            ValueError: an unknown name, or numbers that do not fit together.
            TypeError: a change of the wrong type.
        """
        self._check()
        seeds = range(_SEEDS[self.budget] if self.seeds is None else self.seeds)
        kinds = [
            self._kind(env_id, view, memory)
            for env_id in _ids(self.levels or _LEVELS[self.budget])
            for memory in _names(self.memory or _MEMORIES[self.budget])
            for view in dict.fromkeys(self.views)
        ]
        return [_with_seed(kind, seed) for kind in kinds for seed in seeds]

    @property
    def has_published_schedule(self) -> bool:
        """Whether PQN is run as for the paper."""
        if self.schedule is None:
            return (self.budget, self.algorithm) == ("paper", "pqn")
        return self.schedule == PUBLISHED

    def _check(self) -> None:
        for what, name, known in (
            ("budget", self.budget, BUDGETS),
            ("algorithm", self.algorithm, tuple(ALGORITHMS)),
            ("schedule", self.schedule or SANE, (SANE, PUBLISHED)),
            *(("view", view, VIEWS) for view in self.views),
        ):
            if name not in known:
                raise ValueError(unknown(what, name, known))
        if self.seeds is not None and self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        if not self.views:
            raise ValueError(f"views must name at least one of: {', '.join(VIEWS)}")
        if self.has_published_schedule and self.algorithm != "pqn":
            raise ValueError(
                "the published schedule is known for pqn, got algorithm="
                f"{self.algorithm!r}; use schedule='{SANE}' (--schedule {SANE})"
            )

    def _kind(self, env_id: str, view: str, memory: str) -> RunConfig:
        """The run of seed 0."""
        config = preset(self.budget, self.algorithm, env_id)
        settings = config.hyper_parameters
        if self.has_published_schedule:
            settings = replace(settings, **_AS_PUBLISHED)
        config = replace(
            config,
            partial_obs=view == Visibility.PARTIAL,
            memory=memory,
            settings=settings,
            **self.changes,
        )
        first = _names(self.memory or _MEMORIES[self.budget])[0]
        config = matched(config, self.match, to=first)
        return replace(config.resolved(), out=self.out / config.folder.name)


def shard(cells: Sequence[RunConfig], number: int, count: int) -> list[RunConfig]:
    """The cells of one of several processes that share a grid.

    Args:
        cells: of the whole grid, the same in all processes.
        number: of the process, from 1.
        count: of processes.

    Raises:
        ValueError: there is no such process.
    """
    if count < 1:
        raise ValueError(f"shard must be one of at least 1 part, got {number}/{count}")
    if not 1 <= number <= count:
        raise ValueError(
            f"shard must be from 1/{count} to {count}/{count}, got {number}/{count}"
        )
    return list(cells[number - 1 :: count])


def _with_seed(kind: RunConfig, seed: int) -> RunConfig:
    name = f"{kind.folder.name.removesuffix('-s0')}-s{seed}"
    return replace(kind, seed=seed, out=kind.folder.with_name(name))


def _ids(names: Sequence[str]) -> list[str]:
    """Ids of levels, in the order of their first mention."""
    found: dict[str, None] = {}
    for name in names:
        if name == ALL:
            found.update(dict.fromkeys(registry.registered_envs))
            continue
        plain = registry.resolve(name)
        if spec := registry.games.get(plain):
            ids = [registry.level_id(spec, level) for level in spec.levels]
            found.update(dict.fromkeys(ids))
        else:
            registry.find_level(plain)  # refuses an unknown one
            found[plain] = None
    return list(found)


def _names(memories: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(canonical_name(name) for name in memories))
