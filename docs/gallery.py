"""Writes `docs/games/`: a page and a film for every game.

    python docs/gallery.py                  # all games
    python docs/gallery.py Breakout         # one
    python docs/gallery.py --no-films       # the pages alone, in seconds

Films show scripted players (`tests/players/`), full view left, partial view right.
Their returns come from `docs/ceilings.py`.
"""

import argparse
import inspect
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the players are not part of the package

import jax_core  # noqa: E402  # after the path
from arcade_gym import record  # noqa: E402
from arcade_gym.listing import find_game, manual_of  # noqa: E402
from arcade_gym.returns import LevelReturns, Played, returns_of  # noqa: E402
from jax_core import registry  # noqa: E402
from jax_core.game import GameParams  # noqa: E402
from tests.players import battleship, measuring, minesweeper, rollout, skittles  # noqa: E402

OUT = ROOT / "docs" / "games"
MAX_BYTES = 300_000
MAX_STEPS = 240  # the last ones of longer episodes
SECONDS = 2, 14  # shortest and longest film, without the picture that it ends on
HOLD = 1.5  # seconds
TRIED = 32  # episodes, of which one that is won is filmed

RANGES = """\
In parentheses: what [levels of your own](../functional.md#levels-of-your-own) may have
there, with the other constants of the row."""

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

# Headings of the columns of returns.
PLAYERS = {
    who: who.replace("knows", "knows_the").replace("_", " ")
    for who in LevelReturns._fields
}

GIVES = """\
Mean returns of scripted players (standard deviation of an episode), the best we know.

* *Random* presses all five actions equally often.
* *Without memory* sees the present frame of the partial view, which has the score, and
  nothing else.
* *With memory* sees the frames of the partial view and remembers what they showed.
* *Knows the state* knows all that is hidden; in CountRecall and Skittles also what
  comes.

The first and the last are the same in both views. What lies between the second and the
third is what memory is worth. `docs/ceilings.py` plays them, `arcade_gym.list_games()`
has the numbers."""

# What memory is worth in the partial view.
WORTH = {
    "AutoEncode": "Memory is worth nearly everything: when the questions come, no card "
    "is shown any more. The selected suit can keep the last one, and the score tells "
    "a little of how many were asked for.",
    "BattleShip": "Memory is worth nothing: a closed way through the board, on which "
    "the mark under the cursor says when to go on, comes to all ships in time. Memory "
    "only saves steps.",
    "Breakout": "Memory is worth nothing to whoever knows the game by heart: the ball "
    "goes one of two ways, which bricks and ball tell apart while it rises. Others "
    "must remember the last frame to see where it flies.",
    "CartPole": "Memory is worth next to nothing: who pushes against the arrow of the "
    "pole, and a little against that of the cart, hardly ever lets it fall.",
    "CountRecall": "Memory is worth nearly everything: score and counter are drawn and "
    "tell a little of what was dealt, but no more.",
    "MineSweeper": "Memory is worth the more, the larger the board is: a frame has the "
    "number of one cell. But the score is a clock that tells how much is open, so that "
    "whoever has no memory can plan to go back to a number and act on it. Whoever "
    "remembers all numbers still has to guess at times.",
    "Navigator": "Memory is worth everything: the map is drawn once, and who has "
    "forgotten it walks into barriers. Without memory only the first move is a good "
    "one, and a shot cannot be told from none.",
    "NoisyCartPole": "Memory is worth the more, the stronger the noise is, which only "
    "frames together can tell from the motion.",
    "Skittles": "Memory is worth nearly everything: a frame shows half of the blocks, "
    "and nine frames in a row hardly ever miss one.",
    "Tetris": "Memory is worth nearly everything: who does not keep the pile in mind "
    "can only give every kind of piece a place of its own.",
}

# Players that know only what the partial view showed them, where others know more.
WATCHFUL = {
    "BattleShip": rollout.closed_loop(battleship.search),
    "MineSweeper": rollout.closed_loop(minesweeper.infer),
    "Skittles": skittles.remember,
}


def main() -> None:
    """Writes the pages of the games that the command line names."""
    parser = argparse.ArgumentParser(description="Writes pages and films of games.")
    parser.add_argument("games", nargs="*", help="all, if none is named")
    parser.add_argument("--no-films", action="store_true", help="only the pages")
    chosen = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    for name in chosen.games or sorted(registry.games):
        if not chosen.no_films:
            save_film(OUT / f"{name}.gif", film(name))
        write_page(name)
        print(f"Wrote the page of {name}", flush=True)
    write_index()


def level_ids(name: str) -> list[str]:
    """Ids of the levels of a game."""
    spec = registry.games[name]
    return [registry.level_id(spec, difficulty) for difficulty in spec.levels]


