"""Checks of what users pass in, before anything is traced or compiled."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from gymnasium.vector import AutoresetMode
from jax.core import Tracer

from arcade_gym import interop
from jax_core import Environment, registry
from jax_core.game import Difficulty

BACKENDS = ("jax", "torch", "numpy")
RENDER_MODES = ("rgb_array",)
MAX_FRAME_STACK = 64
MAX_SEED = 2**32 - 1  # larger ones would repeat keys, since JAX's default is 32 bits


@runtime_checkable
class TorchDevice(Protocol):
    """What a `torch.device` has; PyTorch need not be there."""

    type: str
    index: int | None


DeviceName = str | TorchDevice
"""As JAX writes it, "gpu:1"."""


class UnknownOptionError(TypeError, ValueError):
    """An option or constant that is not there; in the words of Python's TypeError.

    Other libraries try options and read there which of them they must leave out.
    """


def environment(options: Mapping[str, Any], params: Mapping[str, Any]) -> Environment:
    """Makes the environment that the options of a constructor stand for.

    Args:
        options: all of them; looked at are "game", "difficulty" (None is the first
            level, or that of the id), "partial_obs", "obs_size" and "grayscale".
        params: constants of the level; none beside the option "params".

    Raises:
        ValueError: unknown game or difficulty, a difficulty beside an id that names
            one already, a bad view or size, or a bad, unknown or double constant.
        TypeError: a game that is no name.
    """
    game, difficulty = options["game"], options["difficulty"]
    if not isinstance(game, str):
        raise TypeError(f"game must be a name such as 'Breakout', got {game!r}")
    game = registry.resolve(game)
    if game in registry.levels:
        if difficulty is not None:
            raise ValueError(
                f"game={game!r} names its level already, so difficulty must be left "
                f"out; got {difficulty!r}. Use game={registry.levels[game][0].name!r} "
                "to choose the level by difficulty"
            )
        env_id = game
    else:
        _check_one_of("game", game, tuple(registry.games))
        spec = registry.games[game]
        known_levels = tuple(str(level) for level in spec.levels)
        chosen = known_levels[0] if difficulty is None else difficulty
        _check_one_of("difficulty", chosen, known_levels)
        env_id = registry.level_id(spec, Difficulty(chosen))
    if params and options.get("params") is not None:
        raise ValueError(
            f"{', '.join(params)} must be left out beside params, which have such "
            "fields; use params.replace(...)"
        )
    spec, level = registry.levels[env_id]
    constants = [field.name for field in fields(spec.levels[level])]
    for name in params:
        if name not in constants:
            names = (*options, *constants)
            kind = f"option or constant of {env_id}"
            hint = registry.unknown(kind, name, names)
            raise UnknownOptionError(f"unexpected keyword argument {name!r}: {hint}")
    return registry.make(
        env_id,
        partial_obs=options["partial_obs"],
        obs_size=options["obs_size"],
        channels=1 if switch("grayscale", options["grayscale"]) else 3,
        **params,
    )[0]


def frame_stack(count: int) -> int:
    """Checks a number of stacked frames."""
    if not _is_integer(count) or not 1 <= count <= MAX_FRAME_STACK:
        raise ValueError(
            "frame_stack must be an integer from 1, which stacks nothing, to "
            f"{MAX_FRAME_STACK}, got {count!r}"
        )
    return int(count)


def switch(name: str, value: bool) -> bool:
    """Checks an option that is on or off; other values would silently mean "on"."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def backend(name: str) -> str:
    """Checks the name of a backend, and that PyTorch is there for "torch"."""
    _check_one_of("backend", name, BACKENDS)
    if name == "torch":
        try:
            import torch  # noqa: F401, PLC0415  # optional dependency
        except ImportError as error:
            raise ImportError(
                "backend='torch' needs PyTorch: pip install 'arcade-gym[torch]'"
            ) from error
    return name


def autoreset_mode(mode: str | AutoresetMode) -> AutoresetMode:
    """Reads an autoreset mode by its value, "NextStep"."""
    known = tuple(member.value for member in AutoresetMode)
    value = mode.value if isinstance(mode, AutoresetMode) else mode
    _check_one_of("autoreset_mode", value, known)
    return AutoresetMode(value)


def render_mode(mode: str | None) -> str | None:
    """Checks a render mode; None draws nothing on `render()`."""
    if mode is not None:
        _check_one_of("render_mode", mode, RENDER_MODES)
    return mode


