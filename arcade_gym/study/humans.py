"""Returns of people, from what `arcade-gym play --log` writes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arcade_gym.study.grid import VIEWS

Played = dict[tuple[str, str], list[float]]
"""Returns of complete episodes by level and view."""


def read(paths: Sequence[Path | str]) -> Played:
    """Reads logs; episodes that were left, or seen in both views, do not count.

    Raises:
        FileNotFoundError: there is no such log.
        ValueError: a line is not one of a log.
    """
    played: Played = {}
    for path in map(Path, paths):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip():
                continue
            episode = _episode(line, f"{path}, line {number}")
            if episode["view"] in VIEWS and episode["end"] != "abandoned":
                key = (episode["id"].rpartition(":")[2], episode["view"])
                played.setdefault(key, []).append(float(episode["return"]))
    return played


def _episode(line: str, place: str) -> dict[str, Any]:
    try:
        episode = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{place} is no JSON: {error}") from error
    wanted = {"id", "view", "return", "end"}
    if not isinstance(episode, dict) or not wanted <= set(episode):
        raise ValueError(
            f"{place} is no episode of `arcade-gym play --log`: it must have "
            f"{', '.join(sorted(wanted))}"
        )
    return episode
