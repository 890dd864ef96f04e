"""Measures what each game can give: plays the scripted players of `tests/players/`.

    python docs/ceilings.py                                 # all games, in an hour
    python docs/ceilings.py Breakout Tetris                 # some
    python docs/ceilings.py Tetris --who without_memory     # one player

Writes `arcade_gym/returns.json`, which is what `arcade_gym.list_games()`, studies and
`docs/gallery.py` read: [mean, standard deviation of an episode, episodes].
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the players are not part of the package

from jax_core import registry  # noqa: E402  # after the path
from tests.players import measuring  # noqa: E402

RETURNS = ROOT / "arcade_gym" / "returns.json"
EPISODES = dict.fromkeys(measuring.PLAYERS, 1024) | {"random": 8192}
FEW = 128  # of players that think hard
SEED = 0


def main() -> None:
    """Measures what the command line names."""
    parser = argparse.ArgumentParser(description="Measures returns of scripted players")
    parser.add_argument("games", nargs="*", help="all, if none is named")
    parser.add_argument(
        "--who", nargs="+", choices=measuring.PLAYERS, default=measuring.PLAYERS
    )
    chosen = parser.parse_args()
    for name in chosen.games or registry.games:
        spec = registry.games[name]
        for difficulty in spec.levels:
            env_id = registry.level_id(spec, difficulty)
            for who in chosen.who:
                thinks = name == "Tetris" and who in ("with_memory", "knows_state")
                episodes = FEW if thinks else EPISODES[who]
                returns = measuring.measure(env_id, who, SEED, episodes)
                save(env_id, who, returns)
                mean, deviation = returns.mean(), returns.std()
                print(f"{env_id} {who}: {mean:.3f} ({deviation:.3f})", flush=True)


def save(env_id: str, who: str, returns: np.ndarray) -> None:
    """Writes the numbers of one player; those of others stay."""
    found = json.loads(RETURNS.read_text()) if RETURNS.exists() else {}
    measured = round(float(returns.mean()), 4), round(float(returns.std()), 4)
    players = found.get(env_id, {}) | {who: [*measured, len(returns)]}
    found[env_id] = {
        name: players[name] for name in measuring.PLAYERS if name in players
    }
    ids = [
        registry.level_id(spec, difficulty)
        for spec in registry.games.values()
        for difficulty in spec.levels
    ]
    lines = [f' "{i}": {json.dumps(found[i])}' for i in ids if i in found]
    RETURNS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
