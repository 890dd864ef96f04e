"""Answers as many questions as the steps allow, knowing the whole deal.

Moving the counter costs steps and only `max_steps - num_cards` are to spare, so the
best player gives some questions up. Which, is found by dynamic programming.
"""

import jax
import jax.numpy as jnp

from jax_core.game import Move

_FAR = 10_000  # more moves than any episode has


def act(state, params):
    """Gives every question its answer, and runs out of time in long deals."""
    last = params.num_cards - 1
    return _toward(state.counter, _answer(state, jnp.minimum(state.num_answered, last)))


def act_badly(state, params):
    """Answers as fast as possible, and never rightly."""
    last = params.num_cards - 1
    answer = _answer(state, jnp.minimum(state.num_answered, last))
    away = jnp.where(state.counter == 0, Move.UP, Move.DOWN)
    return jnp.where(state.counter == answer, away, Move.FIRE)


def plan(env, params, keys):
    """Plays the deal with as many right answers as there can be."""
    state = env.init(keys.reset, params)
    targets = answers(state, params)
    num_steps = len(keys.steps)  # `max_steps` itself may be traced
    spare = num_steps - params.num_cards
    chosen = best_choice(targets, params.max_counter, spare)

    def step(carry, _):
        counter, card = carry
        wants_to_move = chosen[card] & (counter != targets[card])
        action = jnp.where(wants_to_move, _toward(counter, targets[card]), Move.FIRE)
        counter += (action == Move.UP).astype(jnp.int32)
        counter -= (action == Move.DOWN).astype(jnp.int32)
        card += (action == Move.FIRE).astype(jnp.int32)
        return (counter, jnp.minimum(card, params.num_cards - 1)), action

    start = (jnp.int32(0), jnp.int32(0))
    return jax.lax.scan(step, start, length=num_steps)[1]


def answers(state, params):
    """Right answer to every question of a deal."""
    dealt = state.value_cards[:, None] == state.query_cards[None]
    index = jnp.arange(params.num_cards)
    is_before = index[:, None] < index[None]
    return jnp.sum(dealt & is_before, axis=0, dtype=jnp.int32)


def best_choice(targets, max_counter, spare):
    """Marks the questions to be answered rightly: the most that `spare` moves allow.

    `moves[c, k]` is the fewest moves after which k answers were right and the counter
    stands at c, the last right answer.
    """
    counters = jnp.arange(max_counter + 1, dtype=jnp.int32)
    num_cards = len(targets)

    def choose(moves, target):
        costs = moves + jnp.abs(counters - target)[:, None]
        came_from = jnp.argmin(costs, axis=0).astype(jnp.int32)
        cost = jnp.concatenate([jnp.array([_FAR]), jnp.min(costs, axis=0)[:-1]])
        came_from = jnp.concatenate([jnp.array([0]), came_from[:-1]])
        is_better = cost < moves[target]
        moves = moves.at[target].min(cost)
        return moves, (is_better, came_from)

    start = jnp.full((max_counter + 1, num_cards + 1), _FAR, jnp.int32)
    moves, (is_better, came_from) = jax.lax.scan(choose, start.at[0, 0].set(0), targets)
    affordable = jnp.any(moves <= spare, axis=0)
    num_right = num_cards - jnp.argmax(affordable[::-1]).astype(jnp.int32)
    counter = jnp.argmin(moves[:, num_right]).astype(jnp.int32)

    def trace(carry, inputs):
        counter, num_right = carry
        target, is_better, came_from = inputs
        taken = is_better[num_right] & (counter == target)
        counter = jnp.where(taken, came_from[num_right], counter)
        return (counter, num_right - taken.astype(jnp.int32)), taken

    inputs = (targets, is_better, came_from)
    return jax.lax.scan(trace, (counter, num_right), inputs, reverse=True)[1]


def _answer(state, card):
    query = state.query_cards[card].astype(jnp.int32)
    return state.seen_counts[query]


def _toward(counter, target):
    move = jnp.where(counter < target, Move.UP, Move.DOWN)
    return jnp.where(counter == target, Move.FIRE, move)
