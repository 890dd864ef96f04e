"""Writes `docs/games/`: a page and a film for every game.

    python docs/gallery.py                       # all games
    python docs/gallery.py Breakout              # one
    python docs/gallery.py --measure Breakout    # plays its returns anew, in minutes

Films show scripted players (`tests/players/`), full view left, partial view right.
"""

import argparse
import importlib
import inspect
import json
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
from jax_core import registry  # noqa: E402
from tests.players import battleship, minesweeper, rollout, skittles  # noqa: E402

OUT = ROOT / "docs" / "games"
RETURNS = OUT / "returns.json"  # means and standard deviations by level and player
MAX_BYTES = 300_000
MAX_STEPS = 240  # the last ones of longer episodes
SECONDS = 2, 14  # shortest and longest film, without the picture that it ends on
HOLD = 1.5  # seconds
EPISODES = 256
TRIED = 32  # episodes, of which one that is won is filmed

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
    parser.add_argument("--measure", action="store_true", help="play returns anew")
    chosen = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    for name in chosen.games or sorted(registry.games):
        if chosen.measure or not is_measured(name):
            measure(name)
        save_film(OUT / f"{name}.gif", film(name))
        write_page(name)
        print(f"Wrote docs/games/{name}.md and its film", flush=True)
    write_index()


def level_ids(name: str) -> list[str]:
    """Ids of the levels of a game."""
    spec = registry.games[name]
    return [registry.level_id(spec, difficulty) for difficulty in spec.levels]


def is_measured(name: str) -> bool:
    """Whether the returns of all levels are known."""
    return set(level_ids(name)) <= json.loads(RETURNS.read_text()).keys()


def measure(name: str) -> None:
    """Plays returns of random play and of the scripted player at all levels."""
    found = json.loads(RETURNS.read_text())
    for env_id in level_ids(name):
        env, params = jax_core.make(env_id)
        found[env_id] = {
            who: summary(rollout.play(env, params, plan, 0, EPISODES).total)
            for who, plan in (("random", at_random), ("player", player_of(name)))
        }
    RETURNS.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n")


def at_random(_env: Any, params: Any, keys: rollout.Keys) -> jax.Array:
    """The plan of random play."""
    return jax.random.randint(keys.reset, (params.max_steps,), 0, 5, jnp.int32)


def summary(totals: Any) -> list[float]:
    """Mean and standard deviation."""
    totals = np.asarray(totals)
    return [round(float(totals.mean()), 3), round(float(totals.std()), 3)]


def player_of(name: str) -> Any:
    """The plan of the player that knows the hidden state."""
    module = type(registry.games[name].game).__module__.rpartition(".")[2]
    player = importlib.import_module(f"tests.players.{module}")
    return getattr(player, "plan", None) or rollout.closed_loop(player.act)


def film(name: str) -> list[np.ndarray]:
    """Frames of a won episode in both views, its last state included.

    Returns:
        uint8 [2, 128, 128, 3] for every picture.
    """
    env_id = level_ids(name)[0]
    views = [jax_core.make(env_id, partial_obs=partial) for partial in (False, True)]
    states = won_episode(*views[0], WATCHFUL.get(name) or player_of(name))
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
        f"{as_markdown(manual)}\n\n## Levels\n\n{level_table(name)}\n\n"
        f"Possible returns: {BOUNDS[name]}. Means over {EPISODES} episodes (standard "
        "deviation of an episode). The player of the table knows the hidden state.\n"
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
    """A Markdown table with one row per level."""
    spec, found = registry.games[name], json.loads(RETURNS.read_text())
    names = [field.name for field in fields(next(iter(spec.levels.values())))]
    head = ["level", *names, "random play", "scripted player"]
    rows = [head, ["---"] * len(head)]
    for env_id, params in zip(level_ids(name), spec.levels.values(), strict=True):
        scores = [f"{m:.3f} ({d:.3f})" for m, d in found[env_id].values()]
        rows.append([env_id, *(str(getattr(params, n)) for n in names), *scores])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_index() -> None:
    """Lists the pages."""
    lines = ["# Games", "", "Full view left, partial view right.", ""]
    for name in sorted(registry.games):
        lines += [f"## [{name}]({name}.md)", "", find_game(level_ids(name)[0]).goal, ""]
        lines += [f"![{name}]({name}.gif)", ""]
    (OUT / "README.md").write_text("\n".join(lines[:-1]) + "\n")


if __name__ == "__main__":
    main()
