"""Rules that can be judged from what one call returned, and the call before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces import Space
from gymnasium.vector import AutoresetMode, VectorEnv

from arcade_gym.testing.inspection import are_equal, arrays, is_array

Broken = tuple[str, str]
"""A rule, and in which way it is broken."""


@dataclass(frozen=True)
class Call:
    """One call of `reset` or `step`."""

    passed: Any  # actions, a mask or nothing
    results: tuple[Any, ...]  # two of a reset, five of a step

    @property
    def is_step(self) -> bool:
        """Whether it was a step."""
        return len(self.results) == 5

    @property
    def ended(self) -> np.ndarray:
        """Lanes that ended, of results on the host: bool [num_envs]."""
        if not self.is_step:
            return np.zeros(len(next(arrays(self.results[0]))), np.bool_)
        return np.logical_or(self.results[2], self.results[3])


def broken_rules(
    env: VectorEnv[Any, Any, Any], call: Call, before: Call | None
) -> Iterator[Broken]:
    """Judges a call by its results on the host.

    Args:
        env: the environment.
        call: the call.
        before: the call before, or None.
    """
    yield from _space(env.observation_space, call.results[0], "observations")
    if call.is_step:
        yield from _rewards_and_flags(env, call)
    info = call.results[-1]
    if not isinstance(info, dict):
        yield "results", f"info must be a dictionary, got {describe(info)}"
        return
    yield from _infos(info, env.num_envs)
    mode = env.metadata.get("autoreset_mode")
    if before is not None and mode is AutoresetMode.NEXT_STEP and call.is_step:
        yield from _dummy_step(call, before.ended)
    if mode is AutoresetMode.SAME_STEP and call.is_step:
        yield from _final_entries(env, call)
    if before is not None and call.passed is not None and not call.is_step:
        yield from _masked_reset(call, before)


def describe(value: Any) -> str:
    """Type, and of arrays also dtype and shape."""
    name = type(value).__name__
    return f"{name} {value.dtype} {value.shape}" if is_array(value) else name


def _space(space: Space[Any], obs: Any, name: str) -> Iterator[Broken]:
    dtype = getattr(obs, "dtype", None)
    if space.dtype is not None and dtype is not None and dtype != space.dtype:
        yield "spaces", f"{name} must be {space.dtype} as their space, got {dtype}"
    elif not space.contains(obs):
        yield "spaces", f"{name} must lie in {space}, got {describe(obs)}: {obs}"


def _rewards_and_flags(env: VectorEnv[Any, Any, Any], call: Call) -> Iterator[Broken]:
    shape = (env.num_envs,)
    _, reward, terminated, truncated, _ = call.results
    is_float = is_array(reward) and np.issubdtype(reward.dtype, np.floating)
    if not is_float or reward.shape != shape or not np.isfinite(reward).all():
        yield (
            "results",
            f"rewards must be finite floats {shape}, got {describe(reward)}: {reward}",
        )
    for name, flags in (("terminated", terminated), ("truncated", truncated)):
        if not is_array(flags) or (flags.dtype, flags.shape) != (np.bool_, shape):
            yield "results", f"{name} must be bool {shape}, got {describe(flags)}"


def _infos(info: dict[str, Any], count: int) -> Iterator[Broken]:
    for key, value in info.items():
        if key.startswith("_"):
            if not is_array(value) or (value.dtype, value.shape) != (
                np.bool_,
                (count,),
            ):
                yield (
                    "infos",
                    f"the mask {key!r} must be bool ({count},), got {describe(value)}",
                )
            continue
        if f"_{key}" not in info:
            yield "infos", f"{key!r} must come with a mask, '_{key}'"
        yield from _info_values(key, value, count)


def _info_values(key: str, value: Any, count: int) -> Iterator[Broken]:
    if isinstance(value, dict):
        for inner, entry in value.items():
            yield from _info_values(f"{key}.{inner}", entry, count)
    elif not is_array(value) or value.shape[:1] != (count,):
        yield (
            "infos",
            f"{key!r} must be an array ({count}, ...) or a dictionary of them, got "
            f"{describe(value)}",
        )


def _dummy_step(call: Call, waiting: np.ndarray) -> Iterator[Broken]:
    _, reward, terminated, truncated, _ = call.results
    if (reward[waiting] != 0).any() or (terminated | truncated)[waiting].any():
        yield (
            "autoreset",
            f"the step after the end of lanes {waiting} only resets them, so it must "
            f"have reward 0 and no flag there; got {reward}, {terminated}, {truncated}",
        )


def _final_entries(env: VectorEnv[Any, Any, Any], call: Call) -> Iterator[Broken]:
    info, ended = call.results[-1], call.ended
    for key in ("final_obs", "final_info"):
        mask = info.get(f"_{key}")
        if key not in info or mask is None:
            if ended.any():
                yield (
                    "autoreset",
                    f"lanes {ended} ended, so SameStep needs {key!r} and '_{key}' in "
                    f"info; got {sorted(info)}",
                )
            return
        if not np.array_equal(mask, ended):
            yield (
                "autoreset",
                f"'_{key}' must be {ended}, where lanes ended; got {mask}",
            )
    final = info["final_obs"]
    if not isinstance(final, np.ndarray):
        return  # of several arrays, which are not indexed by lane
    for lane in np.flatnonzero(ended):
        yield from _space(
            env.single_observation_space, final[lane], f"final_obs of lane {lane}"
        )


def _masked_reset(call: Call, before: Call) -> Iterator[Broken]:
    others = ~call.passed
    pairs = zip(arrays(call.results[0]), arrays(before.results[0]), strict=True)
    if not all(are_equal(now[others], then[others]) for now, then in pairs):
        yield (
            "autoreset",
            f"a reset with the reset_mask {call.passed} must leave the observations of "
            "the other lanes as they are",
        )
