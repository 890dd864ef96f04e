"""`check_vector_env`: what it accepts, and that it finds what it is for."""

import gymnasium
import jax
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorWrapper

from arcade_gym.testing import VectorEnvError, check_vector_env
from tests.arcade_gym.kit import GAMES, MODES, every_backend_and_mode, make


def stock(mode="NextStep", **options):
    """Gymnasium's own vector environment, whose Disabled mode changes `options`."""
    return SyncVectorEnv(
        [lambda: gymnasium.make("CartPole-v1")] * 3,
        autoreset_mode=AutoresetMode(mode),
        **options,
    )


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_a_stock_environment_passes(mode):
    check_vector_env(stock(mode))


def test_a_stock_environment_passes_but_for_the_options_that_it_changes():
    check_vector_env(stock("Disabled"), skip=["options"])
    with pytest.raises(VectorEnvError, match="must leave options as they are") as found:
        check_vector_env(stock("Disabled"))
    assert found.value.rule == "options"


def test_observations_may_be_dictionaries():
    class Named(gymnasium.ObservationWrapper):
        def __init__(self, env):
            super().__init__(env)
            self.observation_space = gymnasium.spaces.Dict(pole=env.observation_space)

        def observation(self, observation):
            return {"pole": observation}

    make_one = lambda: Named(gymnasium.make("CartPole-v1"))  # noqa: E731  # a factory
    for mode in AutoresetMode:
        envs = SyncVectorEnv([make_one] * 2, autoreset_mode=mode)
        check_vector_env(envs, skip=["options"])


@pytest.mark.parametrize("mode", MODES)
def test_stock_statistics_pass(mode):
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(stock(mode))
    check_vector_env(envs, skip=["options"])


@every_backend_and_mode
def test_our_environments_pass_with_every_option(mode, backend):
    envs = make(
        backend=backend,
        autoreset_mode=mode,
        record_episode_statistics=True,
        render_mode="rgb_array",
    )
    check_vector_env(envs, steps=16)
    assert envs.closed


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_every_game_passes_in_every_mode_with_jax_arrays(game):
    """The other backends are checked beside the stock environment, without compiling
    again."""
    for mode in MODES:
        envs = make(game=game, autoreset_mode=mode, max_episode_steps=7)
        check_vector_env(envs, steps=16)


class Broken(VectorWrapper):
    """Changes what a stock environment returns."""

    def on_reset(self, obs, info):
        return obs, info

    def on_step(self, obs, reward, terminated, truncated, info):
        return obs, reward, terminated, truncated, info

    def reset(self, *, seed=None, options=None):
        return self.on_reset(*self.env.reset(seed=seed, options=options))

    def step(self, actions):
        return self.on_step(*self.env.step(actions))


class DoublePrecision(Broken):
    def on_reset(self, obs, info):
        return obs.astype(np.float64), info


class OutsideTheSpace(Broken):
    def on_step(self, obs, *others):
        return np.full_like(obs, 1e9), *others


class OtherSpace(Broken):
    def __init__(self, env):
        super().__init__(env)
        self.observation_space = env.single_observation_space


class ModeAsText(Broken):
    def __init__(self, env):
        super().__init__(env)
        self.metadata = {"autoreset_mode": "NextStep"}


class ColumnOfRewards(Broken):
    def on_step(self, obs, reward, *others):
        return obs, reward[:, None], *others


class InfiniteRewards(Broken):
    def on_step(self, obs, reward, *others):
        return obs, reward / 0.0, *others


class FlagsAsNumbers(Broken):
    def on_step(self, obs, reward, terminated, *others):
        return obs, reward, terminated.astype(np.float32), *others


class FourResults(Broken):
    def on_step(self, *results):
        return results[:4]


class InfoPerLane(Broken):
    def on_reset(self, obs, info):
        return obs, [info] * 3


class NoMask(Broken):
    def on_step(self, *results):
        return *results[:4], {"lives": np.zeros(3)}


class MaskOfNumbers(Broken):
    def on_step(self, *results):
        return *results[:4], {"lives": np.zeros(3), "_lives": np.zeros(3)}


class OneNumberForAll(Broken):
    def on_step(self, *results):
        return *results[:4], {"lives": 3, "_lives": np.ones(3, bool)}


class RewardedDummyStep(Broken):
    def on_step(self, obs, reward, *others):
        return obs, np.ones(3), *others


class NoFinalObs(Broken):
    def on_step(self, *results):
        info = {k: v for k, v in results[4].items() if "final_obs" not in k}
        return *results[:4], info


class FinalMasksOfEveryLane(Broken):
    def on_step(self, *results):
        info = dict(results[4])
        if "_final_obs" in info:
            info["_final_obs"] = np.ones(3, bool)
        return *results[:4], info


class FinalObsOfAnotherShape(Broken):
    def on_step(self, *results):
        info = dict(results[4])
        if "final_obs" in info:
            info["final_obs"] = np.zeros((3, 7), np.float32)
        return *results[:4], info


class ResetsEveryLane(Broken):
    def reset(self, *, seed=None, options=None):
        if options is not None:
            mask = options["reset_mask"]
            assert mask.dtype == bool
            assert mask.shape == (3,)
            self.env.reset(options={"reset_mask": ~mask} if not mask.all() else None)
            options = {"reset_mask": mask.copy()}
        return self.env.reset(seed=seed, options=options)


class AnyMask(Broken):
    def reset(self, *, seed=None, options=None):
        options = options and {"reset_mask": np.resize(options["reset_mask"] > 0, 3)}
        return self.env.reset(seed=seed, options=options)


