"""How many frames a second the player shows with an agent and what it looks at.

    SDL_VIDEODRIVER=dummy taskset -c 0 python benchmarks/live.py

A frame is a step of the game, the agent's decision, its heat, the exchange of eight
frames with those of four other episodes, and the picture of the window.
"""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from timing import write_json

from arcade_gym.baselines import load_agent
from arcade_gym.introspection.live import LiveAgent
from arcade_gym.playing import strip
from arcade_gym.playing.copilot import Copilot
from arcade_gym.playing.match import Match
from arcade_gym.playing.window import Window, size_for
from jax_core.game import Visibility

AGENTS = (
    "builtin:cartpole-hard-gru",
    "builtin:minesweeper-easy-gru",
    "builtin:noisycartpole-hard-lru",
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Prints a line for each agent and writes the record."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("agents", nargs="*", default=list(AGENTS), help="runs")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    print(f"{'frames/s':<32}{'median':>8}{'slowest 5 %':>13}{'without H':>11}")
    rows = [measure(name, options.frames) for name in options.agents]
    record = {"settings": {"frames": options.frames}, "agents": rows}
    if options.json:
        write_json(options.json, record)
    return record


def measure(name: str, frames: int) -> dict[str, Any]:
    """Rates of one agent, with and without what it looks at."""
    companion = LiveAgent(load_agent(name), name)
    match = Match(
        companion.env_id,
        partial_obs=companion.visibility is Visibility.PARTIAL,
        obs_size=companion.obs_size,
        seed=0,
    )
    match.compile()
    companion.compile()
    opened, closed = (
        seconds(match, companion, frames, is_open=is_open) for is_open in (True, False)
    )
    row = {
        "agent": name,
        "obs_size": companion.obs_size,
        "frames_per_second": float(1 / np.median(opened)),
        "slowest": float(1 / np.quantile(opened, 0.95)),
        "frames_per_second_closed": float(1 / np.median(closed)),
    }
    rates = (
        row[key] for key in ("frames_per_second", "slowest", "frames_per_second_closed")
    )
    print(f"{name:<32}" + "{:>8.1f}{:>13.1f}{:>11.1f}".format(*rates), flush=True)
    return row


def seconds(
    match: Match, companion: LiveAgent, frames: int, *, is_open: bool
) -> np.ndarray:
    """Seconds of each frame; an episode that ends begins anew."""
    window = Window("live", size_for(companion.obs_size, footer=strip.HEIGHT))
    copilot = Copilot(companion)
    copilot.is_open = is_open
    match.restart()
    copilot.follow(match)
    taken = []
    for _ in range(frames):
        start = time.perf_counter()
        move = copilot.move
        match.step(move)
        copilot.follow(match, move)
        copilot.show(window, match, (), ())
        taken.append(time.perf_counter() - start)
        if match.end:
            match.next_seed()
            copilot.follow(match)
    window.close()
    return np.array(taken)


if __name__ == "__main__":
    main()