def num_envs(count: int) -> int:
    """Checks a number of environments."""
    if not _is_integer(count) or count < 1:
        raise ValueError(f"num_envs must be an integer of at least 1, got {count!r}")
    return int(count)


def max_episode_steps(limit: int | None, name: str, most: int) -> int | None:
    """Checks a step limit, which can only lower that of the level, `most`."""
    if limit is not None and not (_is_integer(limit) and 1 <= limit <= most):
        raise ValueError(
            f"max_episode_steps must be None or an integer from 1 to {most}, the step "
            f"limit of {name}, got {limit!r}"
        )
    return None if limit is None else int(limit)


def devices(
    device: DeviceName | None, devices: int | Sequence[DeviceName] | None, num_envs: int
) -> tuple[Any, ...]:
    """Finds the devices that share the lanes, among those of this process.

    Args:
        device: "cpu", "gpu" or "gpu:1" ("cuda" means "gpu"), or a `torch.device`; None
            is JAX's default.
        devices: instead of `device`: the first so many of JAX's default platform, or a
            name each.
        num_envs: number of lanes, which the devices must share equally.

    Raises:
        ValueError: there is no such device, or the lanes cannot be shared. There is no
            silent fall back to the CPU.
    """
    if devices is None:
        return (_device(device),)
    if device is not None:
        raise ValueError(
            f"device and devices exclude each other, got device={device!r} and "
            f"devices={devices!r}; leave one out"
        )
    chosen = _first_devices(devices) if _is_integer(devices) else _named(devices)
    if num_envs % len(chosen) != 0:
        raise ValueError(
            f"num_envs must be a multiple of the {len(chosen)} devices, got "
            f"{num_envs}; use {num_envs // len(chosen) * len(chosen) or len(chosen)}"
        )
    return chosen


def _first_devices(count: Any) -> tuple[Any, ...]:
    have = jax.local_devices()
    if not 1 <= count <= len(have):
        raise ValueError(
            f"devices must be from 1 to {len(have)}, the {have[0].platform} devices "
            f"that JAX has here, got {count}"
        )
    return tuple(have[:count])


def _named(names: Any) -> tuple[Any, ...]:
    if isinstance(names, str) or not isinstance(names, Sequence) or not names:
        raise ValueError(
            "devices must be None, a number or a list of names such as "
            f"['gpu:0', 'gpu:1'], got {names!r}"
        )
    chosen = tuple(_device(name) for name in names)
    if len(set(chosen)) < len(chosen) or len({d.platform for d in chosen}) > 1:
        raise ValueError(
            f"devices must be different ones of one platform, got {list(names)!r}"
        )
    return chosen


def _device(name: Any) -> Any:
    if name is None:
        return jax.local_devices()[0]
    platform, _, index = str(name).partition(":")
    try:
        if (
            not isinstance(name, (str, TorchDevice))
            or not platform
            or int(index or 0) < 0
        ):
            raise ValueError(name)
        platform = "gpu" if platform == "cuda" else platform  # PyTorch's word
        return jax.local_devices(backend=platform)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError) as error:
        have = ", ".join(
            f"{d.platform}:{index}" for index, d in enumerate(jax.local_devices())
        )
        raise ValueError(
            f"device must be 'cpu', 'gpu' or 'gpu:N' and exist, got {name!r}. JAX has: "
            f"{have}. For NVIDIA GPUs: pip install 'arcade-gym[cuda]'"
        ) from error


