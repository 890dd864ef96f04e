"""What `arcade-gym introspect` found, as figures, films and numbers."""

import importlib.util
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from arcade_gym.films import film, recording
from arcade_gym.films.sheet import Frames
from arcade_gym.introspection import (
    Contamination,
    Density,
    Trajectory,
    figures,
    overlay,
    recent_heat,
)
from arcade_gym.introspection.recent import WINDOW, resized, scaled, stepped
from arcade_gym.introspection.trajectory import Watch
from arcade_gym.whole_files import replacing

FIGURES = (".png", ".pdf", ".svg")
FILMS = tuple(film.KINDS)
NUMBERS = (".npz", ".json")


class Film(NamedTuple):
    """Pictures, side by side, and how they are shown."""

    pictures: Iterator[Frames]
    caption: str
    fps: int


class Finding(NamedTuple):
    """What a tool found, in every form that it can be written in."""

    about: dict[str, Any]  # what was measured
    arrays: dict[str, np.ndarray]
    draw: Callable[[], Any]  # the figure of matplotlib
    film: Film | None = None


def check(paths: Sequence[Path], suffixes: Sequence[str]) -> None:
    """Refuses files that cannot be written; creates and changes nothing.

    Raises:
        ValueError: another suffix, the same file twice, or nothing can be written.
        ImportError: a figure without matplotlib, or an MP4 without ffmpeg.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise ValueError(f"--out names a file twice: {' '.join(map(str, paths))}")
    for path in paths:
        suffix = path.suffix.lower()
        if suffix not in suffixes:
            known = ", ".join(suffixes)
            raise ValueError(f"--out must end in one of {known}; got {str(path)!r}")
        if suffix in FIGURES and not _has_matplotlib():
            raise ImportError(
                f"the figure {path} needs matplotlib: pip install 'arcade-gym"
                "[baselines]'; or write numbers alone: --out "
                f"{path.with_suffix('.json')}"
            )
        film.check_path(path) if suffix in FILMS else film.check_writable(path)


def write(paths: Sequence[Path], finding: Finding) -> None:
    """Makes all files, and then puts them in their places.

    Raises:
        OSError: one cannot be written.
    """
    contents = {
        path: _content(path.suffix.lower(), finding)
        for path in paths
        if path.suffix.lower() not in FILMS
    }
    for path in paths:
        if path in contents:
            with replacing(path) as file:
                file.write(contents[path])
        elif finding.film:
            pictures, caption, fps = finding.film
            recording.save(path, pictures, columns=WINDOW, caption=caption, fps=fps)


def of_density(found: Density, about: dict[str, Any]) -> Finding:
    """Density over relative age and by age in steps."""
    arrays = {
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "thirds": found.thirds,
        "share_by_age": found.share_by_age,
        "flips_by_age": found.flips_by_age,
        "episodes_by_age": found.episodes_by_age,
    }
    about = {**about, "left_out": found.left_out}
    return Finding(about, arrays, lambda: figures.density(found, _title(about)))


def of_contamination(found: Contamination, about: dict[str, Any]) -> Finding:
    """Flips and changes by age in steps."""
    arrays = {
        "flips_by_age": found.flips_by_age,
        "change_by_age": found.change_by_age,
    }
    return Finding(about, arrays, lambda: figures.contamination(found, _title(about)))


def of_saliency(
    network: Any,
    episodes: Sequence[Trajectory],
    about: dict[str, Any],
    watch: Watch,
    fps: int,
) -> Finding:
    """Heat over the last frames of every decision of the first episode.

    Args:
        network: of the agent.
        episodes: the first is meant, by exchange with frames of the others.
        about: "by", "at" and, of gradients, "target", and what else is noted.
        watch: shows how far it is.
        fps: frames per second of the film.
    """
    episode, at = episodes[0], about["at"]
    measure = {name: about[name] for name in ("by", "target") if name in about}
    heat = np.stack(list(watch(recent_heat(network, episodes, 0, **measure))))
    arrays = {
        "heat": heat,
        "obs": episode.obs,
        "action": episode.action,
        "reward": episode.reward,
    }
    first = max(0, at + 1 - WINDOW)
    label = "absolute gradient" if about["by"] == "gradient" else "change by exchange"
    seen = episode.obs[first : at + 1] / 255

    def draw() -> Any:
        return figures.window(seen, heat[at][-len(seen) :], at, label)

    film = Film(_pictures(episode, heat), _title(about), fps)
    return Finding(about, arrays, draw, film)


def _pictures(episode: Trajectory, heat: np.ndarray) -> Iterator[Frames]:
    """The last frames before each decision, and below them the same with its heat.

    They are black where there is none yet.
    """
    obs = np.pad(episode.obs, ((WINDOW - 1, 0), (0, 0), (0, 0), (0, 0)))
    for at, one in enumerate(heat):
        seen = obs[at : at + WINDOW]
        hot = stepped(resized(scaled(one), seen.shape[1]))
        yield np.concatenate([seen, overlay(seen, hot)])


def _title(about: dict[str, Any]) -> str:
    how = about.get("kind") or f"by {about['by']}"
    return (
        f"{about['run']}: {about['level']}, trained in the {about['trained']} view, "
        f"shown the {about['shown']} one, {how}"
    )


def _content(suffix: str, finding: Finding) -> bytes:
    file = io.BytesIO()
    if suffix in FIGURES:
        finding.draw().savefig(file, format=suffix[1:], dpi=160)
        return _with_palette(file) if suffix == ".png" else file.getvalue()
    if suffix == ".npz":
        arrays: dict[str, Any] = {**finding.arrays, "about": json.dumps(finding.about)}
        np.savez_compressed(file, **arrays)
    else:
        lists = {name: array.tolist() for name, array in finding.arrays.items()}
        file.write((json.dumps({**finding.about, **lists}) + "\n").encode())
    return file.getvalue()


def _with_palette(picture: io.BytesIO) -> bytes:
    """A PNG in 256 colors: as it was to the eye, in less than half of the bytes."""
    file = io.BytesIO()
    image = Image.open(picture).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _has_matplotlib() -> bool:
    try:
        return importlib.util.find_spec("matplotlib") is not None
    except ValueError:  # None in sys.modules: not importable, either
        return False
