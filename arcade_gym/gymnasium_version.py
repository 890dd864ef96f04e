"""Refuses a Gymnasium that is too old, before anything of it is missing."""

import re

import gymnasium

LOWEST = (1, 2, 2)
"""Earlier ones lack `wrappers.vector.RecordVideo` or misread infos with statistics."""


def check(version: str) -> None:
    """Refuses a version below the lowest.

    Raises:
        ImportError: names both versions and the line that installs a newer one.
    """
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    if numbers < LOWEST:
        lowest = ".".join(map(str, LOWEST))
        raise ImportError(
            f"arcade_gym needs gymnasium>={lowest}, found {version}: "
            f"pip install 'gymnasium>={lowest}'"
        )


check(gymnasium.__version__)
