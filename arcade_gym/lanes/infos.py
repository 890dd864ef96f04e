"""The `info` of a step: what ended in it, in the forms of Gymnasium.

The device backends always give every key, with a mask, because leaving one out would
mean to wait for the device. The NumPy backend gives what
`gymnasium.vector.SyncVectorEnv` gives: keys only where some lane ended.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from arcade_gym.lanes.backends import JaxBackend
from arcade_gym.lanes.kernel import Finished, Packed

FINAL_OBS = "final_obs"


class LazyInfo(dict[str, Any]):
    """A dictionary whose "final_obs" is drawn when it is first looked at.

    Copies made by `dict(info)`, `{**info}` or `copy` look at it. For JAX it is a pytree
    like a dictionary; flattening it looks at everything.
    """

    _draw: Callable[[], Any] | None = None

    @classmethod
    def drawn_by(cls, draw: Callable[[], Any], entries: dict[str, Any]) -> "LazyInfo":
        """Takes the entries that are there already, and what makes the missing one."""
        info = cls({**entries, FINAL_OBS: None})
        info._draw = draw
        return info

    def _complete(self) -> None:
        if self._draw is not None:
            super().__setitem__(FINAL_OBS, self._draw())
            self._draw = None  # only now, so that a failed drawing can be repeated

    def __getitem__(self, key: str) -> Any:
        if key == FINAL_OBS:
            self._complete()
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        if key == FINAL_OBS:
            self._draw = None
        super().__setitem__(key, value)

    def __iter__(self) -> Iterator[str]:
        """Its being overridden makes `dict` and `**` ask `__getitem__` for values."""
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """Returns an entry, or the default."""
        if key == FINAL_OBS:
            self._complete()
        return super().get(key, default)

    def values(self) -> Any:
        """Returns all entries."""
        self._complete()
        return super().values()

    def items(self) -> Any:
        """Returns all keys with their entries."""
        self._complete()
        return super().items()

    def __delitem__(self, key: str) -> None:
        self._complete()
        super().__delitem__(key)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Returns an entry, which is the default if there was none."""
        self._complete()
        return super().setdefault(key, default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Replaces or adds entries."""
        self._complete()
        super().update(*args, **kwargs)

    def __or__(self, other: Any) -> dict[str, Any]:
        return self.copy() | other

    def __ior__(self, other: Any) -> "LazyInfo":
        self.update(other)
        return self

    def popitem(self) -> tuple[str, Any]:
        """Takes the last entry out."""
        self._complete()
        return super().popitem()

    def pop(self, key: str, *default: Any) -> Any:
        """Takes an entry out."""
        self._complete()
        return super().pop(key, *default)

    def copy(self) -> dict[str, Any]:
        """Returns a plain dictionary with the same entries."""
        return dict(self.items())

    def __eq__(self, other: object) -> bool:
        self._complete()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # as every dictionary

    def __repr__(self) -> str:
        return repr(self.copy())

    def __reduce__(self) -> Any:
        """Pickles and copies as a plain dictionary."""
        return dict, (self.copy(),)


def _flatten(info: LazyInfo) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    keys = tuple(sorted(info))
    return tuple(info[key] for key in keys), keys


def _flatten_with_keys(info: LazyInfo) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    values, keys = _flatten(info)
    return tuple(zip(map(jax.tree_util.DictKey, keys), values, strict=True)), keys


def _unflatten(keys: tuple[str, ...], values: Iterable[Any]) -> LazyInfo:
    return LazyInfo(zip(keys, values, strict=True))


# JAX looks at the exact type, and takes a kind of dictionary of its own for a leaf.
jax.tree_util.register_pytree_with_keys(
    LazyInfo, _flatten_with_keys, _unflatten, _flatten
)


class Reporter:
    """Makes the infos of one environment."""

    def __init__(
        self,
        frames: JaxBackend,
        *,
        draw: Callable[[Packed], Any],
        draw_some: Callable[[Packed, np.ndarray], Any],
        num_envs: int,
        records_episodes: bool,
        is_same_step: bool,
    ) -> None:
        """Makes the reporter.

        Args:
            frames: hands arrays out.
            draw: draws all lanes.
            draw_some: draws the lanes of the given indices.
            num_envs: number of lanes.
            records_episodes: whether to report returns and lengths.
            is_same_step: whether to report the last frames of episodes.
        """
        self._frames = frames
        self._draw = draw
        self._draw_some = draw_some
        self._records_episodes = records_episodes
        self._is_same_step = is_same_step
        self._started = np.full(num_envs, time.perf_counter())

    def restart(self, chosen: np.ndarray) -> None:
        """Starts the clocks of the chosen lanes, bool [num_envs]."""
        self._started[chosen] = time.perf_counter()

    def info(self, finished: Finished) -> dict[str, Any]:
        """Reports what ended in a step."""
        ended = self._frames.hand_out(finished.ended)
        if self._frames.is_on_host and not ended.any():
            return {}
        now = time.perf_counter()
        info = self._episodes(finished, now)
        if not self._is_same_step:
            self._restart_if_known(ended)
            return info
        # What a single environment reports at the end of an episode, in arrays that
        # are not shared with the others.
        info |= {"_final_obs": ended, "final_info": self._episodes(finished, now)}
        info["_final_info"] = self._frames.hand_out(finished.ended)
        self._restart_if_known(ended)
        if self._frames.is_on_host:
            indices = padded_indices(ended)
            some = self._draw_some(finished.lanes, indices)
            drawn = self._frames.hand_out_new(some)
            return info | {FINAL_OBS: final_frames(ended, drawn)}
        lanes = finished.lanes
        return LazyInfo.drawn_by(
            lambda: self._frames.hand_out_new(self._draw(lanes)), info
        )

    def _episodes(self, finished: Finished, now: float) -> dict[str, Any]:
        if not self._records_episodes:
            return {}
        ended = self._frames.hand_out(finished.ended)
        episode = {
            "r": self._frames.hand_out(finished.episode_return),
            "l": self._frames.hand_out(finished.length),
        }
        if self._frames.is_on_host:
            seconds = np.round(now - self._started, 6)
            episode["t"] = np.where(ended, seconds, 0.0)
        return {"episode": episode, "_episode": ended}

    def _restart_if_known(self, ended: Any) -> None:
        """Starts the clocks of lanes that ended, where no device has to be asked."""
        if self._frames.is_on_host:
            self.restart(ended)


def final_frames(ended: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Gives every ended lane its last frame and the others None.

    Args:
        ended: bool [num_envs].
        frames: uint8 [at least the number of ended lanes, ...].

    Returns:
        Objects [num_envs], as in `gymnasium.vector.SyncVectorEnv`.
    """
    column = np.full(len(ended), None, dtype=object)
    for lane, frame in zip(np.flatnonzero(ended), frames, strict=False):
        column[lane] = frame
    return column


def padded_indices(chosen: np.ndarray) -> np.ndarray:
    """Indices of the chosen lanes, repeated up to a power of two.

    So drawing them is compiled for a few lengths only.

    Args:
        chosen: bool [num_envs], True at least once.

    Returns:
        int32 [power of two]; the first ones are the chosen lanes in order.
    """
    indices = np.flatnonzero(chosen).astype(np.int32)
    length = 1 << (len(indices) - 1).bit_length()
    return np.resize(indices, length)