def seeds(
    seed: int | Sequence[int | None] | None, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Spreads a seed over the lanes.

    Args:
        seed: s gives lane i the seed s + i; a sequence has one seed per lane, None
            where the lane goes on with its keys; None goes on in all lanes.
        count: number of lanes.

    Returns:
        Seeds, uint32 [count], and where there is one, bool [count].
    """
    if seed is None:
        return np.zeros(count, np.uint32), np.zeros(count, np.bool_)
    if isinstance(seed, (int, np.integer)):
        _check_seed(seed, count)
        lanes = np.arange(count, dtype=np.uint32)
        return np.uint32(seed) + lanes, np.ones(count, np.bool_)
    is_column = isinstance(seed, np.ndarray) and seed.ndim == 1
    if isinstance(seed, (str, bytes)) or not (is_column or isinstance(seed, Sequence)):
        raise TypeError(
            f"seed must be None, an integer or a sequence of them, got {seed!r}"
        )
    if len(seed) != count:
        raise ValueError(
            f"a sequence of seeds must have one for each of the {count} environments, "
            f"got {len(seed)}"
        )
    for lane_seed in seed:
        if lane_seed is not None:
            _check_seed(lane_seed, 1)
    values = [0 if lane_seed is None else int(lane_seed) for lane_seed in seed]
    seeded = [lane_seed is not None for lane_seed in seed]
    return np.array(values, np.uint32), np.array(seeded, np.bool_)


def host_actions(actions: Any, count: int, num_actions: int) -> np.ndarray:
    """Checks actions that lie in host memory and makes them int32 [count]."""
    try:
        actions = np.asarray(actions)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"actions must have shape ({count},), one for each environment, and could "
            f"not be made an array: {error}"
        ) from error
    check_actions(actions.shape, actions.dtype, count)
    check_range(int(actions.min()), int(actions.max()), num_actions)
    return actions.astype(np.int32)


def refuse_tracer(array: Any) -> None:
    """Refuses to go on inside a function that JAX is tracing.

    Raises:
        TypeError: `array` is a tracer, which would be kept and fail later.
    """
    if isinstance(array, Tracer):
        raise TypeError(
            "a Gymnasium environment keeps its state and cannot be used inside "
            "jax.jit, vmap or scan; use the functions of jax_core.make there"
        )


def check_reset_mask(mask: Any, count: int) -> None:
    """Checks what `options["reset_mask"]` is, but not its values.

    Raises:
        TypeError: no array of NumPy, JAX or PyTorch, or not of bool.
        ValueError: the shape is not (count,).
    """
    if not isinstance(mask, (np.ndarray, jax.Array)) and not interop.is_torch(mask):
        raise TypeError(
            "`options['reset_mask']` must be a numpy array, or one of JAX or PyTorch, "
            f"got {type(mask)}"
        )
    if tuple(mask.shape) != (count,):
        raise ValueError(
            f"`options['reset_mask']` must have shape `({count},)`, got "
            f"{tuple(mask.shape)}"
        )
    if str(mask.dtype).removeprefix("torch.") != "bool":
        raise TypeError(
            f"`options['reset_mask']` must have `dtype=np.bool_`, got {mask.dtype}"
        )


def check_actions(shape: tuple[int, ...], dtype: Any, count: int) -> None:
    """Checks shape and dtype of a batch of actions.

    Raises:
        ValueError: the shape is not (count,).
        TypeError: a single action, or a dtype that is no integer.
    """
    if tuple(shape) != (count,):
        error = ValueError if shape else TypeError
        raise error(
            f"actions must have shape ({count},), one for each environment, got "
            f"{tuple(shape)}"
        )
    if not _is_of_integers(dtype):
        name = str(dtype).removeprefix("torch.")
        raise TypeError(
            f"actions must be integers, got dtype {name}; cast them to int32 first"
        )


def _is_of_integers(dtype: Any) -> bool:
    if getattr(dtype, "kind", "") in {"i", "u"}:
        return True  # without its name, which takes as long as all other checks
    return str(dtype).removeprefix("torch.").startswith(("int", "uint"))


def check_range(least: int, largest: int, num_actions: int) -> None:
    """Checks that actions lie in 0..num_actions-1."""
    if least < 0 or largest >= num_actions:
        bad = least if least < 0 else largest
        raise ValueError(
            f"actions must lie in 0..{num_actions - 1}, got {bad}; the moves are "
            "0 up, 1 down, 2 left, 3 right, 4 fire"
        )


def _check_one_of(argument: str, value: object, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        raise ValueError(registry.unknown(argument, value, known))


def _check_seed(seed: Any, count: int) -> None:
    if not _is_integer(seed):
        raise TypeError(f"a seed must be an integer, got {seed!r}")
    if not 0 <= seed <= MAX_SEED + 1 - count:
        raise ValueError(
            f"seed must lie in 0..{MAX_SEED + 1 - count} for {count} environments, got "
            f"{seed}; JAX keys are made of 32 bits, so larger seeds would repeat others"
        )


def _is_integer(value: object) -> bool:
    is_integer = isinstance(value, (int, np.integer))
    return is_integer and not isinstance(value, (bool, np.bool_))
