"""The agents that come along, on the command line."""

import pytest

from arcade_gym.baselines import builtin_agents
from arcade_gym.commands.main import main


@pytest.mark.quick
def test_all_agents_are_listed_in_80_columns(capsys):
    assert main(["agents"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:] if line.startswith("builtin:")] == [
        *builtin_agents()
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", ["builtin:cartpole-hard-gru", "cartpole-hard-gru"])
def test_one_agent_tells_how_it_was_made(capsys, name):
    assert main(["agents", name]) == 0
    page = capsys.readouterr().out
    assert page.startswith("builtin:cartpole-hard-gru\n")
    assert "arcade-gym train ppo CartPoleHard -p --memory gru" in page
    assert "seed 0" in page
    assert "partial  greedy   0.9" in page


def test_an_unknown_agent_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["agents", "cartpole-hard-lsr"])
    assert "Did you mean 'builtin:cartpole-hard-lru'" in capsys.readouterr().err
