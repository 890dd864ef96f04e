"""Writes `docs/games/`: a page and an animation for every game.

    python docs/gallery.py             # all games
    python docs/gallery.py Breakout    # one

The animations show a scripted player that knows the hidden state (`tests/players/`),
full view left, partial view right.
"""

import importlib
import inspect
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the players are not part of the package

import jax_core  # noqa: E402  # after the path
from arcade_gym import record  # noqa: E402
from jax_core import registry  # noqa: E402
from tests.players import rollout  # noqa: E402

OUT = ROOT / "docs" / "games"
MAX_BYTES = 150_000
MAX_FRAMES = 160
FPS = 8
EPISODES = 256

# Worst and best possible return under the rules.
BOUNDS = {
    "AutoEncode": "0 ... 1",
    "BattleShip": "-1 ... 1",
    "Breakout": "-1 ... 1",
    "CartPole": "above 0 ... 1",
    "CountRecall": "0 ... 1",
    "MineSweeper": "above -1 ... 1",
    "Navigator": "above -1 ... below 1",
    "NoisyCartPole": "above 0 ... 1",
    "Skittles": "0.1 ... 1",
    "Tetris": "-1 ... 1",
}


class Level(NamedTuple):
    """One row of the table of a page; means and standard deviations of returns."""

    name: str
    params: dict[str, Any]
    random: tuple[float, float]
    player: tuple[float, float]


def main() -> None:
    """Writes the pages of the games that the command line names."""
    OUT.mkdir(exist_ok=True)
    for name in sys.argv[1:] or sorted(registry.games):
        page = write_page(name)
        print(f"Wrote {page.relative_to(ROOT)}")
    write_index()


def write_page(name: str) -> Path:
    """Writes the page and the animation of one game."""
    spec = registry.games[name]
    plan = player_of(name)
    levels = [measure(registry.level_id(spec, level), plan) for level in spec.levels]
    animation = OUT / f"{name}.gif"
    save_animation(animation, film(levels[0].name, plan))
    title, _, manual = str(module_of(name).__doc__).partition("\n")
    page = OUT / f"{name}.md"
    page.write_text(
        f"# {name}\n\n{title}\n\n"
        f"![A scripted player, full view left and partial view right]({animation.name})"
        f"\n\n{as_markdown(manual)}\n\n## Levels\n\n{level_table(levels)}\n\n"
        f"Possible returns: {BOUNDS[name]}. Means over {EPISODES} episodes (standard "
        "deviation of an episode). The player knows the hidden state.\n"
    )
    return page


def module_of(name: str) -> Any:
    """The module that holds the rules of a game."""
    return inspect.getmodule(type(registry.games[name].game))


def player_of(name: str) -> Any:
    """The plan of a game's scripted player."""
    module = module_of(name).__name__.rpartition(".")[2]
    player = importlib.import_module(f"tests.players.{module}")
    return getattr(player, "plan", None) or rollout.closed_loop(player.act)


def measure(env_id: str, plan: Any) -> Level:
    """Returns of random play and of the scripted player."""
    env, params = jax_core.make(env_id)

    def at_random(_env: Any, params: Any, keys: rollout.Keys) -> jax.Array:
        return jax.random.randint(keys.reset, (params.max_steps,), 0, 5, jnp.int32)

    totals = [
        np.asarray(rollout.play(env, params, how, 0, EPISODES).total)
        for how in (at_random, plan)
    ]
    return Level(
        name=env_id,
        params={f.name: getattr(params, f.name) for f in fields(params)},
        random=(float(totals[0].mean()), float(totals[0].std())),
        player=(float(totals[1].mean()), float(totals[1].std())),
    )


def film(env_id: str, plan: Any) -> list[np.ndarray]:
    """Frames of one episode in both views: uint8 [2, 128, 128, 3] each."""
    views = [jax_core.make(env_id, partial_obs=partial) for partial in (False, True)]
    env, params = views[0]
    episode = jax.tree.map(
        lambda leaf: leaf[0], rollout.play(env, params, plan, seed=1, num_episodes=1)
    )
    length = min(int(episode.length), MAX_FRAMES)
    states = jax.tree.map(lambda leaf: leaf[:length], episode.states)
    drawn = [np.asarray(jax.jit(jax.vmap(view.get_obs))(states)) for view, _ in views]
    return list(np.stack(drawn, axis=1))


def save_animation(path: Path, frames: list[np.ndarray]) -> None:
    """Writes a GIF, of fewer frames if it would be too large."""
    while True:
        record.save(path, frames, columns=2, fps=FPS)
        if path.stat().st_size < MAX_BYTES:
            return
        frames = frames[: len(frames) * 3 // 4]


def as_markdown(manual: str) -> str:
    """Turns the sections of a docstring into paragraphs and their tables."""
    lines = []
    for line in inspect.cleandoc(manual).splitlines():
        name, colon, rest = line.partition(":")
        if colon and name[:1].isupper() and not line.startswith(" "):
            lines += [f"**{name}:** {rest.strip()}".strip()]
            lines += [""] if not rest.strip() else []
        else:
            lines.append(line.strip())
    return "\n".join(lines)


def level_table(levels: list[Level]) -> str:
    """A Markdown table with one row per level."""
    names = list(levels[0].params)
    head = ["level", *names, "random play", "scripted player"]
    rows = [head, ["---"] * len(head)]
    for level in levels:
        scores = [f"{m:.3f} ({d:.3f})" for m, d in (level.random, level.player)]
        rows.append([level.name, *map(str, level.params.values()), *scores])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_index() -> None:
    """Lists the pages."""
    lines = ["# Games", "", "Full view left, partial view right.", ""]
    for name in sorted(registry.games):
        lines += [f"## [{name}]({name}.md)", "", f"![{name}]({name}.gif)", ""]
    (OUT / "README.md").write_text("\n".join(lines[:-1]) + "\n")


if __name__ == "__main__":
    main()
