"""What a network answers to recorded frames, or to others in their place."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, UInt8

from arcade_gym.introspection.trajectory import Trajectory

LEAST_ROWS = 16

Frames = UInt8[Array | np.ndarray, "rows side side 3"]
Images = Float[Array | np.ndarray, "rows side side 3"]  # in 0..255


class Rows(NamedTuple):
    """The inputs of a network, with rows after the end that no answer depends on."""

    obs: Frames | Images
    last_action: Int32[Array | np.ndarray, " rows"]
    first: Bool[Array | np.ndarray, " rows"]


class Outputs(NamedTuple):
    """A network's answers, one for each frame."""

    scores: Float[Array | np.ndarray, "rows actions"]  # Q-values or logits
    value: Float[Array | np.ndarray, " rows"]  # of the critic, or the highest Q-value

    @property
    def greedy(self) -> Int32[Array | np.ndarray, " rows"]:
        """The best actions."""
        return self.scores.argmax(-1).astype(np.int32)

    @property
    def advantage(self) -> Float[Array | np.ndarray, "rows actions"]:
        """Scores less their mean, which is what tells actions apart."""
        return self.scores - self.scores.mean(-1, keepdims=True)


def replay_outputs(
    network: Any, trajectory: Trajectory, obs: Frames | Images | None = None
) -> Outputs:
    """Shows a network the frames of an episode, with the actions that were taken.

    Args:
        network: as in `record_trajectory`.
        trajectory: the episode.
        obs: frames in place of those that were seen, [n + 1, side, side, 3].

    Raises:
        ValueError: `obs` has another shape than the frames that were seen.
    """
    outputs = _answers(network, padded(trajectory, obs))
    return Outputs(*(np.asarray(leaf)[: len(trajectory) + 1] for leaf in outputs))


def padded(trajectory: Trajectory, obs: Frames | Images | None = None) -> Rows:
    """The inputs of a network, of a length that is a power of two.

    So trajectories of many lengths share few programs. Networks look back only, so that
    rows after the end change no answer.
    """
    obs = trajectory.obs if obs is None else np.asarray(obs)
    if obs.shape != trajectory.obs.shape:
        raise ValueError(
            f"obs must have the shape of the frames that were seen, "
            f"{list(trajectory.obs.shape)}, got {list(obs.shape)}"
        )
    count = len(obs)
    missing = max(LEAST_ROWS, 1 << (count - 1).bit_length()) - count
    return Rows(
        obs=np.pad(obs, ((0, missing), (0, 0), (0, 0), (0, 0))),
        last_action=np.pad(trajectory.last_action, (0, missing)),
        first=np.pad(trajectory.first, (0, missing)),
    )


def answers(network: Any, rows: Rows) -> Outputs:
    """Runs a network over rows, from an empty memory; can be traced."""
    _, scores, *others = network(network.initial_carry(), *map(jnp.asarray, rows))
    return Outputs(scores, others[0] if others else scores.max(-1))


_answers = eqx.filter_jit(answers)
