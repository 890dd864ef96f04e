"""CountRecall: say how many cards of a suit were dealt before the present card.

Cards are dealt one by one, each with a query, so a player who cannot see the earlier
cards has to keep one count per suit.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | counter + 1 | counter - 1 | - | - | answer with the counter |

Signs:
    | sign | meaning |
    |---|---|
    | left card | dealt now |
    | right card | how many of its suit came before? |
    | green number | your answer; up and down change it |
    | cards in the middle | dealt before (full view) |

Rewards: 1/N for a correct answer, N the number of cards. Returns lie in 0..1. Moves of
    the counter cost steps, so in long deals not every answer can be right.

Ends: terminated after N answers; truncated after 100 + N steps. An answer deals the
    next card and leaves the counter as it is.

Partial view: the cards dealt earlier are left out. Neither view shows the cards to come
    and `time`.

Levels: N = 26, 52 and 78 cards; 2, 2 and 4 suits, equally often.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. The counter stays in 0..ceil(N / suits), the range of possible answers.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int8, Int32

from jax_core import random
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Move,
    Outcome,
    Visibility,
    vertical,
)
from jax_core.games._cards import (
    CARD_LINES,
    DECK,
    HISTORY_SIZE,
    MAX_DECKS,
    MAX_DECKS_REASON,
    Suit,
    arrow,
    card_at,
    card_layer,
    card_table,
    history_layer,
    shuffle_suits,
    table_band,
)
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    Band,
    Grid,
    Paint,
    Rect,
    Scene,
    Still,
    Theme,
    Tile,
    sprites,
)
from jax_core.types import Action, Count, Flag, Key


@pytree
class Params(GameParams):
    """One level."""

    decks: int = static()  # of 26 cards; 1 to 3
    num_suits: int = static()  # 1 to 4

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "decks": Limit(1, MAX_DECKS, MAX_DECKS_REASON),
            "num_suits": Limit(1, len(Suit), "suits that there are"),
        }

    @property
    def num_cards(self) -> int:
        """Cards dealt, one per answer."""
        return self.decks * DECK

    @property
    def max_counter(self) -> int:
        """The most cards that any suit has."""
        return -(-self.num_cards // self.num_suits)

    @property
    def answer_reward(self) -> float:
        """Reward for a correct answer."""
        return 1 / self.num_cards


@pytree
class State(GameState):
    """One episode in progress."""

    num_answered: Count  # index of the present card
    counter: Count  # 0..max_counter, the answer that fire gives
    value_cards: Int8[Array, " cards"]  # suits in the order dealt
    query_cards: Int8[Array, " cards"]  # suits in the order asked for
    seen_counts: Int32[Array, " suits"]  # of the cards before the present one


class CountRecall(Game[State, Params]):
    """Rules and look of CountRecall."""

    def init(self, key: Key, params: Params) -> State:
        """Shuffles the cards and, independently, the queries."""
        uniforms = random.uniform(key, (2, params.num_cards))
        value_cards, query_cards = jax.vmap(
            lambda row: shuffle_suits(row, params.num_suits)
        )(uniforms)
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            num_answered=jnp.int32(0),
            counter=jnp.int32(0),
            value_cards=value_cards,
            query_cards=query_cards,
            seen_counts=jnp.zeros(params.num_suits, jnp.int32),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Moves the counter, or compares it with the count asked for."""
        del key  # nothing is random after the first frame
        counter = jnp.clip(state.counter - vertical(action), 0, params.max_counter)
        answers = action == Move.FIRE
        suits = np.arange(params.num_suits, dtype=np.int32)
        is_asked = suits == card_at(state.query_cards, state.num_answered)
        is_dealt = suits == card_at(state.value_cards, state.num_answered)
        correct = answers & jnp.any(is_asked & (state.seen_counts == counter))
        num_answered = state.num_answered + answers.astype(jnp.int32)
        next_state = replace(
            state,
            score=state.score + correct.astype(jnp.int32),
            num_answered=num_answered,
            counter=counter,
            seen_counts=state.seen_counts + (is_dealt & answers).astype(jnp.int32),
        )
        reward = jnp.where(correct, jnp.float32(params.answer_reward), 0.0)
        ended = num_answered >= params.num_cards
        return next_state, Outcome(reward=reward, terminated=ended)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """Every answer was right."""
        del terminated
        return state.score == params.num_cards

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows card, query, counter and, or not, the earlier cards."""
        is_open = state.num_answered < params.num_cards
        value = jnp.where(is_open, card_at(state.value_cards, state.num_answered), -1)
        query = jnp.where(is_open, card_at(state.query_cards, state.num_answered), -1)
        earlier = history_layer(state.value_cards, state.num_answered, params.num_suits)
        history = (earlier,) if visibility is Visibility.FULL else ()
        cards = card_layer(value, query, params.num_suits)
        bands = _bands(history, cards, state.counter)
        return Scene(score=state.score, bands=bands, title="CountRecall", theme=_THEME)


def _bands(history: tuple[Grid, ...], cards: Grid, counter: Count) -> tuple[Band, ...]:
    """Cards, history and counter; ten digits are costly, so their strip is narrow."""
    digits = (jnp.stack([counter // 10, counter % 10]) + 1).astype(jnp.uint8)
    number = Grid(ids=digits[None], tiles=_DIGIT_TILES, rect=_COUNTER)
    return (
        table_band(CARD_LINES, history, (cards,), _TABLE),
        table_band(slice(CARD_LINES.stop, _COUNTER_LINES.start), history, (), _TABLE),
        table_band(_COUNTER_LINES, history, (number,), _TABLE),
        table_band(slice(_COUNTER_LINES.stop, HISTORY_SIZE), history, (), _TABLE),
    )


_THEME = Theme.FELT

# Two digits always, in the color of what the player moves, unlike the score.
_COUNTER = Rect(1, 62, 16, 10)
_COUNTER_LINES = slice(4, 6)  # of the history, beside it
_TABLE: Still = (
    *card_table(_THEME),
    *arrow(Move.UP, 8, 56, _THEME.accent),
    *arrow(Move.DOWN, 8, 78, _THEME.accent),
)

# Tile ids: digit + 1. The space between digits is moved to their right.
_DIGIT_TILES: tuple[Tile, ...] = tuple(
    (Paint(tuple(row[1:] + row[:1] for row in digit), _THEME.accent, on_line=True),)
    for digit in sprites.DIGITS
)

SPEC = GameSpec(
    name="CountRecall",
    version=0,
    game=CountRecall(),
    levels={
        Difficulty.EASY: Params(decks=1, num_suits=2, max_steps=126),
        Difficulty.MEDIUM: Params(decks=2, num_suits=2, max_steps=152),
        Difficulty.HARD: Params(decks=3, num_suits=4, max_steps=178),
    },
)
