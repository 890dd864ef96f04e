"""What the pictures of Skittles show and hide, against its rule page."""

import numpy as np
import pytest

from jax_core.rendering.palette import Color
from tests.games import kit
from tests.games.skittles_kit import (
    LEVELS,
    LIMIT,
    blocks,
    busy,
    every_level,
    played,
)

BLANK, WALL, PLAYER = -1, -2, -3  # names of cells; 0 to 6 are the colors of blocks
COLORS = (  # red, orange, yellow, green, blue, light blue, violet
    Color.RED,
    Color.ORANGE,
    Color.YELLOW,
    Color.GREEN,
    Color.BLUE,
    Color.SKY,
    Color.VIOLET,
)


def decode(env_id, pictures):
    """Names of all cells and the score, from pictures alone."""
    size = pictures.shape[1]
    states = kit.put(
        kit.fresh(env_id, 9),
        time=np.array([*range(7), 7, 7]),
        enemies=np.array([blocks((0, 5))] * 7 + [blocks()] * 2),
        agent_x=np.full(9, 5),
    )
    samples = kit.cut(kit.frames(env_id, states, size=size), kit.WIDE_FIELD, 10, 10)
    looks = kit.table(
        [
            *((color, samples[color, 0, 5]) for color in range(7)),
            (BLANK, samples[7, 0, 5]),
            (WALL, samples[7, 0, 0]),
            (PLAYER, samples[7, 9, 5]),
        ]
    )
    named = kit.read(kit.cut(pictures, kit.WIDE_FIELD, 10, 10), looks)
    return named, kit.read_scores(env_id, pictures, LIMIT)


def expected_cells(env_id, states, shown):
    """Cells as on the rule page; blocks outside the lane occur in no episode."""
    count, rules = len(states.time), LEVELS[env_id]
    color = (states.time[:, None] - np.arange(10)[None]) % 7
    cells = np.where(shown, color[:, :, None], BLANK)
    is_wall = np.ones(10, bool)
    is_wall[rules.first : rules.first + rules.width] = False
    cells[:, :, is_wall] = WALL
    cells[np.arange(count), 9, states.agent_x] = PLAYER
    return cells


@every_level
@kit.both_sizes
def test_full_view_can_be_read_back_from_the_pixels(env_id, size):
    states = played(env_id)
    named, score = decode(env_id, kit.frames(env_id, states, size=size))
    assert np.array_equal(named, expected_cells(env_id, states, states.enemies))
    assert np.array_equal(score, states.score)


@every_level
def test_partial_view_shows_blocks_in_visible_cells_only(env_id):
    states = played(env_id)
    named, score = decode(env_id, kit.frames(env_id, states, partial=True))
    shown = states.enemies & states.visible
    assert np.array_equal(named, expected_cells(env_id, states, shown))
    assert np.array_equal(score, states.score)
    assert (shown.sum() / states.enemies.sum()) == pytest.approx(0.5, abs=0.05)


@every_level
def test_partial_view_hides_blocks_in_invisible_cells(env_id):
    states = busy(env_id, 1024)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        blocks_there = rng.random(states.enemies.shape) < 0.5
        others = kit.put(
            states, enemies=np.where(states.visible, states.enemies, blocks_there)
        )
        assert kit.look_equal(env_id, states, others)


@every_level
def test_the_mask_has_no_effect_on_the_full_view(env_id):
    states = busy(env_id, 1024)
    others = kit.put(states, visible=~states.visible)
    assert kit.look_equal(env_id, states, others, partial=False)


@pytest.mark.quick
@every_level
def test_the_first_picture_is_the_same_in_both_views(env_id):
    for states in (
        kit.fresh(env_id, 64),
        kit.put(busy(env_id, 64), time=np.zeros(64)),
    ):
        assert kit.views_agree(env_id, states)


def inks(cell):
    """Colors of a cell."""
    return {Color(tuple(pixel)) for pixel in cell.reshape(-1, 3).tolist()}


@every_level
@pytest.mark.parametrize("time", [1, 6, 7, 50, 99])
def test_colors_follow_the_rule_and_stay_with_a_block(env_id, time):
    column = blocks(*((row, 5) for row in range(9)))
    states = kit.state(env_id, time=time, enemies=column, agent_x=4)
    cells = kit.cut(kit.frames(env_id, states), kit.WIDE_FIELD, 10, 10)[0, :, 5]
    for row in range(9):
        assert inks(cells[row]) == {Color.INK, COLORS[(time - row) % 7]}


@every_level
def test_the_player_is_white_and_covers_a_block(env_id):
    states = kit.put(
        kit.fresh(env_id, 2),
        time=np.array([20, 20]),
        agent_x=np.array([5, 5]),
        enemies=np.array([blocks(), blocks((9, 5))]),
    )
    bare, covered = kit.frames(env_id, states)
    assert np.array_equal(bare, covered)
    cell = kit.cut(bare[None], kit.WIDE_FIELD, 10, 10)[0, 9, 5]
    assert inks(cell) == {Color.INK, Color.WHITE}
