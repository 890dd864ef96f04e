"""Swaths of pixel rows, put into slots by board row and taken out again."""

import numpy as np
import pytest

from jax_core.rendering.slots import make_slots

HEIGHTS = 3, 4, 3, 1, 5  # pixel rows of the board rows
ROW_OF_PIXEL = np.repeat(np.arange(len(HEIGHTS)), HEIGHTS)
BYTES = 6


@pytest.fixture(params=[1, 2], ids=["rows", "pairs"])
def slots(request):
    return make_slots(ROW_OF_PIXEL, len(HEIGHTS), len(ROW_OF_PIXEL) // request.param)


def test_swaths_come_back_in_their_order(slots):
    table = np.arange(len(ROW_OF_PIXEL) * BYTES).reshape(-1, BYTES) % 251
    swaths = table.reshape(len(slots.slot_of_swath), -1).astype(np.uint8)
    taken = slots.take(table.astype(np.uint8))
    assert taken.shape == (*slots.swaths.shape, swaths.shape[1])
    assert np.array_equal(slots.leave(taken), swaths)


def test_a_swath_lies_in_the_board_row_of_its_first_pixel_row(slots):
    height = slots.swath_height
    row_of_slot = slots.slot_of_swath // slots.swaths.shape[1]
    assert np.array_equal(row_of_slot, ROW_OF_PIXEL[::height])
    assert np.array_equal(row_of_slot.repeat(height) + slots.rows_below, ROW_OF_PIXEL)


def test_slots_that_are_too_many_are_no_reason_to_keep_more(slots):
    """Tables that are alike in all rows, in all swaths of a row, or everywhere."""
    height = slots.swath_height
    slot = (slots.slot_of_swath % slots.swaths.shape[1]).repeat(height)
    row = ROW_OF_PIXEL[::height].repeat(height)
    rows, cols = slots.swaths.shape
    assert not slots.is_full
    for found, shape in ((slot, (1, cols)), (row, (rows, 1)), (0 * row, (1, 1))):
        table = np.broadcast_to(found[:, None], (len(row), BYTES)).astype(np.uint8)
        assert slots.take(table).shape[:2] == shape