def film(name: str) -> list[np.ndarray]:
    """Frames of a won episode in both views, its last state included.

    Returns:
        uint8 [2, 128, 128, 3] for every picture.
    """
    env_id = level_ids(name)[0]
    views = [jax_core.make(env_id, partial_obs=partial) for partial in (False, True)]
    states = won_episode(*views[0], WATCHFUL.get(name) or measuring.knowing_plan(name))
    drawn = [np.asarray(jax.jit(jax.vmap(view.get_obs))(states)) for view, _ in views]
    return list(np.stack(drawn, axis=1))


def won_episode(env: Any, params: Any, plan: Any) -> Any:
    """States of an episode that is won, of neither unusual luck nor bad luck.

    All episodes count where a game does not say what winning is.

    Raises:
        ValueError: the player wins none.
    """
    played = rollout.play(env, params, plan, seed=1, num_episodes=TRIED)
    keys = jax.random.split(jax.random.key(1), TRIED)
    won = []
    for episode in np.argsort(np.asarray(played.length), kind="stable"):
        one = jax.tree.map(lambda leaf, lane=episode: leaf[lane], played)
        last = int(one.length) - 1
        state = jax.tree.map(lambda leaf, step=last: leaf[step], one.states)
        step_key = rollout.episode_keys(keys[episode], params.max_steps).steps[last]
        end = env.transition(step_key, state, one.actions[last], params)
        if env.game.is_won(end.state, params, end.terminated) in (None, True):
            won.append((one.states, last, end.state))
    if not won:
        raise ValueError(f"the player wins none of {TRIED} episodes of {env.name}")
    states, last, end = won[len(won) // 2]
    first = max(0, last + 1 - MAX_STEPS)
    return jax.tree.map(
        lambda leaf, final: jnp.concatenate([leaf[first : last + 1], final[None]]),
        states,
        end,
    )


def save_film(path: Path, frames: list[np.ndarray]) -> None:
    """Writes a GIF that ends on its last picture for a while.

    Raises:
        ValueError: it is too large.
    """
    fps = 8
    while len(frames) / fps > SECONDS[1]:
        fps += 1
    while len(frames) / fps < SECONDS[0]:
        fps -= 1
    record.save(path, [*frames, *[frames[-1]] * int(HOLD * fps)], columns=2, fps=fps)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has more than {MAX_BYTES} bytes")


def write_page(name: str) -> None:
    """Writes the page of one game."""
    spec = registry.games[name]
    manual = manual_of(spec).partition("\n")[2]
    player = (
        "A scripted player that sees only the partial view and remembers it"
        if name in WATCHFUL
        else "A scripted player"
    )
    (OUT / f"{name}.md").write_text(
        f"# {name}\n\n{find_game(level_ids(name)[0]).goal}\n\n"
        f"![{player}; full view left, partial view right]({name}.gif)\n\n"
        f"*{player}; full view left, partial view right.*\n\n"
        f"{as_markdown(manual)}\n\n## Levels\n\n{level_table(name)}\n\n{RANGES}\n\n"
        f"## What the partial view gives\n\n{worth(name)}\n\n{return_table(name)}\n\n"
        f"Possible returns: {BOUNDS[name]}. Mean returns of scripted players (standard "
        "deviation of an episode), who "
        "[know more and more](README.md#what-the-games-give).\n"
    )


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


def level_table(name: str) -> str:
    """The constants of the levels, and their ranges beside the other ones."""
    levels = registry.games[name].levels.values()
    names = [field.name for field in fields(next(iter(levels)))]
    rows = [
        [env_id, *(constant(params, name) for name in names)]
        for env_id, params in zip(level_ids(name), levels, strict=True)
    ]
    return as_table(["level", *names], rows)


def constant(params: GameParams, name: str) -> str:
    """A constant and its range, "6 (1 to 10)"; any step limit may be."""
    value = str(getattr(params, name))
    limit = params.limits().get(name)
    if limit is None or name == "max_steps":
        return value
    return f"{value} ({limit.least} to {limit.largest})"


def worth(name: str) -> str:
    """What memory is worth in the partial view, in the words of its players."""
    return WORTH.get(name, "Not measured yet.")


def return_table(*names: str) -> str:
    """Returns of the four kinds of players at all levels of games."""
    rows = [
        [env_id, *(cell(getattr(returns_of(env_id), who, None)) for who in PLAYERS)]
        for name in names
        for env_id in level_ids(name)
    ]
    return as_table(["level", *PLAYERS.values()], rows)


def cell(played: Played | None) -> str:
    """One number of a table."""
    return f"{played.mean:.3f} ({played.deviation:.3f})" if played else "-"


def as_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_index() -> None:
    """Lists the pages, and what the games give."""
    names = sorted(registry.games)
    lines = ["# Games", "", "Full view left, partial view right.", ""]
    for name in names:
        lines += [f"## [{name}]({name}.md)", "", find_game(level_ids(name)[0]).goal, ""]
        lines += [f"![{name}]({name}.gif)", ""]
    lines += ["## What the games give", "", GIVES, "", return_table(*names), ""]
    lines += [f"* **{name}:** {worth(name)}" for name in names]
    (OUT / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
