"""Examines a vector environment by playing it.

`gymnasium.utils.env_checker.check_env` examines single environments only. What is
examined here is what learners rely on and what goes wrong in batches: autoreset, masks,
memory that is shared between steps, and compiling again and again.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from arcade_gym.testing.inspection import (
    are_equal,
    is_overwritten,
    on_host,
    overwrite,
)
from arcade_gym.testing.results import Call, broken_rules, describe

RULES = (
    "spaces",
    "metadata",
    "results",
    "infos",
    "autoreset",
    "options",
    "seeding",
    "aliasing",
    "compilation",
    "render",
    "close",
)
"""What is examined; `check_vector_env` explains them."""

_COMPILED = "/jax/core/compile/backend_compile_duration"


class VectorEnvError(AssertionError):
    """A vector environment breaks a rule.

    Attributes:
        rule: one of `RULES`.
    """

    def __init__(self, rule: str, problem: str) -> None:
        """Names the rule, what was seen and what was expected."""
        super().__init__(f"[{rule}] {problem}")
        self.rule = rule


def check_vector_env(
    env: VectorEnv[Any, Any, Any],
    *,
    seed: int = 0,
    steps: int = 64,
    skip: Sequence[str] = (),
) -> None:
    """Plays some episodes and raises an error for the first broken rule.

    Works with every `gymnasium.vector.VectorEnv` whose results are arrays of NumPy,
    JAX or PyTorch, or dictionaries and tuples of them, and that takes what its
    `action_space` samples. Use few lanes: everything is copied to the host. The
    environment is closed in the end.

    The rules:

    * "spaces": the batched spaces belong to the single ones; observations lie in them
      and have their dtype.
    * "metadata": `metadata["autoreset_mode"]` is an `AutoresetMode`.
    * "results": rewards are finite floats, flags are bool, [num_envs] each; info is a
      dictionary.
    * "infos": arrays are [num_envs, ...], and every key has a mask, bool [num_envs],
      under the same name after "_".
    * "autoreset": NextStep: the step after an end has reward 0 and no flag. SameStep:
      "final_obs" and "final_info" with masks that tell where episodes ended.
      Disabled: a "reset_mask" resets its lanes and no other; wrong masks are refused.
      In every mode a reset of all lanes forgets ends that wait for their reset.
    * "options": dictionaries and arrays that are passed in stay as they are.
    * "seeding": the same seed and actions give the same results.
    * "aliasing": later steps neither change earlier results nor depend on what was
      written into them or into earlier actions and masks.
    * "compilation": after some episodes, further ones compile nothing with JAX, but
      for one function for each power of two up to the number of lanes.
    * "render": with render_mode "rgb_array", a sequence of one uint8 [height, width,
      3] array per lane.
    * "close": it sets `closed`, and repeating it is harmless.

    Args:
        env: the environment, in any wrappers.
        seed: of the first episodes and of the actions.
        steps: number of steps of a run; at least one episode must end in it.
        skip: rules to leave out.

    Raises:
        VectorEnvError: a rule is broken; the message says what was seen.
        ValueError: an unknown rule in `skip`, or no episode ended, so that nothing is
            known about autoreset.
    """
    unknown = sorted(set(skip) - set(RULES))
    if unknown:
        raise ValueError(f"skip must hold some of {RULES}, got {unknown}")
    check = _Check(env, seed, steps, frozenset(skip))
    check.attributes()
    check.first_run()
    check.repeated_run()
    check.pending_resets()
    check.run_with_writing()
    check.compilation()
    check.bad_masks()
    check.render()
    check.close()


class _Check:
    """The checks of one environment; most compare with its first run."""

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        seed: int,
        steps: int,
        skipped: frozenset[str],
    ) -> None:
        self._env = env
        self._seed = seed
        self._skipped = skipped
        self._mode = env.metadata.get("autoreset_mode")
        self._actions = self._sample(seed, steps)
        self._wanted: list[Call] = []  # the first run, with results on the host

    def attributes(self) -> None:
        """Examines what can be seen without playing."""
        env = self._env
        self._expect(
            "metadata",
            isinstance(self._mode, AutoresetMode),
            "metadata['autoreset_mode'] must be a gymnasium.vector.AutoresetMode, got "
            f"{self._mode!r}",
        )
        for name in ("observation_space", "action_space"):
            batched, single = getattr(env, name), getattr(env, f"single_{name}")
            self._expect(
                "spaces",
                batched == batch_space(single, env.num_envs),
                f"{name} must be single_{name} batched {env.num_envs} times, got "
                f"{batched} and {single}",
            )

    def first_run(self) -> None:
        """Examines every result, and whether it is still the same in the end."""
        held, before = [], None
        for call in self._play(self._seed, self._actions):
            held.append(call)
            copied = Call(on_host(call.passed), on_host(call.results))
            for rule, problem in broken_rules(self._env, copied, before):
                self._expect(rule, False, f"call {len(self._wanted)}: {problem}")
            self._wanted.append(copied)
            before = copied
        if not any(call.ended.any() for call in self._wanted):
            raise ValueError(
                f"steps must be so many that an episode ends; none ended in "
                f"{len(self._actions)} steps. Raise it or make episodes shorter"
            )
        for index, (call, copied) in enumerate(zip(held, self._wanted, strict=True)):
            self._expect(
                "aliasing",
                are_equal(on_host(call.results), copied.results),
                f"what call {index} returned was changed by later calls; it must be a "
                "copy, or memory that nobody writes while it is held",
            )

    def repeated_run(self) -> None:
        """Plays the first run again."""
        self._compare(
            "seeding",
            self._play(self._seed, self._actions),
            "the same seed and the same actions must give the same results",
        )

    def pending_resets(self) -> None:
        """Resets all lanes just after an end."""
        for call in self._play(self._seed, self._actions):
            if Call(None, on_host(call.results)).ended.any():
                break
        self._compare(
            "autoreset",
            self._play(self._seed, self._actions[:1]),
            "a reset of all lanes just after an end must forget that end",
        )

    def run_with_writing(self) -> None:
        """Plays the first run again and writes into everything that was used."""
        self._compare(
            "aliasing",
            self._play_and_write(),
            "writing into earlier results, actions or masks must change nothing",
        )

    def compilation(self) -> None:
        """Counts what other episodes make JAX compile."""
        compiled: list[str] = []

        def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
            del duration_secs, kwargs
            if event == _COMPILED:
                compiled.append(event)

        actions = self._sample(self._seed + 1, len(self._actions))
        jax.monitoring.register_event_duration_secs_listener(listen)
        try:
            for call in self._play(self._seed + 1, actions):
                on_host(call.results)
        finally:
            jax.monitoring.unregister_event_duration_listener(listen)
        allowed = self._env.num_envs.bit_length()
        self._expect(
            "compilation",
            len(compiled) <= allowed,
            f"{len(actions)} steps after the first episodes compiled {len(compiled)} "
            f"functions of JAX, expected at most {allowed}; keep what jax.jit returns, "
            "and let no shape and no static argument depend on results",
        )

    def bad_masks(self) -> None:
        """Passes masks that cannot be used."""
        if self._mode is not AutoresetMode.DISABLED:
            return
        count = self._env.num_envs
        for mask in (np.ones(count + 1, np.bool_), np.ones(count, np.int64)):
            self._expect(
                "autoreset",
                self._refuses(mask),
                f"reset() took a reset_mask that is {mask.dtype} {mask.shape}; all but "
                f"bool ({count},) must be refused with a ValueError or TypeError",
            )

    def render(self) -> None:
        """Draws once."""
        if self._env.render_mode != "rgb_array":
            return
        count, frames = self._env.num_envs, self._env.render()
        is_sequence = isinstance(frames, Sequence) and len(frames) == count
        self._expect(
            "render",
            is_sequence,
            f"render() must return a sequence of {count} arrays, got "
            f"{describe(frames)}",
        )
        for frame in frames if is_sequence else ():  # type: ignore[union-attr]  # not None
            self._expect(
                "render",
                isinstance(frame, np.ndarray)
                and (frame.dtype, frame.ndim, frame.shape[-1]) == (np.uint8, 3, 3),
                f"frames must be uint8 (height, width, 3), got {describe(frame)}",
            )

    def close(self) -> None:
        """Closes twice."""
        self._env.close()
        self._expect("close", self._env.closed, "close() must set `closed`")
        try:
            self._env.close()
        except Exception as error:  # whatever it is
            self._expect("close", False, f"the second close() raised {error!r}")

    def _expect(self, rule: str, is_kept: object, problem: str) -> None:
        if not is_kept and rule not in self._skipped:
            raise VectorEnvError(rule, problem)

    def _compare(self, rule: str, calls: Iterable[Call], reason: str) -> None:
        for index, (call, wanted) in enumerate(zip(calls, self._wanted, strict=False)):
            names = ("observations", "reward", "terminated", "truncated", "final_obs")
            mine = _comparable(on_host(call.results))
            for name, one, other in zip(
                names, mine, _comparable(wanted.results), strict=False
            ):
                self._expect(
                    rule,
                    are_equal(one, other),
                    f"{reason}; call {index} had other {name}: got {one}, expected "
                    f"{other}",
                )

    def _sample(self, seed: int, steps: int) -> list[Any]:
        space = copy.deepcopy(self._env.action_space)  # leaves its generator alone
        space.seed(seed)
        return [space.sample() for _ in range(steps)]

    def _play(self, seed: int, actions: Sequence[Any]) -> Iterator[Call]:
        """Plays copies of actions; in Disabled mode it resets the lanes that ended."""
        yield self._checked(None, self._env.reset(seed=seed), 2)
        ended = np.zeros(self._env.num_envs, np.bool_)
        for index, action in enumerate(actions):
            if self._mode is AutoresetMode.DISABLED:
                ended[0] |= index == 2  # lanes are at different steps from there on
                if ended.any():
                    yield self._masked_reset(ended.copy())
            passed = copy.deepcopy(action)
            call = self._checked(passed, self._env.step(passed), 5)
            self._expect("options", are_equal(passed, action), "step() wrote actions")
            ended = Call(None, on_host(call.results)).ended
            yield call

    def _masked_reset(self, mask: np.ndarray) -> Call:
        options = {"reset_mask": mask.copy()}
        call = self._checked(mask, self._env.reset(options=options), 2)
        left = options.get("reset_mask")
        self._expect(
            "options",
            left is not None and np.array_equal(left, mask),
            f"reset() must leave options as they are, {mask}, and left {options}",
        )
        return call

    def _play_and_write(self) -> Iterator[Call]:
        written: list[Any] = []
        for call in self._play(self._seed, self._actions):
            self._expect(
                "aliasing",
                all(is_overwritten(array) for array in written),
                "memory of a result was written again while the result was held",
            )
            yield Call(call.passed, on_host(call.results))
            written = list(overwrite((call.results, call.passed)))

    def _checked(self, passed: Any, results: Any, count: int) -> Call:
        is_good = isinstance(results, tuple) and len(results) == count
        if not is_good:
            raise VectorEnvError(
                "results",
                f"{'reset' if count == 2 else 'step'}() must return a tuple of {count} "
                f"results, got {describe(results)}",
            )
        return Call(passed, results)

    def _refuses(self, mask: np.ndarray) -> bool:
        try:
            self._env.reset(options={"reset_mask": mask})
        except (ValueError, TypeError, AssertionError):
            return True
        return False


def _comparable(results: tuple[Any, ...]) -> tuple[Any, ...]:
    """Results without info, which may hold times, but with the last observations."""
    return (*results[:-1], results[-1].get("final_obs"))
