"""What ended in a step, left on the device until somebody looks at it."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, UInt8

from arcade_gym import interop
from arcade_gym.lanes.infos import padded_indices
from arcade_gym.lanes.kernel import Finished
from arcade_gym.vector_env import ArcadeVectorEnv

Frames = UInt8[torch.Tensor, "lanes channels height width"]
Mask = Bool[np.ndarray, " num_envs"]


class Lanes(ArcadeVectorEnv):
    """The torch backend in SameStep mode; `info` has what ended as JAX left it."""

    def _info(self, finished: Finished) -> dict[str, Any]:
        return {"finished": finished}

    @property
    def level(self) -> str:
        """The id of the level, "BreakoutEasy"."""
        return self._env.name

    def draw_final(self, finished: Finished, chosen: Mask) -> Frames:
        """Draws the last frames of some lanes that ended, at least one."""
        self._intake.wait_for_torch()
        drawn = self._kernel.draw_some(finished.lanes, padded_indices(chosen))
        return self._frames.hand_out_new(drawn)[: chosen.sum()]


class LaneInfos(Sequence[Any]):
    """The infos of one step: a dictionary per lane, made when first looked at.

    Those of lanes whose episodes go on are empty. The others hold what
    Stable-Baselines3 wants: "episode" with return "r", length "l" and seconds "t",
    "TimeLimit.truncated" and "terminal_observation".
    """

    def __init__(
        self,
        lanes: Lanes,
        finished: Finished,
        is_cut: torch.Tensor,
        seconds: float,
        convert: Callable[[torch.Tensor], Any],
    ) -> None:
        """Keeps what the infos are made of.

        Args:
            lanes: where the step was made.
            finished: what ended in it.
            is_cut: bool [num_envs], the lanes that only the step limit ended.
            seconds: time of the step.
            convert: makes the kind of array that the infos hold.
        """
        self._lanes = lanes
        self._finished = finished
        self._is_cut = is_cut
        self._seconds = seconds
        self._convert = convert

    @cached_property
    def ended(self) -> Mask:
        """Lanes whose episodes ended."""
        return np.asarray(self._finished.ended)

    @cached_property
    def cut(self) -> Mask:
        """Lanes that only the step limit ended, whose last frames have a value."""
        return self._is_cut.cpu().numpy()

    def draw_final(self, chosen: Mask) -> Frames:
        """Draws the last frames of some lanes that ended, at least one."""
        return self._lanes.draw_final(self._finished, chosen)

    def episodes(self) -> list[dict[str, Any]]:
        """Gives {"episode": ...} of the episodes that ended, in the order of lanes."""
        episode_return = np.asarray(self._finished.episode_return)[self.ended]
        length = np.asarray(self._finished.length)[self.ended]
        return [
            {"episode": {"r": total, "l": steps, "t": self._seconds}}
            for total, steps in zip(
                episode_return.tolist(), length.tolist(), strict=True
            )
        ]

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """All of them; wrappers may write into each."""
        entries: list[dict[str, Any]] = [{} for _ in self.ended]
        if self.ended.any():
            frames = self._convert(self.draw_final(self.ended))
            lanes = np.flatnonzero(self.ended).tolist()
            for lane, info, frame in zip(lanes, self.episodes(), frames, strict=True):
                info["terminal_observation"] = frame
                info["TimeLimit.truncated"] = bool(self.cut[lane])
                entries[lane] = info
        return entries

    def __getitem__(self, index: Any) -> Any:
        """Returns the info of a lane, or a list of them for a slice."""
        return self.entries[index]

    def __len__(self) -> int:
        """Returns the number of lanes, without looking at them."""
        return len(self._is_cut)


class HostView:
    """A tensor for code that expects a NumPy array, copied when first looked at."""

    def __init__(self, tensor: torch.Tensor) -> None:
        """Takes a tensor that nobody will write to."""
        self._tensor = tensor

    @cached_property
    def _array(self) -> np.ndarray:
        return interop.to_host(self._tensor)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Lets NumPy's functions take it."""
        return np.array(self._array, dtype, copy=copy)

    def __getattr__(self, name: str) -> Any:
        """Has every attribute of the array."""
        return getattr(self._array, name)

    def __getitem__(self, index: Any) -> Any:
        """Returns an element or a part."""
        return self._array[index]

    def __len__(self) -> int:
        """Returns the length of the first axis, without a copy."""
        return len(self._tensor)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._array)
