"""First look: steps a batch of every game, draws them, and measures the speed.

    python examples/demo.py

Needs nothing but the package itself. Writes a picture and an animation to `demo/`. The
picture in the README is made by `python examples/demo.py --picture docs/games.png`.
"""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
from PIL import Image

import arcade_gym
import jax_core
from arcade_gym.whole_files import replacing
from jax_core import registry

ROOT = Path(__file__).resolve().parent.parent
OUT = Path("demo")
LANES = 16
STEPS = 60
GAP = 6  # pixels between two frames


def main() -> None:
    """Runs the demonstration, or draws the picture alone."""
    parser = argparse.ArgumentParser(description="A first look at all games.")
    parser.add_argument("--picture", type=Path, help="only write this picture")
    options = parser.parse_args()
    print(f"Arcade Gym {arcade_gym.__version__} on {jax.devices()[0]}")
    games = sorted(registry.games)
    films = [film(game) for game in games]
    if options.picture:
        save_picture(options.picture, films)
        print(f"Wrote {options.picture}")
        return
    pictures = [sheet(films, [step] * len(films)) for step in range(STEPS)]
    OUT.mkdir(exist_ok=True)
    save_picture(OUT / "games.png", films)
    first, *rest = pictures
    with replacing(OUT / "games.gif") as file:
        first.save(file, "GIF", save_all=True, append_images=rest, duration=120, loop=0)
    print(f"\nWrote {OUT}/games.png and {OUT}/games.gif")
    print(SPEED, flush=True)
    fps = str(ROOT / "benchmarks" / "fps.py")
    quick = ["--full", "--steps", "8", "--repeats", "3"]
    subprocess.run([sys.executable, fps, *quick], check=True)
    print(NEXT)


def film(game: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Frames of one lane of a batch that plays at random: full view, partial view."""
    env, params = jax_core.make(f"{game}Easy")
    partial, _ = jax_core.make(f"{game}Easy", partial_obs=True)
    step = jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None)))
    draw = jax.jit(partial.get_obs)  # the same states, as the partial view shows them
    keys = jax.random.split(jax.random.key(0), LANES)
    state = jax.jit(jax.vmap(env.init, in_axes=(0, None)))(keys, params)
    frames, total = [], 0.0
    for t in range(STEPS):
        action_key, step_key = jax.random.split(jax.random.key(t))
        actions = jax.random.randint(action_key, (LANES,), 0, env.num_actions)
        step_keys = jax.random.split(step_key, LANES)
        obs, state, reward, _, _ = step(step_keys, state, actions, params)
        seen = draw(jax.tree.map(lambda leaf: leaf[0], state), params)
        frames.append((np.asarray(obs[0]), np.asarray(seen)))
        total += float(reward.sum())
    print(f"  {game:<14} {LANES} x {STEPS} random steps, rewards {total:+.2f}")
    full_frames, partial_frames = zip(*frames, strict=True)
    return list(full_frames), list(partial_frames)


def sheet(
    films: list[tuple[list, list]], steps: list[int], columns: int = 2
) -> Image.Image:
    """All games, each at its step, full view left and partial view right of a pair."""
    pairs = [
        np.hstack([_framed(full[step]), _framed(part[step])])
        for (full, part), step in zip(films, steps, strict=True)
    ]
    pairs += [np.zeros_like(pairs[0])] * (-len(pairs) % columns)
    rows = [np.hstack(pairs[i : i + columns]) for i in range(0, len(pairs), columns)]
    return Image.fromarray(np.vstack(rows))


def _framed(frame: np.ndarray) -> np.ndarray:
    return np.pad(frame, ((GAP, 0), (GAP, 0), (0, 0)), constant_values=64)


def save_picture(path: Path, films: list[tuple[list, list]]) -> None:
    """Draws every game where its two views differ most."""
    steps = [
        max(range(STEPS), key=lambda step, f=full, p=part: np.sum(f[step] != p[step]))
        for full, part in films
    ]
    with replacing(path) as file:
        sheet(films, steps).save(file, "PNG", optimize=True)


SPEED = """
Frames per second at 128 x 128 pixels, on this machine. "draw" makes pictures alone,
"step" plays a whole step; "+ read" is the same with every byte of the frames read by a
second program. "fill" writes one value into the same memory, which is the limit.
"""
NEXT = """
Next:
  python benchmarks/fps.py Breakout --num-envs 4096         how fast it gets
  pip install '.[examples]' && python examples/ppo_torch.py an agent that learns
  README.md                                                 the interfaces
"""

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback
    try:
        main()
    except OSError as error:  # a full disk, say: neither
        raise SystemExit(str(error)) from None
