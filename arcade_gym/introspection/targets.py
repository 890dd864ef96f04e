"""What is asked of a decision: which number the frames are held responsible for."""

from enum import Enum

import jax
from jaxtyping import Array, Float, Int


class Target(Enum):
    """A number of one decision, or several whose absolute gradients are added.

    The paper's figure says sum of |dQ_a|, and its program takes |d sum of Q_a|, in
    which actions cancel (Wang et al. 2025); `SUM_ABS` is the figure's.
    """

    SUM_ABS = "sum_abs"  # the score of every action
    VALUE = "value"  # the critic's, or the highest Q-value
    CHOSEN = "chosen"  # the score of the action that was taken
    ADVANTAGE = "advantage"  # the same, less the mean of all scores
    POLICY = "policy"  # its log-probability, where scores are logits

    def of(
        self,
        scores: Float[Array, " actions"],
        value: Float[Array, ""],
        action: Int[Array, ""],
    ) -> Float[Array, " numbers"]:
        """The numbers of a decision."""
        if self is Target.SUM_ABS:
            return scores
        if self is Target.VALUE:
            return value[None]
        if self is Target.CHOSEN:
            return scores[action][None]
        if self is Target.ADVANTAGE:
            return (scores[action] - scores.mean())[None]
        return jax.nn.log_softmax(scores)[action][None]
