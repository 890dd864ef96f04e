"""Skittles: dodge blocks that fall down a lane.

In the partial view every cell of the field flickers: each picture shows it only with
probability 1/2, so blocks have to be remembered and moved on in mind.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | - | - | player left | player right | - |

Signs:
    | sign | meaning |
    |---|---|
    | white triangle | you |
    | colored square | a falling block |

Rewards: 1/100 per step, the step that ends the episode included. The first block
    arrives in step 10, so returns lie in 0.1..1.

Ends: terminated when a block is in the player's new cell, before or after the blocks
    fall by one row; truncated after 100 steps.

Partial view: blocks are drawn only in the cells that are `visible`, which are chosen
    anew in every step; at time 0 the field is empty. `time` is equal to `score`.

Levels: on a field of ten columns the lane has 8, 7 and 6.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. `terminated` is a boolean, not the number of hits.
    2. The visible cells are independent of `time`, of other episodes and of other
       copies of the environment.
"""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int, UInt8

from jax_core import random
from jax_core.compilation import compute_once
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Outcome,
    Visibility,
    horizontal,
)
from jax_core.games._grid import cell_mask, draw_index
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    WIDE_FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Paint,
    Rect,
    Scene,
    Still,
    Theme,
    sprites,
)
from jax_core.types import Action, Count, Flag, Key

SIZE = 10  # rows and columns of the field
PLAYER_ROW = SIZE - 1
STEP_REWARD = 0.01


@pytree
class Params(GameParams):
    """One level."""

    max_steps: Int[ArrayLike, ""] = 100
    lane_start: int = static()  # first column of the lane, 0 to 9
    lane_width: int = static()  # columns, 1 to 10 - lane_start

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "lane_start": Limit(0, SIZE - 1, "columns of the field"),
            "lane_width": Limit(
                1,
                SIZE - self.lane_start,
                "columns from the first one of the lane on",
                given=("lane_start",),
            ),
        }

    @property
    def lane_end(self) -> int:
        """Last column of the lane."""
        return self.lane_start + self.lane_width - 1


@pytree
class State(GameState):
    """One episode in progress. Columns count from the left, rows from the top."""

    agent_x: Count  # the player's column; its row is PLAYER_ROW
    enemies: Bool[Array, "10 10"]  # [row, col] of blocks
    visible: Bool[Array, "10 10"]  # cells drawn in the partial view


class Skittles(Game[State, Params]):
    """Rules and look of Skittles."""

    def init(self, key: Key, params: Params) -> State:
        """Puts the player anywhere at the end of an empty lane."""
        uniform = compute_once(random.uniform(key))
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            agent_x=params.lane_start + draw_index(uniform, params.lane_width),
            enemies=jnp.zeros((SIZE, SIZE), jnp.bool_),
            visible=jnp.ones((SIZE, SIZE), jnp.bool_),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Moves the player, then the blocks; a new block enters in the first row."""
        block_key, visible_key = random.split(key)
        agent_x = jnp.clip(
            state.agent_x + horizontal(action), params.lane_start, params.lane_end
        )
        col = np.arange(SIZE, dtype=np.int32)
        block_x = params.lane_start + draw_index(
            compute_once(random.uniform(block_key)), params.lane_width
        )
        enemies = jnp.concatenate([(col == block_x)[None], state.enemies[:-1]])
        player = cell_mask(jnp.int32(PLAYER_ROW), agent_x, SIZE)
        hit = jnp.any((state.enemies | enemies) & player)
        next_state = replace(
            state,
            score=state.score + 1,
            agent_x=agent_x,
            enemies=enemies,
            visible=_flip_coins(visible_key) | player,
        )
        return next_state, Outcome(reward=jnp.float32(STEP_REWARD), terminated=hit)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """No block was met until the step limit."""
        del state, params
        return ~terminated

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows the player and the blocks, all or those in visible cells."""
        shown = state.enemies
        if visibility is Visibility.PARTIAL:
            shown &= state.visible | (state.time == 0)
        player = cell_mask(jnp.int32(PLAYER_ROW), state.agent_x, SIZE)
        ids = jnp.where(shown, _block_ids(state.time)[:, None], jnp.uint8(0))
        ids = jnp.where(player, jnp.uint8(_PLAYER), ids)
        field = Grid(ids=ids, tiles=_TILES, rect=WIDE_FIELD)
        band = Band(layers=(field,), still=_still(params))
        return Scene(score=state.score, bands=(band,), title="Skittles", theme=_THEME)


def _flip_coins(key: Key) -> Bool[Array, "10 10"]:
    """True in every cell with probability 1/2: one random bit per cell."""
    words = random.bits(key, (SIZE**2 // 32 + 1, 1))
    bits = (words >> np.arange(32, dtype=np.uint32)[None]) & jnp.uint32(1)
    return bits.reshape(-1)[: SIZE**2].reshape(SIZE, SIZE) == 1


def _block_ids(time: Count) -> UInt8[Array, "10"]:
    """Tile id of a block by row, such that a block keeps its color while it falls."""
    row = np.arange(SIZE, dtype=np.int32)
    return (jnp.mod(time - row, len(_BLOCK_COLORS)) + 1).astype(jnp.uint8)


_THEME = Theme.NIGHT
_BLOCK_COLORS = (
    Color.RED,
    Color.ORANGE,
    Color.YELLOW,
    Color.GREEN,
    Color.BLUE,
    Color.SKY,
    Color.VIOLET,
)

# Tile ids: 1 to 7 are the blocks by color.
_PLAYER = len(_BLOCK_COLORS) + 1
_TILES = (
    *((Paint(sprites.FULL, color),) for color in _BLOCK_COLORS),
    (Paint(sprites.SKIER, Color.WHITE),),
)


def _still(params: Params) -> Still:
    cell = WIDE_FIELD.width / SIZE
    lane = Rect(
        WIDE_FIELD.x + params.lane_start * cell,
        WIDE_FIELD.y,
        params.lane_width * cell,
        WIDE_FIELD.height,
    )
    return (Fill(WIDE_FIELD, _THEME.line), Fill(lane, _THEME.ground))


SPEC = GameSpec(
    name="Skittles",
    version=0,
    game=Skittles(),
    levels={
        Difficulty.EASY: Params(lane_start=1, lane_width=8),
        Difficulty.MEDIUM: Params(lane_start=2, lane_width=7),
        Difficulty.HARD: Params(lane_start=2, lane_width=6),
    },
    steps_per_second=6,
)
