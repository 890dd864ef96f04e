"""Trained agents that come with the package, each as the folder of a run."""

from pathlib import Path

from jax_core.registry import unknown

PREFIX = "builtin:"

_FOLDER = Path(__file__).with_name("builtin_agents")


def builtin_agents() -> tuple[str, ...]:
    """Names of the agents that come along: "builtin:cartpole-hard-gru" and so on."""
    folders = sorted(path.name for path in _FOLDER.iterdir() if path.is_dir())
    return tuple(f"{PREFIX}{name}" for name in folders)


def run_folder(run: Path | str) -> Path:
    """Where a run lies that is only looked at.

    Args:
        run: its folder, or the name of an agent that comes along.

    Raises:
        ValueError: no agent of that name comes along; names the nearest one.
    """
    name = str(run)
    if not name.startswith(PREFIX):
        return Path(run)
    if name not in (known := builtin_agents()):
        raise ValueError(unknown("agent", name, known))
    return _FOLDER / name.removeprefix(PREFIX)
