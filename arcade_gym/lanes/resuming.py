"""Saving lanes, and going on from there, also in another process."""

from abc import abstractmethod
from typing import Any

import jax
import numpy as np
from gymnasium.vector import AutoresetMode

from arcade_gym.lanes import arguments, snapshot
from arcade_gym.lanes.intake import Intake
from arcade_gym.lanes.kept_planes import KeptPlanes
from arcade_gym.lanes.kernel import Kernel
from arcade_gym.lanes.placement import Placement
from arcade_gym.lanes.seeds import LaneSeeds


class ResumableLanes:
    """The part of a vector environment that is saved and restored."""

    num_envs: int
    closed: bool
    spec: Any
    action_space: Any
    autoreset_mode: AutoresetMode
    _options: dict[str, Any]
    _kernel: Kernel
    _kept: KeptPlanes
    _placement: Placement
    _intake: Intake
    _seeds: LaneSeeds
    _lanes: Any
    _waiting: np.ndarray
    _refuses_ended: bool

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _reset_lanes(
        self, lanes: Any, values: Any, seeded: Any, chosen: Any
    ) -> Any: ...

    @abstractmethod
    def _own_attributes(self) -> dict[str, tuple[Any, ...]]: ...

    @abstractmethod
    def _identity(self) -> snapshot.Snapshot: ...

    def get_state(self) -> dict[str, Any]:
        """Copies everything that the next steps depend on to the host.

        Returns:
            A dictionary of plain values and NumPy arrays, which can be pickled. The
            lanes' fields are under "lanes", by name, [num_envs, ...] each.
        """
        self._check_open()
        self._intake.wait_for_torch()
        lanes = None
        if self._lanes is not None:
            lanes = snapshot.fields_of(self._kernel, self._lanes)
        return self._identity() | {"seeds": self._seeds.last, "lanes": lanes}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on where `get_state` was called; later results are equal bit for bit.

        The other environment may have had another view, frame size, backend, autoreset
        mode or device; `max_episode_steps` is this one's own. In SameStep mode lanes
        that were waiting for a reset begin at once. `draw` gives the present frames.

        Raises:
            TypeError: `state` is not what `get_state` returns.
            ValueError: it belongs to another game, level, version, number of lanes or
                stacked frames.
        """
        self._check_open()
        snapshot.check_identity(state, self._identity())
        self._intake.wait_for_torch()
        lanes, waiting = None, np.zeros(self.num_envs, np.bool_)
        if state["lanes"] is not None:
            blank = self._kernel.empty(self.num_envs)
            lanes = snapshot.lanes_of(self._kernel, blank, state["lanes"])
            lanes = jax.device_put(lanes, self._placement.sharding, may_alias=False)
            waiting = snapshot.waiting_lanes(state["lanes"])
            if self.autoreset_mode is AutoresetMode.SAME_STEP and waiting.any():
                unseeded = arguments.seeds(None, self.num_envs)
                lanes, _ = self._reset_lanes(lanes, *unseeded, waiting)
        self._kept.forget()
        self._lanes = lanes
        self._seeds.last = tuple(state["seeds"])
        self._waiting = waiting if self._refuses_ended else np.zeros_like(waiting)

    def __getstate__(self) -> dict[str, Any]:
        """Pickles and copies as the options and the state."""
        return {
            "options": snapshot.portable(self._options),
            "closed": self.closed,
            "spec": self.spec,
            "action_space": self.action_space,
            "own": self._own_attributes(),
            "state": None if self.closed else self.get_state(),
        }

    def __setstate__(self, pickled: dict[str, Any]) -> None:
        """Makes the environment anew and goes on with the state."""
        self.__init__(**pickled["options"])
        self.spec = pickled["spec"]
        self.action_space = pickled["action_space"]
        self._own_attributes().update(pickled["own"])
        if pickled["state"] is not None:
            self.set_state(pickled["state"])
        self.closed = pickled["closed"]
