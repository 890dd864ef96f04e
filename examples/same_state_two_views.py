"""One episode seen in both views, and a player who changes the view in mid-episode.

    python examples/same_state_two_views.py BattleShipEasy two_views.gif

The fully and the partially observable twin of a game share state, actions and rewards;
only the picture differs. So one may draw a state in both views, or take it out of one
environment and go on in the other. The film shows the full view left, the partial view
right, and what the player sees, framed: the full view in the first half of the film.
"""

import argparse
import signal
from pathlib import Path

import numpy as np
from PIL import Image

from arcade_gym import ArcadeVectorEnv
from arcade_gym.whole_files import replacing

FRAME, GAP = (255, 200, 0), 4  # color and pixels


def play(game: str, num_steps: int) -> list[tuple[np.ndarray, np.ndarray, bool]]:
    """Plays at random; gives both pictures of every state, and which was seen."""
    mdp, pomdp = (
        ArcadeVectorEnv(game=game, partial_obs=partial, backend="numpy")
        for partial in (False, True)
    )
    mdp.action_space.seed(0)
    playing, watching = mdp, pomdp
    playing.reset(seed=0)
    film = []
    for step in range(num_steps):
        watching.set_state(playing.get_state())
        if step == num_steps // 2:  # either twin could go on from here
            playing, watching = watching, playing
        film.append((mdp.draw()[0], pomdp.draw()[0], playing is pomdp))
        playing.step(mdp.action_space.sample())
    return film


def side_by_side(
    full: np.ndarray, partial: np.ndarray, is_partial: bool
) -> Image.Image:
    """Joins two pictures and frames the one that the player saw."""
    size = len(full) + 2 * GAP
    sheet = np.zeros((size, 2 * size, 3), np.uint8)
    sheet[:, size * is_partial : size * (is_partial + 1)] = FRAME
    for left, picture in ((0, full), (size, partial)):
        sheet[GAP:-GAP, left + GAP : left + size - GAP] = picture
    return Image.fromarray(sheet)


def main() -> None:
    """Plays and writes the film."""
    parser = argparse.ArgumentParser(description="One episode in both views.")
    parser.add_argument("game", nargs="?", default="BattleShipEasy")
    parser.add_argument("path", nargs="?", type=Path, default=Path("two_views.gif"))
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    first, *rest = (side_by_side(*shown) for shown in play(options.game, options.steps))
    with replacing(options.path) as file:
        first.save(file, "GIF", save_all=True, append_images=rest, duration=200, loop=0)
    print(f"Wrote {options.path}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback
    try:
        main()
    except OSError as error:  # a full disk, say: neither
        raise SystemExit(str(error)) from None