class ForgottenReset(Broken):
    """Goes on with a pending reset, as if the caller had not reset the lanes."""

    ended = np.zeros(3, bool)

    def step(self, actions):
        if self.ended.any():
            self.ended = np.zeros(3, bool)
            obs, info = self.env.reset()
            return obs, np.zeros(3), np.zeros(3, bool), np.zeros(3, bool), info
        results = self.env.step(actions)
        self.ended = results[2] | results[3]
        return results


class WritesActions(Broken):
    def step(self, actions):
        results = self.env.step(actions)
        actions[:] = 0
        return results


class IgnoresSeeds(Broken):
    def reset(self, *, seed=None, options=None):
        return self.env.reset(options=options)


class OneBuffer(Broken):
    """Returns the same memory every time, with the right values."""

    def on_step(self, obs, *others):
        self.buffer = getattr(self, "buffer", obs)
        self.buffer[:] = obs
        return self.buffer, *others


class TwoBuffers(Broken):
    """Writes again into what it returned two steps ago, before returning another."""

    def __init__(self, env):
        super().__init__(env)
        self.buffers = [np.zeros((3, 4), np.float32) for _ in range(2)]

    def on_step(self, obs, *others):
        self.buffers.reverse()
        self.buffers[0][:] = obs
        return self.buffers[0], *others


class ReadsWhatItReturned(Broken):
    """Adds up rewards in the array that the caller holds."""

    def on_step(self, obs, reward, *others):
        mine = getattr(self, "mine", np.zeros(3))
        self.mine = mine * 0.5 + reward
        return obs, self.mine, *others

    def on_reset(self, obs, info):
        self.mine = np.zeros(3)
        return obs, info


class CompilesEveryStep(Broken):
    def on_step(self, obs, *others):
        return np.array(jax.jit(lambda x: x * 1)(obs)), *others


class StackedFrames(Broken):
    render_mode = "rgb_array"

    def render(self):
        return np.zeros((3, 8, 8, 3), np.uint8)


class GreyFrames(StackedFrames):
    def render(self):
        return [np.zeros((8, 8), np.uint8)] * 3


class StaysOpen(Broken):
    closed = False

    def close(self):
        pass


class ClosesOnce(Broken):
    closed = False

    def close(self):
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True


@pytest.mark.parametrize(
    ("broken", "mode", "rule", "message"),
    [
        (DoublePrecision, "NextStep", "spaces", "must be float32.*got float64"),
        (OutsideTheSpace, "NextStep", "spaces", "must lie in Box"),
        (OtherSpace, "NextStep", "spaces", "observation_space must be single_obs"),
        (ModeAsText, "NextStep", "metadata", "got 'NextStep'"),
        (ColumnOfRewards, "NextStep", "results", r"\(3,\), got ndarray.*\(3, 1\)"),
        (InfiniteRewards, "NextStep", "results", "finite floats"),
        (FlagsAsNumbers, "NextStep", "results", "terminated must be bool"),
        (FourResults, "NextStep", "results", "tuple of 5 results, got tuple"),
        (InfoPerLane, "NextStep", "results", "must be a dictionary, got list"),
        (NoMask, "NextStep", "infos", "must come with a mask, '_lives'"),
        (MaskOfNumbers, "NextStep", "infos", r"must be bool \(3,\), got .*float64"),
        (OneNumberForAll, "NextStep", "infos", r"an array \(3, ...\).*got int"),
        (RewardedDummyStep, "NextStep", "autoreset", "reward 0 and no flag"),
        (NoFinalObs, "SameStep", "autoreset", "SameStep needs 'final_obs'"),
        (FinalMasksOfEveryLane, "SameStep", "autoreset", "where lanes ended"),
        (FinalObsOfAnotherShape, "SameStep", "spaces", "final_obs of lane"),
        (ResetsEveryLane, "Disabled", "autoreset", "leave the observations of"),
        (AnyMask, "Disabled", "autoreset", r"took a reset_mask that is bool \(4,\)"),
        (ForgottenReset, "NextStep", "autoreset", "just after an end must forget"),
        (WritesActions, "NextStep", "options", r"step\(\) wrote"),
        (IgnoresSeeds, "NextStep", "seeding", "same seed and the same actions"),
        (OneBuffer, "NextStep", "aliasing", "was changed by later calls"),
        (TwoBuffers, "NextStep", "aliasing", "was changed by later calls"),
        (ReadsWhatItReturned, "SameStep", "aliasing", "writing into earlier results"),
        (CompilesEveryStep, "NextStep", "compilation", r"compiled 3\d functions"),
        (StackedFrames, "NextStep", "render", "sequence of 3 arrays, got ndarray"),
        (GreyFrames, "NextStep", "render", r"\(height, width, 3\), got ndarray"),
        (StaysOpen, "NextStep", "close", "must set `closed`"),
        (ClosesOnce, "NextStep", "close", "second close.*closed already"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # wanted
def test_every_rule_is_enforced(broken, mode, rule, message):
    skip = ["options"] if mode == "Disabled" else []
    with pytest.raises(VectorEnvError, match=message) as found:
        check_vector_env(broken(stock(mode)), steps=32, skip=skip)
    assert found.value.rule == rule
    assert str(found.value).startswith(f"[{rule}] ")


def test_gymnasiums_option_to_share_memory_is_found():
    with pytest.raises(VectorEnvError, match=r"\[aliasing\]"):
        check_vector_env(stock(copy=False))


def test_a_run_without_an_end_proves_nothing():
    with pytest.raises(ValueError, match="none ended in 3 steps"):
        check_vector_env(stock(), steps=3)


def test_unknown_rules_cannot_be_skipped():
    with pytest.raises(ValueError, match=r"skip must hold some of.*got \['colors'\]"):
        check_vector_env(stock(), skip=["colors"])
