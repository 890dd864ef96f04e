"""A memory and a game of your own in the training loop of `arcade_gym.baselines`.

    python examples/train_with_memory.py --out runs/lamp

The game (lamp.py) asks at its end what was shown at its beginning. The memory keeps
averages of what it was given, some short and some long.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32

try:
    import equinox as eqx
    import tyro

    from arcade_gym.baselines import RunConfig, train
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: pip install 'arcade-gym[baselines]'") from error

Means = Float32[Array, " width"]


class Averages(eqx.Module):
    """Running means of the features; training decides how long they are."""

    length: Means  # logit of the share that is kept from frame to frame

    def initial_carry(self) -> Means:
        """What is remembered before the first frame."""
        return jnp.zeros_like(self.length)

    def __call__(
        self, carry: Means, x: Float32[Array, "T width"], first: Bool[Array, " T"]
    ) -> tuple[Means, Float32[Array, "T width"]]:
        """Answers T rows; forgets before the first frame of an episode."""
        kept = jax.nn.sigmoid(self.length)

        def add(means: Means, row: tuple[Means, Array]) -> tuple[Means, Means]:
            features, is_first = row
            means = kept * jnp.where(is_first, 0.0, means) + (1.0 - kept) * features
            return means, means

        return jax.lax.scan(add, carry, (x, first))


def main(out: str, total_steps: int = 200_000, width: int = 64) -> None:
    """Trains until nearly all answers are right, on the partial view."""
    config = RunConfig(
        env_id="lamp:LampEasy",
        partial_obs=True,
        obs_size=64,
        width=width,
        total_steps=total_steps,
        target_return=0.99,
        out=out,
    )
    report = train(config, memory=Averages(jnp.linspace(0.0, 4.0, width)))
    print(f"mean return {report.mean():.2f} after {report.steps} steps")


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except KeyboardInterrupt as stop:  # it says how to go on
        raise SystemExit(str(stop) or 130) from None
    except OSError as error:  # a full disk, say
        raise SystemExit(str(error)) from None
