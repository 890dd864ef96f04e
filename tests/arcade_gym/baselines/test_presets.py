"""Budgets: the numbers of the table, and sizes that fit together."""

import pytest

from arcade_gym.baselines.config import ALGORITHMS
from arcade_gym.baselines.learners.dqn import DQN
from arcade_gym.baselines.presets import BUDGETS, preset


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("budget", BUDGETS)
def test_all_sizes_fit_together(budget, algorithm):
    config = preset(budget, algorithm, "CartPoleHard").resolved()
    assert config.algorithm == algorithm
    assert config.settings.gamma == 0.995


def test_tiny_is_what_was_measured():
    ppo = preset("tiny", "ppo", "CartPoleHard")
    assert (ppo.obs_size, ppo.width, ppo.encoder) == (64, 128, "patch")
    assert (ppo.total_steps, ppo.eval_episodes, ppo.test_episodes) == (400_000, 64, 256)
    settings = ppo.settings
    assert (settings.num_envs, settings.num_steps, settings.epochs) == (64, 64, 4)
    assert settings.num_minibatches == 8
    assert (settings.learning_rate, settings.final_learning_rate) == (1e-3, 0.0)
    pqn = preset("tiny", "pqn", "SkittlesEasy")
    assert pqn.total_steps == 700_000
    assert (pqn.settings.epochs, pqn.settings.q_lambda) == (2, 0.65)
    assert (pqn.settings.start_epsilon, pqn.settings.final_epsilon) == (1.0, 0.05)
    assert pqn.settings.epsilon_fraction == 0.1
    dqn = preset("tiny", "dqn", "CartPoleEasy")
    assert (dqn.total_steps, dqn.settings) == (300_000, DQN())


@pytest.mark.parametrize(
    ("env_id", "steps"), [("NoisyCartPoleEasy", 10**7), ("SkittlesEasy", 2 * 10**7)]
)
def test_the_budget_of_the_paper_depends_on_the_game(env_id, steps):
    assert preset("paper", "pqn", env_id).total_steps == steps


def test_smoke_is_a_few_thousand_steps():
    assert preset("smoke", "ppo", "CartPoleEasy").total_steps < 10_000


def test_unknown_budgets_name_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'tiny'"):
        preset("tny", "ppo", "CartPoleEasy")
