"""A run while it is in memory: its state, its best network, its clock."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import equinox as eqx
import jax
from jax.sharding import Mesh

from arcade_gym.baselines import state
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.evaluation import on_one_device
from arcade_gym.baselines.levels import Level, find
from arcade_gym.baselines.runs import capacity, checkpoint, processes, weights
from arcade_gym.baselines.runs.checkpoint import CheckpointError
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.baselines.runs.summaries import summarise
from arcade_gym.baselines.runs.versions import versions
from jax_core import Environment


@dataclass
class Session:
    """Everything of a run that changes, and what it is made with.

    Attributes:
        config: resolved.
        level: of the config.
        env: the game in the view of the learner.
        mesh: devices of all processes.
        state: None until `begin` or `restore`.
        best: arrays of the best network so far, on the host; of the first one at first.
        best_mean: its mean return in the evaluation that chose it; None before that.
        best_rows: steps that it has behind it.
        reached: an evaluation has reached the target return.
        seconds_before: what earlier processes spent on the run.
    """

    config: RunConfig
    memory: Any
    level: Level = field(init=False)
    env: Environment = field(init=False)
    mesh: Mesh = field(init=False)
    state: Any = None
    best: Any = None
    best_mean: float | None = None
    best_rows: int = 0
    reached: bool = False
    rows: int = 0
    seconds_before: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        """Looks up what the configuration names."""
        config = self.config
        self.level = find(config.env_id)
        self.env = config.make_env()
        self.mesh = processes.all_devices(config.devices)
        config.hyper_parameters.check(self.mesh.size)

    @property
    def seconds(self) -> float:
        """Wall clock of the run, over all its processes in time."""
        return self.seconds_before + time.perf_counter() - self._started

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to train."""
        return self.reached or self.rows >= self.config.total_rows

    @property
    def network(self) -> Any:
        """The network as it is now, on one device of this process."""
        return on_one_device(self.state.network)

    @cached_property
    def fresh_network(self) -> Any:
        """The network with the weights that this seed begins with."""
        key = state.network_key(self.config.seed)
        return weights.build(self.config, self.memory, key=key)

    def shapes(self) -> Any:
        """The state with shapes instead of arrays; nothing is allocated."""
        return eqx.filter_eval_shape(self._start, self.fresh_network)

    def begin(self) -> dict[str, Any]:
        """Starts at row 0.

        Returns:
            An empty header: there is no checkpoint yet.
        """
        self.state = self._start(self.fresh_network)
        self.best = jax.device_get(eqx.filter(self.network, eqx.is_array))
        return {}

    def advance(self) -> dict[str, Any]:
        """Runs one chunk and waits for it.

        Returns:
            The record of metrics.jsonl.
        """
        began = time.perf_counter()
        self.state, metrics = state.run_chunk(
            self.config.hyper_parameters,
            self.env,
            self.state,
            iterations=self.config.iterations_per_chunk,
            total_rows=self.config.total_rows,
            mesh=self.mesh,
        )
        numbers = summarise(jax.device_get(on_one_device(metrics)))
        self.rows += self.config.rows_per_chunk
        speed = self.config.rows_per_chunk / (time.perf_counter() - began)
        clock = {"seconds": round(self.seconds, 3), "steps_per_second": round(speed, 1)}
        return {"steps": self.rows, **clock, **numbers}

    def consider(self, mean: float) -> bool:
        """Takes the present network as the best one if its mean return is higher."""
        target = self.config.target_return
        self.reached = target is not None and mean >= target
        if self.best_mean is not None and mean <= self.best_mean:
            return False
        self.best = jax.device_get(eqx.filter(self.network, eqx.is_array))
        self.best_mean, self.best_rows = mean, self.rows
        return True

    def best_network(self) -> Any:
        """The best network so far, with its arrays."""
        return eqx.combine(
            self.best, eqx.filter(self.network, eqx.is_array, inverse=True)
        )

    def gather(self) -> Any:
        """The state as NumPy arrays; every process must call it."""
        return processes.gather(eqx.filter(self.state, eqx.is_array))

    def save(self, directory: RunDirectory, whole: Any, about: dict[str, Any]) -> None:
        """Writes a checkpoint.

        Args:
            directory: of the run.
            whole: from `gather`.
            about: added to the header.

        Raises:
            OSError: there is no room on the disk; the last checkpoint is still there.
        """
        header = {
            "config": self.config.to_json(),
            "versions": versions(self.level),
            "rows": self.rows,
            "seconds": self.seconds,
            "best": {"mean": self.best_mean, "rows": self.best_rows},
            "reached": self.reached,
            **about,
        }
        checkpoint.save(directory.checkpoint, (whole, self.best), header)

    def restore(self, directory: RunDirectory) -> dict[str, Any]:
        """Goes back to the last checkpoint.

        Returns:
            Its header.

        Raises:
            CheckpointError: it is damaged, or of another run; the message says why.
        """
        header = checkpoint.read_header(directory.checkpoint)
        self._check(directory, header)
        shapes = self.shapes()
        arrays, rest = eqx.partition(shapes, _is_shape)
        best = eqx.filter(shapes.network, _is_shape)
        arrays, self.best = checkpoint.load(directory.checkpoint, (arrays, best))
        self.state = eqx.combine(processes.spread(arrays, self.mesh), rest)
        self.rows, self.seconds_before = header["rows"], header["seconds"]
        self.best_mean = header["best"]["mean"]
        self.best_rows = header["best"]["rows"]
        self.reached = header["reached"]
        return header

    def check_room(self, directory: RunDirectory) -> None:
        """Refuses a state that fits into neither memory nor disk."""
        capacity.check(self.shapes(), directory.path, self.mesh.size)

    def _start(self, network: Any) -> Any:
        return state.start(
            self.config.hyper_parameters,
            self.env,
            network,
            seed=self.config.seed,
            mesh=self.mesh,
        )

    def _check(self, directory: RunDirectory, header: dict[str, Any]) -> None:
        there = RunConfig.from_json(header["config"])
        if found := self.config.differences(there):
            raise CheckpointError(
                f"{directory.checkpoint} was written by a run with other settings "
                f"(here and there): {', '.join(found)}"
            )
        written, present = header["versions"]["game"], self.level.spec.version
        if written != present:
            raise CheckpointError(
                f"{directory.checkpoint} is of version {written} of "
                f"{self.config.env_id}, and this is version {present}: rules, rewards "
                "or pictures have changed. Start the run again with --overwrite"
            )


def _is_shape(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)
