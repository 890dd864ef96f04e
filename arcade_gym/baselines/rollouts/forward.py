"""Networks, which are written for one lane, run over many."""

from typing import Any

import jax

from arcade_gym.baselines.rollouts.rollout import Seen


def one_row(network: Any, carry: Any, seen: Seen) -> tuple[Any, Any]:
    """Runs the network over the present row of every lane.

    Args:
        network: called with carry, obs, last_action and first of one lane.
        carry: of the memory, [lanes, ...] each leaf.
        seen: [lanes] axes.

    Returns:
        The carries afterwards, and the outputs, [lanes, ...] each leaf.
    """

    def one_lane(carry: Any, seen: Seen) -> tuple[Any, Any]:
        row = jax.tree.map(lambda leaf: leaf[None], seen)
        carry, *outputs = network(carry, *row)
        return carry, tuple(leaf[0] for leaf in outputs)

    return jax.vmap(one_lane)(carry, seen)


def sequences(network: Any, carry: Any, seen: Seen) -> tuple[Any, ...]:
    """Runs the network over a sequence of every item.

    Args:
        network: called with carry, obs, last_action and first of one lane.
        carry: of the memory before the sequence, [items, ...] each leaf.
        seen: [items, time] axes.

    Returns:
        The outputs, [items, time, ...] each.
    """
    _, *outputs = jax.vmap(network)(carry, *seen)
    return tuple(outputs)


def warmed_up(network: Any, carry: Any, seen: Seen) -> Any:
    """The carries after a sequence of every item, [items, ...] each leaf.

    Args:
        network: called with carry, obs, last_action and first of one lane.
        carry: of the memory before the sequence, [items, ...] each leaf.
        seen: [items, time] axes; without rows nothing changes.
    """
    if not seen.first.shape[1]:
        return carry
    return jax.vmap(network)(carry, *seen)[0]
