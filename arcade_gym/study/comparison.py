"""Gap, bias and transfer of every memory, on every level and over all.

The words are the paper's: J(f, V) is the return of policies with memory f, trained and
judged in view V, M the full view and P the partial one. The gap is J(f, M) - J(f, P),
the bias J(f, M) - J(none, M), transfer the return in the view that was not trained in.
Gap and bias are taken seed by seed.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from arcade_gym.baselines.runs.judging import GREEDY, LAST
from arcade_gym.study import scales
from arcade_gym.study.results import Record
from arcade_gym.study.statistics import (
    Estimate,
    Values,
    estimate,
    mean,
    paired,
)
from jax_core.game import Visibility

FULL, PARTIAL = str(Visibility.FULL), str(Visibility.PARTIAL)
NONE = "none"  # the memory that bias is told against

Score = Callable[[Record, str], float | None]
"""What a run is worth in the view that is shown; None where that is not known."""
BySeed = dict[int, float]

QUANTITIES = ("full", "partial", "gap", "bias", "to_partial", "to_full")
"""J(f, M), J(f, P), gap, bias, and the transfer of policies of the full view to the
partial one and the other way round."""


def raw(record: Record, shown: str, network: str = LAST, policy: str = GREEDY) -> float:
    """The mean return of test episodes."""
    return record.returns(shown, network, policy)


def normalised(
    record: Record, shown: str, network: str = LAST, policy: str = GREEDY
) -> float | None:
    """That return where random play is 0 and what can be reached is 1."""
    return scales.normalised(record.level, record.returns(shown, network, policy))


def published(record: Record, shown: str) -> float | None:
    """The paper's score on its own scale; known in the view of training alone."""
    if shown != record.view or math.isnan(record.published):
        return None
    return scales.as_published(record.level, record.published)


@dataclass(frozen=True)
class Comparison:
    """The runs of one algorithm.

    Attributes:
        algorithm: "pqn" and so on.
        records: of it.
        network: "last" or "best".
        policy: "greedy" or "sampled".
    """

    algorithm: str
    records: tuple[Record, ...]
    network: str = LAST
    policy: str = GREEDY

    @property
    def raw(self) -> Score:
        """Returns as they are."""
        return partial(raw, network=self.network, policy=self.policy)

    @property
    def normalised(self) -> Score:
        """Returns between random play and what can be reached."""
        return partial(normalised, network=self.network, policy=self.policy)

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """All levels, in the order of the records."""
        return tuple(dict.fromkeys(record.level for record in self.records))

    @cached_property
    def memories(self) -> tuple[str, ...]:
        """All memories, the one without memory first."""
        names = dict.fromkeys(record.config.memory for record in self.records)
        return tuple(sorted(names, key=lambda name: (name != NONE, name)))

    @cached_property
    def shared_levels(self) -> tuple[str, ...]:
        """Levels of which every memory has runs in every view that it has anywhere.

        Means over other levels would compare different games.
        """
        there = {(r.config.memory, r.view, r.level) for r in self.records}
        kinds = {(memory, view) for memory, view, _ in there}
        return tuple(
            level
            for level in self.levels
            if all((*kind, level) in there for kind in kinds)
        )

    def of(self, level: str, memory: str) -> tuple[Record, ...]:
        """Runs of a memory on a level."""
        return tuple(
            record
            for record in self.records
            if (record.level, record.config.memory) == (level, memory)
        )

    def values(
        self, level: str, memory: str, quantity: str, score: Score
    ) -> list[float]:
        """A quantity of a memory on a level, one value for each seed that has it.

        Raises:
            ValueError: several runs have the same seed.
        """
        by_seed = partial(self._by_seed, level, memory, score=score)
        match quantity:
            case "full":
                found = by_seed(FULL, FULL)
            case "partial":
                found = by_seed(PARTIAL, PARTIAL)
            case "to_partial":
                found = by_seed(FULL, PARTIAL)
            case "to_full":
                found = by_seed(PARTIAL, FULL)
            case "gap":
                return paired(by_seed(FULL, FULL), by_seed(PARTIAL, PARTIAL))
            case "bias":
                if memory == NONE:
                    return []
                without = self._by_seed(level, NONE, FULL, FULL, score=score)
                return paired(by_seed(FULL, FULL), without)
            case _:
                raise ValueError(f"quantity must be one of {QUANTITIES}: {quantity!r}")
        return [found[seed] for seed in sorted(found)]

    def on_level(
        self, level: str, memory: str, quantity: str, score: Score
    ) -> Estimate | None:
        """A quantity on one level; None without runs."""
        values = self.values(level, memory, quantity, score)
        return estimate([values]) if values else None

    def over_levels(
        self,
        memory: str,
        quantity: str,
        score: Score,
        statistic: Callable[[Values, Values], float] = mean,
    ) -> Estimate | None:
        """A quantity over all shared levels; None where one of them lacks it."""
        strata = [
            self.values(level, memory, quantity, score) for level in self.shared_levels
        ]
        if not strata or not all(strata):
            return None
        return estimate(strata, statistic)

    def _by_seed(
        self, level: str, memory: str, trained: str, shown: str, *, score: Score
    ) -> BySeed:
        runs: dict[int, Record] = {}
        for record in self.of(level, memory):
            if record.view != trained:
                continue
            seed = record.config.seed
            if seed in runs:
                raise ValueError(
                    f"{record.path} and {runs[seed].path} are both of seed {seed} with "
                    f"{memory} on {level} in the {trained} view; move one of them away"
                )
            runs[seed] = record
        scores = {seed: score(record, shown) for seed, record in runs.items()}
        return {seed: value for seed, value in scores.items() if value is not None}


def by_algorithm(
    records: Sequence[Record], *, network: str = LAST, policy: str = GREEDY
) -> Iterator[Comparison]:
    """One comparison for each algorithm, in the order of the records."""
    for name in dict.fromkeys(record.config.algorithm for record in records):
        own = tuple(record for record in records if record.config.algorithm == name)
        yield Comparison(name, own, network, policy)
