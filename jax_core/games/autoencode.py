"""AutoEncode: watch a row of cards, then name their suits backwards, last card first.

The partial view shows one card at a time, so the whole row has to be remembered, with
its order.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | - | - | next suit | previous suit | answer with the selected suit |

Signs:
    | sign | meaning |
    |---|---|
    | left card | shown now; none is left when you have to answer |
    | right card | the suit that you selected |
    | pink arrows | left and right select another suit |
    | cards in the middle | shown before; the last one is asked for (full view) |

Rewards: 1/N for a correct answer, N the number of cards. Returns lie in 0..1.

Ends: terminated after N answers; truncated after 10 N steps. During the first N steps
    the cards are shown one by one, and answers do nothing.

Partial view: the cards shown earlier are left out. The full view takes away the cards
    that are answered, so the last one shown is asked for. Neither view shows the cards
    to come, nor `time` once all cards are shown.

Levels: N = 26, 52 and 78 cards, every suit equally often (26: one or two cards more or
    less).

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. All five actions are declared, so that answering is part of the action space.
    2. The episode ends with the last answer; no further one is paid.
    3. Only action 4 answers, in the first step after the cards too.
    4. The full view no longer shows the cards that are answered.
"""

from dataclasses import replace

import jax.numpy as jnp
from jaxtyping import Array, Int8

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
    horizontal,
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
from jax_core.rendering.scene import Scene, Still, Theme
from jax_core.types import Action, Count, Flag, Key


@pytree
class Params(GameParams):
    """One level."""

    decks: int = static()  # of 26 cards; 1 to 3

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "decks": Limit(1, MAX_DECKS, MAX_DECKS_REASON),
        }

    @property
    def num_cards(self) -> int:
        """Cards to be remembered."""
        return self.decks * DECK

    @property
    def answer_reward(self) -> float:
        """Reward for a correct answer."""
        return 1 / self.num_cards


@pytree
class State(GameState):
    """One episode in progress."""

    cards: Int8[Array, " cards"]  # suits in the order shown
    selected_suit: Count  # 0..3
    num_answered: Count  # right or wrong


class AutoEncode(Game[State, Params]):
    """Rules and look of AutoEncode."""

    def init(self, key: Key, params: Params) -> State:
        """Shuffles the cards."""
        uniforms = random.uniform(key, (params.num_cards,))
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            cards=shuffle_suits(uniforms, len(Suit)),
            selected_suit=jnp.int32(0),
            num_answered=jnp.int32(0),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Turns the selector, or compares the selected suit with the card asked for."""
        del key  # nothing is random after the first frame
        selected_suit = (state.selected_suit - horizontal(action)) % len(Suit)
        answers = (action == Move.FIRE) & (state.time >= params.num_cards)
        asked = card_at(state.cards, params.num_cards - 1 - state.num_answered)
        correct = answers & (asked == selected_suit)
        num_answered = state.num_answered + answers.astype(jnp.int32)
        next_state = replace(
            state,
            score=state.score + correct.astype(jnp.int32),
            selected_suit=selected_suit,
            num_answered=num_answered,
        )
        reward = jnp.where(correct, jnp.float32(params.answer_reward), 0.0)
        ended = num_answered >= params.num_cards
        return next_state, Outcome(reward=reward, terminated=ended)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """Every answer was right."""
        del terminated
        return state.score == params.num_cards

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows the present card, the selected suit and, or not, earlier cards."""
        is_watching = state.time < params.num_cards
        present = jnp.where(is_watching, card_at(state.cards, state.time), -1)
        num_shown = jnp.where(
            is_watching, state.time, params.num_cards - state.num_answered
        )
        earlier = history_layer(state.cards, num_shown, len(Suit))
        history = (earlier,) if visibility is Visibility.FULL else ()
        cards = card_layer(present, state.selected_suit, len(Suit))
        bands = (
            table_band(CARD_LINES, history, (cards,), _TABLE),
            table_band(slice(CARD_LINES.stop, HISTORY_SIZE), history, (), _TABLE),
        )
        return Scene(score=state.score, bands=bands, title="AutoEncode", theme=_THEME)


_THEME = Theme.WINE
_TABLE: Still = (
    *card_table(_THEME),
    # Below the selected suit: left and right change it.
    *arrow(Move.LEFT, 116, 46, _THEME.accent),
    *arrow(Move.RIGHT, 124, 46, _THEME.accent),
)

SPEC = GameSpec(
    name="AutoEncode",
    version=0,
    game=AutoEncode(),
    levels={
        Difficulty.EASY: Params(decks=1, max_steps=260),
        Difficulty.MEDIUM: Params(decks=2, max_steps=520),
        Difficulty.HARD: Params(decks=3, max_steps=780),
    },
)
