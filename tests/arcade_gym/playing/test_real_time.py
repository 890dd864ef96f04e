"""Games in real time: steps by the clock, held keys."""

import pygame

from arcade_gym.listing import list_games
from arcade_gym.playing.keys import HeldMoves
from jax_core import registry
from jax_core.game import Move
from tests.arcade_gym.playing.kit import (
    Clock,
    column,
    key_down,
    key_up,
    press,
    real_time,
)


def test_real_time_steps_by_itself(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    start = column(loop)
    loop.turn()
    assert loop.match.length == 0
    for step in range(1, 4):
        clock.seconds += 0.02
        loop.turn()
        assert loop.match.length == step
    assert column(loop) == start


def test_late_steps_are_not_made_up_for(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    clock.seconds = 10.0
    loop.turn()
    loop.turn()
    assert loop.match.length == 2
    loop.turn()
    assert loop.match.length == 2


def test_held_keys_repeat_until_they_are_released(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    for key in (pygame.K_LEFT, pygame.K_RIGHT):
        start = column(loop)
        key_down(key)
        for _ in range(2):
            clock.seconds += 0.02
            loop.turn()
        key_up(key)
        clock.seconds += 0.02
        loop.turn()
        assert column(loop) - start == (-2 if key == pygame.K_LEFT else 2)


def test_a_short_press_counts_once(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    start = column(loop)
    press(loop, pygame.K_LEFT)  # before the step is due
    assert loop.match.length == 0
    for _ in range(2):
        clock.seconds += 0.02
        loop.turn()
    assert column(loop) == start - 1


def test_the_newest_of_several_held_keys_wins():
    held = HeldMoves()
    assert held.take() is Move.FIRE
    held.press(Move.UP)
    held.press(Move.LEFT)
    assert [held.take(), held.take()] == [Move.LEFT, Move.LEFT]
    held.release(Move.LEFT)
    assert held.take() is Move.UP
    held.release(Move.UP)
    held.press(Move.UP)
    held.release(Move.UP)
    assert [held.take(), held.take()] == [Move.UP, Move.FIRE]


def test_pausing_stops_the_time(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    press(loop, pygame.K_p)
    clock.seconds += 5
    key_down(pygame.K_x)  # wakes it up
    loop.turn()
    assert loop.match.length == 0
    press(loop, pygame.K_p)
    assert loop.match.length == 0  # one period later at the earliest
    clock.seconds += 0.02
    loop.turn()
    assert loop.match.length == 1


def test_fire_does_nothing_in_games_in_real_time():
    idle = {game.name: game.moves[Move.FIRE] for game in list_games()}
    in_real_time = [s.name for s in registry.games.values() if s.steps_per_second]
    assert len(in_real_time) == 5
    assert {idle[name] for name in in_real_time} == {"-"}
