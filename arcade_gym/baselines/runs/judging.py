"""What evaluations say about a run: one object of eval.jsonl for each."""

from dataclasses import dataclass
from typing import Any

from arcade_gym.baselines import evaluation
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.evaluation import EVAL_SEED, TEST_SEED, EpisodeTable
from arcade_gym.baselines.levels import Level
from jax_core.game import Visibility
from jax_core.version import __version__

GREEDY, SAMPLED = "greedy", "sampled"
LAST, BEST = "last", "best"


@dataclass(frozen=True)
class Judgement:
    """Episodes of one network that plays in one view in one way."""

    network: str  # "last" or "best"
    policy: str  # "greedy" or "sampled"
    view: str  # "full" or "partial"
    table: EpisodeTable

    @property
    def summary(self) -> dict[str, Any]:
        """What was played and the mean return."""
        return {
            "network": self.network,
            "view": self.view,
            "policy": self.policy,
            "mean": self.table.mean,
        }


def ways(config: RunConfig) -> list[tuple[str, str]]:
    """Views and policies in which a network is judged at the end.

    Q-values are no probabilities, so they are not sampled.
    """
    policies = (GREEDY, SAMPLED) if config.is_policy else (GREEDY,)
    return [(str(view), policy) for view in Visibility for policy in policies]


def judge(
    network: Any,
    config: RunConfig,
    *,
    view: str,
    policy: str,
    first_seed: int,
    episodes: int,
) -> EpisodeTable:
    """Plays the episodes of `first_seed` and the seeds after it in one view."""
    env = config.make_env(view)
    seeds = evaluation.evaluation_seeds(episodes, first_seed)
    return evaluation.evaluate(
        network,
        env,
        seeds=seeds,
        sample=policy == SAMPLED,
        num_envs=config.eval_episodes,  # always: another number compiles anew
    )


def choose(network: Any, config: RunConfig) -> Judgement:
    """The evaluation during training that decides which network is the best one."""
    table = judge(
        network,
        config,
        view=config.view,
        policy=GREEDY,
        first_seed=EVAL_SEED,
        episodes=config.eval_episodes,
    )
    return Judgement(LAST, GREEDY, config.view, table)


def report(network: Any, config: RunConfig, view: str, policy: str) -> Judgement:
    """A judgement at the end, on episodes that no choice was made by."""
    table = judge(
        network,
        config,
        view=view,
        policy=policy,
        first_seed=TEST_SEED,
        episodes=config.test_episodes,
    )
    return Judgement(LAST, policy, view, table)


def record(
    judgement: Judgement, level: Level, *, steps: int, seconds: float
) -> dict[str, Any]:
    """The object of eval.jsonl.

    Args:
        judgement: what was played.
        level: whose version is noted.
        steps: of training, which the network has behind it.
        seconds: since the run began, by the wall clock.
    """
    table = judgement.table
    is_test = int(table.seeds[0]) >= TEST_SEED
    return {
        "kind": "test" if is_test else "training",
        "steps": steps,
        "seconds": round(seconds, 3),
        "view": judgement.view,
        "policy": judgement.policy,
        "network": judgement.network,
        "mean": table.mean,
        "returns": table.returns.tolist(),
        "lengths": table.lengths.tolist(),
        "truncated": int(table.truncated.sum()),
        "first_seed": int(table.seeds[0]),
        "versions": {"game": level.spec.version, "package": __version__},
    }
