"""The grid: which runs a study has, and who does which of them."""

from dataclasses import replace
from itertools import product

import pytest

from arcade_gym.baselines.presets import preset
from arcade_gym.study.grid import Grid, shard
from arcade_gym.study.matching import matched, parameters
from jax_core import registry


@pytest.fixture
def grid(tmp_path):
    def make(**options):
        smoke = {"budget": "smoke", "levels": ("CartPoleEasy",), "out": tmp_path}
        return Grid(**smoke | options)

    return make


def kinds(cells):
    return [(cell.env_id, cell.view, cell.memory, cell.seed) for cell in cells]


def test_cells_are_the_product_of_levels_views_memories_and_seeds(grid):
    levels, memories = ("SkittlesEasy", "CartPoleHard"), ("gru", "none", "lru")
    cells = grid(levels=levels, memory=memories, seeds=3).cells()
    wanted = product(levels, ("full", "partial"), memories, range(3))
    assert sorted(kinds(cells)) == sorted(wanted)
    assert len({cell.folder for cell in cells}) == len(cells) == 36


def test_seeds_of_one_kind_lie_side_by_side(grid):
    """Programs that are compiled for the first are used by the others."""
    cells = grid(memory=("none", "gru"), seeds=3).cells()
    for first in range(0, len(cells), 3):
        assert len({kind[:3] for kind in kinds(cells[first : first + 3])}) == 1


def test_a_cell_is_the_run_that_the_preset_says(grid, tmp_path):
    cell = grid(views=("partial",), memory=("GRU",), seeds=2).cells()[1]
    name = "CartPoleEasy-partial-pqn-gru-s1"
    assert cell.folder == tmp_path / name
    wanted = preset("smoke", "pqn", "CartPoleEasy").resolved()
    assert cell.differences(wanted) == [
        "memory: 'gru' and 'lru'",
        "partial_obs: True and False",
        "seed: 1 and 0",
    ]


def test_games_and_all_stand_for_their_levels(grid):
    cells = grid(levels=("CartPole", "CartPoleHard", "TetrisEasy"), seeds=1).cells()
    found = list(dict.fromkeys(cell.env_id for cell in cells))
    assert found == ["CartPoleEasy", "CartPoleMedium", "CartPoleHard", "TetrisEasy"]
    everything = grid(levels=("all",), memory=("none",), seeds=1).cells()
    assert {cell.env_id for cell in everything} == set(registry.registered_envs)


def test_what_is_left_out_follows_from_the_budget(grid):
    tiny = grid(budget="tiny", levels=()).cells()
    assert len(tiny) == 6 * 2 * 3 * 3
    assert {cell.total_steps for cell in tiny} == {700_000}
    small = grid(budget="small", levels=(), memory=("none",), seeds=1).cells()
    assert len(small) == 30 * 2
    paper = grid(budget="paper", views=("full",)).cells()
    assert len(paper) == 6 * 5


def test_changes_are_those_of_all_cells(grid):
    cells = grid(seeds=1, changes={"total_steps": 512, "obs_size": 96}).cells()
    assert {(cell.total_steps, cell.obs_size) for cell in cells} == {(512, 96)}


def published(config):
    settings = config.hyper_parameters
    return (
        settings.learning_rate_fraction,
        settings.epsilon_fraction,
        settings.max_grad_norm,
        settings.gamma,
        settings.reward_scale,
    )


def test_the_faults_of_the_published_schedule_can_be_switched_off(grid):
    """The rate is at its floor after a tenth of the run, epsilon after four tenths."""
    options = {"budget": "paper", "levels": ("CartPoleHard",), "seeds": 1}
    faulty = grid(**options).cells()[0]
    assert published(faulty) == (0.1, 0.4, 0.5, 0.99, 1.0)
    sane = grid(**options, schedule="sane").cells()[0]
    assert published(sane) == (1.0, 0.1, 10.0, 0.995, 30.0)
    assert published(grid(seeds=1).cells()[0])[:3] == (1.0, 0.1, 10.0)
    assert published(grid(seeds=1, schedule="published").cells()[0])[0] == 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": "tny"}, "Did you mean 'tiny'"),
        ({"levels": ("CartPoleEsy",)}, "Did you mean 'CartPoleEasy'"),
        ({"memory": ("grue",)}, "Did you mean 'gru'"),
        ({"views": ("ful",)}, "Did you mean 'full'"),
        ({"views": ()}, "views must name at least one"),
        ({"algorithm": "pqm"}, "Did you mean 'pqn'"),
        ({"schedule": "sain"}, "Did you mean 'sane'"),
        ({"match": "widht"}, "Did you mean 'width'"),
        ({"seeds": 0}, "seeds must be at least 1, got 0"),
        ({"algorithm": "ppo", "schedule": "published"}, "known for pqn.*--schedule"),
        ({"changes": {"obs_size": 8}}, "obs_size must be"),
    ],
)
def test_mistakes_are_named(grid, options, message):
    with pytest.raises(ValueError, match=message):
        grid(**options).cells()


@pytest.mark.parametrize("count", [1, 3, 5, 16])
def test_shards_are_the_whole_grid_and_share_nothing(grid, count):
    cells = grid(memory=("none", "gru"), seeds=3).cells()
    parts = [shard(cells, number, count) for number in range(1, count + 1)]
    joined = [cell for part in parts for cell in part]
    assert sorted(kinds(joined)) == sorted(kinds(cells))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("number", [0, 4])
def test_there_is_no_shard_beyond_the_last(grid, number):
    with pytest.raises(ValueError, match=f"from 1/3 to 3/3, got {number}/3"):
        shard(grid().cells(), number, 3)


def test_a_grid_has_at_least_one_shard(grid):
    with pytest.raises(ValueError, match="at least 1 part, got 1/0"):
        shard(grid().cells(), 1, 0)


@pytest.mark.slow
def test_widths_give_all_memories_as_many_parameters(grid):
    cells = grid(memory=("none", "gru", "lru"), seeds=1, match="parameters").cells()
    counts = {cell.memory: parameters(cell) for cell in cells}
    assert len({cell.width for cell in cells}) == 3
    assert cells[0].memory == "none"
    assert cells[0].width == 32
    for count in counts.values():
        assert count == pytest.approx(counts["none"], rel=0.05)


def test_the_width_is_the_nearest_one():
    config = preset("smoke", "ppo", "CartPoleEasy")
    found = matched(config, "parameters", to="gru")

    wanted = parameters(replace(config, memory="gru"))

    def distance(width):
        return abs(parameters(replace(config, width=width)) - wanted)

    assert found.width != config.width
    assert distance(found.width) <= min(
        distance(found.width - 1), distance(found.width + 1)
    )
