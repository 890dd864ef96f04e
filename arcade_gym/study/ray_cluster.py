"""Cells as tasks of Ray (extra `cluster`), on one machine or many that share a folder.

Ray starts a task again when the process or the machine that had it dies; the cell then
goes on from its last checkpoint. A cell that fails by itself is not started again.
"""

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

import jax

from arcade_gym.baselines.config import RunConfig
from arcade_gym.study.cells import FAILED, STOPPED, Outcome, cache_settings, carry_out
from arcade_gym.study.folder import StudyFolder

RETRIES = 3


class RayCluster:
    """Trains cells on a cluster: `execute` of `sweep`."""

    def __init__(
        self,
        folder: StudyFolder,
        *,
        cpus: float = 1,
        gpus: float = 0,
        retries: int = RETRIES,
    ) -> None:
        """Joins the cluster of RAY_ADDRESS, or one on this machine, or starts one.

        Args:
            folder: of the study; all machines see it under the same path.
            cpus: that a cell takes; so many cells run at a time as fit.
            gpus: that a cell takes; may be a part of one.
            retries: how often a cell is begun again after the death of its process.

        Raises:
            ModuleNotFoundError: ray is not installed.
            ConnectionError: there is no cluster at RAY_ADDRESS.
        """
        ray: Any = importlib.import_module("ray")  # optional, and heavy
        self._ray = ray
        self._folder = folder
        self._cpus, self._gpus = cpus, gpus
        self._is_stopping = False
        self._waiting: dict[Any, RunConfig] = {}
        if not ray.is_initialized():
            ray.init(log_to_driver=False)
        self._task: Any = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=retries)(
            _carry_out
        )

    def __call__(
        self, cells: Sequence[RunConfig]
    ) -> Iterator[tuple[RunConfig, Outcome]]:
        """Hands all cells over and gives them back as they end."""
        settings, folder = cache_settings(), str(self._folder.path.absolute())
        for config in cells:
            absolute = config.to_json() | {"out": str(config.folder.absolute())}
            self._waiting[self._task.remote(absolute, folder, settings)] = config
        while self._waiting:
            (ended,), _ = self._ray.wait(list(self._waiting), num_returns=1)
            yield self._waiting.pop(ended), self._outcome(ended)

    def lacks(self) -> str:
        """What no machine of the cluster has now, so that cells wait for it; or ""."""
        for name, wanted in (("CPU", self._cpus), ("GPU", self._gpus)):
            alive = [node for node in self._ray.nodes() if node["Alive"]]
            most = max((node["Resources"].get(name, 0) for node in alive), default=0)
            if wanted > most:
                return (
                    f"cells wait for a machine with {name}: {wanted:g}; the largest of "
                    f"the cluster has {most:g}"
                )
        return ""

    def interrupt(self) -> None:
        """Asks all cells to save and to stop; the second time, stops them."""
        for task in self._waiting:
            self._ray.cancel(task, force=self._is_stopping)
        self._is_stopping = True

    def close(self) -> None:
        """Leaves the cluster; one that was started here ends."""
        self._ray.shutdown()

    def _outcome(self, task: Any) -> Outcome:
        errors = self._ray.exceptions
        try:
            return Outcome(*self._ray.get(task))
        except (errors.TaskCancelledError, KeyboardInterrupt):
            return Outcome(STOPPED, "not begun")
        except errors.RayError as error:
            if self._is_stopping:
                return Outcome(STOPPED, "stopped at once; goes on from its checkpoint")
            lines = str(error).strip().split("\n")
            return Outcome(FAILED, f"{type(error).__name__}: {lines[0]}")


def _carry_out(content: dict[str, Any], path: str, settings: dict[str, Any]) -> Any:
    """What runs on the cluster; leaves a cell that failed elsewhere."""
    for name, value in settings.items():
        jax.config.update(name, value)
    config, folder = RunConfig.from_json(content), StudyFolder(path)
    reason = folder.failed(config)
    if reason is not None:
        return FAILED, reason
    return tuple(carry_out(config, folder.log(config)))
