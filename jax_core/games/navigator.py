"""Navigator: walk to a treasure without touching a barrier, and fire there.

The partial view shows the map only in the first picture, so it has to be remembered.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | player up | player down | player left | player right | take the treasure |

Signs:
    | sign | meaning |
    |---|---|
    | white square | you |
    | yellow gem | the treasure |
    | red crate | a barrier |

Rewards: 1 for firing on the treasure, -0.5 for walking into a barrier, -0.5/n^2 for any
    other step. Returns lie in -1..1.

Ends: terminated when the treasure is taken or a barrier is touched; truncated after n^2
    steps.

Partial view: barriers and treasure are drawn only in the first picture. In both views
    the player covers what is under it. Neither view shows `time`.

Levels: boards of n = 8, 10 and 12, with seven barriers.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. The treasure may be in any cell without a barrier, not in one of about ten.
    2. The player starts on a free cell, never on a barrier or on the treasure.
    3. The last step before the limit is rewarded like any other.
    4. Barriers, treasure and player are drawn independently.
"""

from dataclasses import replace

import jax.numpy as jnp
from jaxtyping import Array, Bool

from jax_core import random
from jax_core.compilation import compute_once
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Move,
    Outcome,
    Visibility,
)
from jax_core.games._grid import (
    cell_mask,
    draw_index,
    draw_places,
    mark_places,
    move_cursor,
    tile_where,
)
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    FIELD,
    WIDE_FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Lines,
    Paint,
    Rect,
    Scene,
    Still,
    Theme,
    sprites,
)
from jax_core.types import Action, Count, Flag, Key

NUM_BARRIERS = 7
TREASURE_REWARD = 1.0
BARRIER_REWARD = -0.5
TREASURE_SCORE = 100


@pytree
class Params(GameParams):
    """One level."""

    size: int = static()  # cells of a side of the board, 3 to 24

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            # Nine cells hold barriers, treasure and player; with more than 24 cells
            # to a side some are a single pixel in the smallest frames, all grid line.
            "size": Limit(3, 24, "nine things have room, and cells are seen"),
        }

    @property
    def step_reward(self) -> float:
        """Reward of a step that ends nothing."""
        return -0.5 / self.size**2

    @property
    def field(self) -> Rect:
        """Where the board is drawn, so that cells are whole units where possible."""
        return WIDE_FIELD if self.size == 10 else FIELD


@pytree
class State(GameState):
    """One episode in progress. Columns count from the left, rows from the top."""

    agent_x: Count
    agent_y: Count
    barriers: Bool[Array, "size size"]  # [row, col]; fixed during the episode
    treasure_x: Count
    treasure_y: Count


class Navigator(Game[State, Params]):
    """Rules and look of Navigator."""

    def init(self, key: Key, params: Params) -> State:
        """Draws different cells for player, treasure and barriers.

        Drawing the barriers last, among the cells that are left, gives the law of
        drawing them first and is cheaper. They may cut the treasure off.
        """
        size = params.size
        num_cells = size**2
        uniform = compute_once(random.uniform(key, (NUM_BARRIERS + 2,)))
        agent = draw_index(uniform[-1], num_cells)
        treasure = _skip(agent, draw_index(uniform[-2], num_cells - 1))
        first, second = jnp.minimum(agent, treasure), jnp.maximum(agent, treasure)
        barriers = [
            _skip(second, _skip(first, place))
            for place in draw_places(uniform[:NUM_BARRIERS], num_cells - 2)
        ]
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            agent_x=agent % size,
            agent_y=agent // size,
            barriers=mark_places(barriers, size),
            treasure_x=treasure % size,
            treasure_y=treasure // size,
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Moves the player or takes the treasure."""
        del key  # nothing is random after the first frame
        agent_x, agent_y = move_cursor(
            state.agent_x, state.agent_y, action, params.size
        )
        fires = action == Move.FIRE
        on_treasure = (agent_x == state.treasure_x) & (agent_y == state.treasure_y)
        found = fires & on_treasure
        on_barrier = jnp.any(state.barriers & cell_mask(agent_y, agent_x, params.size))
        hit = ~fires & on_barrier
        next_state = replace(
            state,
            score=state.score + jnp.where(found, TREASURE_SCORE, 0),
            agent_x=agent_x,
            agent_y=agent_y,
        )
        reward = jnp.where(hit, BARRIER_REWARD, jnp.float32(params.step_reward))
        reward = jnp.where(found, TREASURE_REWARD, reward)
        return next_state, Outcome(reward=reward, terminated=found | hit)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """The treasure is taken."""
        del params, terminated
        return state.score > 0

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows the player and, always or at first, barriers and treasure."""
        player = cell_mask(state.agent_y, state.agent_x, params.size)
        treasure = cell_mask(state.treasure_y, state.treasure_x, params.size)
        on_map = tile_where(state.barriers, _BARRIER)
        on_map = jnp.where(treasure, jnp.uint8(_TREASURE), on_map)
        if visibility is Visibility.PARTIAL:
            on_map = jnp.where(state.time == 0, on_map, jnp.uint8(0))
        board = Grid(
            ids=jnp.where(player, jnp.uint8(_PLAYER), on_map),
            tiles=_TILES,
            rect=params.field,
        )
        band = Band(layers=(board,), still=_still(params))
        return Scene(score=state.score, bands=(band,), title="Navigator", theme=_THEME)


def _skip(taken: Count, place: Count) -> Count:
    """Counts places as if the taken one were not there."""
    return place + (place >= taken).astype(jnp.int32)


_THEME = Theme.EARTH

# Tile ids.
_BARRIER, _TREASURE, _PLAYER = 1, 2, 3
_TILES = (
    (Paint(sprites.CRATE, Color.RED),),
    (Paint(sprites.GEM, Color.YELLOW),),
    (Paint(sprites.FULL, Color.WHITE),),
)


def _still(params: Params) -> Still:
    return (
        Fill(params.field, _THEME.ground),
        Lines(params.field, params.size, params.size, _THEME.line),
    )


SPEC = GameSpec(
    name="Navigator",
    version=0,
    game=Navigator(),
    levels={
        Difficulty.EASY: Params(size=8, max_steps=64),
        Difficulty.MEDIUM: Params(size=10, max_steps=100),
        Difficulty.HARD: Params(size=12, max_steps=144),
    },
)
