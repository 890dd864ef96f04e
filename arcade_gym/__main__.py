"""First look: versions, devices, games, and what to do next."""

import argparse
import importlib.metadata
import platform
import textwrap
from collections.abc import Sequence

import jax
import jax.numpy as jnp

import arcade_gym
from arcade_gym import interop

CORE = ("jax", "jaxlib", "numpy", "gymnasium")
OPTIONAL = {
    "torch": "torch",
    "stable-baselines3": "sb3",
    "pygame-ce": "human",
    "imageio": "video",
}
"""Packages by the extra that brings them."""

COLUMNS = 80

NEXT = """\
Next
  arcade-gym-play BattleShipEasy --partial-obs   play a memory game
  arcade-gym-record BreakoutEasy breakout.gif    film a batch
  python examples/ppo_torch.py                   train an agent (in a clone)
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the page."""
    argparse.ArgumentParser(
        prog="python -m arcade_gym",
        description="Prints versions, devices, the list of games and what to do next.",
    ).parse_args(argv)
    print(f"Arcade Gym {arcade_gym.__version__}")
    print(f"{versions()}\n\nDevices\n{devices()}\n\nGames\n{games()}\n\n{NEXT}", end="")


def versions() -> str:
    """Packages that are there, and the extras that would bring the others."""
    found = [f"python=={platform.python_version()}"]
    missing = []
    for name in (*CORE, *OPTIONAL):
        try:
            found.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(OPTIONAL[name])
    lines = [_paragraph(" ".join(found), hang=2)]
    if missing:
        lines.append(f"  not installed: pip install 'arcade-gym[{','.join(missing)}]'")
    return "\n".join(lines)


def devices() -> str:
    """What JAX computes on, and whether PyTorch shares it."""
    try:
        names = [f"{d.platform}:{d.id} ({d.device_kind})" for d in jax.devices()]
    except RuntimeError as error:
        return _paragraph(f"JAX: no device ({error})")
    return _paragraph(f"JAX: {', '.join(names)}") + "\n" + _paragraph(_torch_sharing())


def _torch_sharing() -> str:
    try:
        array = jnp.zeros(64)
        tensor = interop.to_torch(array)
    except ImportError:
        return "PyTorch: not installed"
    except Exception as error:  # whatever the two have to say
        return f"PyTorch: does not share this device ({error})"
    shares = tensor.data_ptr() == array.unsafe_buffer_pointer()
    how = "without a copy" if shares else "through a copy"
    return f"PyTorch: gets frames on {tensor.device} {how}"


def games() -> str:
    """Names, goals and the form of the ids."""
    listed = arcade_gym.list_games()
    width = max(len(game.name) for game in listed)
    lines = [
        _paragraph(f"{game.name:<{width}}  {game.goal}", hang=width + 4)
        for game in listed
    ]
    ids = ", ".join(listed[0].env_ids)
    return "\n".join([*lines, _paragraph(f"Ids add the level: {ids}.")])


def _paragraph(text: str, hang: int = 4) -> str:
    return textwrap.fill(
        text,
        COLUMNS,
        initial_indent="  ",
        subsequent_indent=" " * hang,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    main()
