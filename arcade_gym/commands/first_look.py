"""First look: versions, devices, games, and what to do next."""

import importlib.metadata
import platform
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from arcade_gym import interop
from arcade_gym.commands.games import overview, paragraph
from jax_core.version import __version__

CORE = ("jax", "jaxlib", "numpy", "gymnasium")
OPTIONAL = {
    "torch": "torch",
    "stable-baselines3": "sb3",
    "pygame-ce": "human",
    "imageio-ffmpeg": "video",
}
"""Packages by the extra that brings them."""

NEXT = """\
Next
  arcade-gym play BattleShipEasy --partial-obs   play a memory game
  arcade-gym record BreakoutEasy breakout.gif    film a batch
  python examples/ppo_torch.py                   train an agent (in a clone)
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the page."""
    del argv  # the page has no options
    print(f"Arcade Gym {__version__}\n{versions()}\n")
    print(f"Devices\n{devices()}\n\nGames\n{overview()}\n\n{NEXT}", end="")


def versions() -> str:
    """Packages that are there, and the extras that would bring the others."""
    found = [f"python=={platform.python_version()}"]
    missing = []
    for name in (*CORE, *OPTIONAL):
        try:
            found.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(OPTIONAL[name])
    lines = [paragraph(" ".join(found), hang=2)]
    if missing:
        lines.append(f"  not installed: pip install 'arcade-gym[{','.join(missing)}]'")
    return "\n".join(lines)


def devices() -> str:
    """What JAX computes on, and whether PyTorch shares it."""
    try:
        names = [f"{d.platform}:{d.id} ({d.device_kind})" for d in jax.devices()]
    except RuntimeError as error:
        return paragraph(f"JAX: no device ({error})")
    return paragraph(f"JAX: {', '.join(names)}") + "\n" + paragraph(_torch_sharing())


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
