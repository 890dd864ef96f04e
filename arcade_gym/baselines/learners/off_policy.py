"""Learners from replay: play rows, keep them, learn from windows of what is kept."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int32

from arcade_gym.baselines import collective
from arcade_gym.baselines.learners import minibatches, replay
from arcade_gym.baselines.learners.learner import (
    Algorithm,
    Batch,
    Learner,
    Metrics,
    Scalar,
    churn,
    has_memory,
)
from arcade_gym.baselines.learners.replay import Kept, Replay
from arcade_gym.baselines.rollouts import episodes
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Rows
from arcade_gym.baselines.rollouts.scanning import scan_if
from jax_core import Environment

_LEAST = {
    "replay_rows": 1,
    "learning_starts": 0,
    "updates_per_collect": 1,
    "batch_rows": 1,
    "sequence_length": 1,
    "burn_in": 0,
    "stride": 1,
}
"""The smallest values of whole numbers."""


class Window(NamedTuple):
    """Rows of a replayed window: burn-in, those of the loss, and one that follows."""

    burn_in: int
    learned: int
    stride: int  # rows between two starts of windows

    @property
    def rows(self) -> int:
        """All of them."""
        return self.burn_in + self.learned + 1


@dataclass(frozen=True, kw_only=True)
class OffPolicy(Algorithm):
    """Hyper-parameters of learners that replay rows many times.

    The defaults are for two CPU cores and 64 pixels, where the replay takes 0.4 GB.
    """

    replay_rows: int = 32_768  # that are kept, of all lanes together
    learning_starts: int = 4096  # rows before the first update
    updates_per_collect: int = 16  # minibatches in each phase of learning
    batch_rows: int = 256  # of a minibatch that count in its loss
    sequence_length: int = 24  # rows of a replayed window, if there is a memory
    burn_in: int = 8  # of them, the first, which only warm the memory up
    stride: int = 8  # rows between two starts of windows, if there is a memory
    replay_carry: str = "stored"  # what windows begin with: stored or zero

    @property
    def replay_rows_per_lane(self) -> int:
        """Capacity of the ring."""
        return self.replay_rows // self.num_envs

    def window(self, carry: Any) -> Window:
        """What is replayed; without a memory every row stands for itself."""
        if not has_memory(carry):
            return Window(burn_in=0, learned=1, stride=1)
        learned = self.sequence_length - self.burn_in
        return Window(self.burn_in, learned, self.stride)

    @abstractmethod
    def judge(self, learner: Learner, rows: Kept, carry: Any) -> tuple[Batch, Any]:
        """Computes what replayed rows were worth, each time they are replayed.

        Args:
            learner: as it is now.
            rows: windows [items, time, ...].
            carry: of the memory before them, [items, ...] each leaf.

        Returns:
            The rows that count in the loss, and the carries before them.
        """

    @abstractmethod
    def after_update(self, learner: Learner) -> Learner:
        """What else follows a step against a gradient."""

    @abstractmethod
    def after_phase(self, learner: Learner, rows: Int32[Array, ""]) -> Learner:
        """What else follows a phase of learning, after that many rows of all lanes."""

    def start_store(self, env: Environment, lanes: Lanes) -> Replay:
        """A replay without rows, for the lanes of this device."""
        del env  # the lanes show its frames
        keeps_carries = self.replay_carry == "stored" and has_memory(lanes.carry)
        stride = self.stride if keeps_carries else None
        return replay.empty(lanes, self.replay_rows_per_lane, stride)

    def iterate(
        self,
        env: Environment,
        learner: Learner,
        lanes: Lanes,
        store: Replay,
        key: Array,
        progress: Scalar,
    ) -> tuple[Learner, Lanes, Replay, Metrics]:
        """Plays rows, keeps them, and learns from windows of what is kept."""
        play_key, learn_key = jax.random.split(key)
        stride = self.stride
        lanes, rows, carries = self.play(
            env, learner.network, lanes, play_key, progress, sequence_length=stride
        )
        store = replay.add(store, rows, carries)
        rows_done = store.rows_written * self.num_envs

        def update(learner: Learner, key: Array) -> tuple[Learner, Metrics]:
            batch, carry = self.judge(learner, *self._draw(learner, store, key))
            learner, parts = self.descend(learner, batch, carry, progress)
            return self.after_update(learner), parts

        keys = jax.random.split(learn_key, self.updates_per_collect)
        is_time = rows_done >= self.learning_starts
        learner, parts = scan_if(is_time, update, learner, keys)
        learner = self.after_phase(learner, rows_done)
        metrics = episodes.summarise(lanes.stats) | self.schedules(progress)
        metrics |= jax.tree.map(lambda values: values[-1], parts)
        metrics |= {"churn": self._churn(learner.network, rows, carries)}
        return learner, lanes, store, metrics

    def _draw(self, learner: Learner, store: Replay, key: Array) -> tuple[Kept, Any]:
        """Draws the windows of one minibatch, and what the memory held before them."""
        blank = learner.network.initial_carry()
        window = self.window(blank)
        items = self.batch_rows // window.learned // collective.devices()
        num_envs = store.written.size
        lane, keys = minibatches.draw_lanes(key, items=items, num_envs=num_envs)
        start = replay.draw_starts(store, keys, window.rows, window.stride)
        rows, carry = replay.windows(store, start, lane, window.rows, window.stride)
        if carry is None:
            carry = jax.tree.map(
                lambda leaf: jnp.broadcast_to(leaf, (items, *leaf.shape)), blank
            )
        return rows, carry

    def _churn(self, network: Any, rows: Rows, carries: Any) -> Scalar:
        """Churn in the last new row of each lane before which the carry is known."""
        batch = {"seen": rows.seen, "dummy": rows.dummy}
        batch |= {"greedy": rows.behaviour["greedy"]}
        batch = jax.tree.map(lambda leaf: leaf[-self.stride, :, None], batch)
        return churn(network, batch, jax.tree.map(lambda leaf: leaf[-1], carries))

    def check(self, devices: int = 1) -> None:
        """Refuses sizes that do not fit together.

        Raises:
            ValueError: names the numbers and the way out.
        """
        self._check_each()
        self._check_windows()
        self._check_ring()
        self._check_devices(devices)

    def _check_each(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(
                    f"{name} must be at least {least}, got {getattr(self, name)}"
                )
        if self.replay_carry not in ("stored", "zero"):
            raise ValueError(
                f"replay_carry must be 'stored' or 'zero', got {self.replay_carry!r}"
            )

    def _check_windows(self) -> None:
        if self.burn_in >= self.sequence_length:
            raise ValueError(
                "burn_in must be shorter than sequence_length, the rows of a window, "
                f"got {self.burn_in} and {self.sequence_length}; use burn_in="
                f"{self.sequence_length // 2}, or a longer window"
            )
        learned = self.sequence_length - self.burn_in
        if self.batch_rows % learned:
            raise ValueError(
                "batch_rows must be a multiple of sequence_length - burn_in, got "
                f"{self.batch_rows} and {learned}; use {_up(self.batch_rows, learned)}"
            )
        if self.num_steps % self.stride:
            raise ValueError(
                f"stride must divide num_steps, got {self.stride} and "
                f"{self.num_steps}; use {math.gcd(self.stride, self.num_steps)}"
            )

    def _check_ring(self) -> None:
        rows = self.rows_per_iteration
        window = self.num_envs * (self.sequence_length + 1)
        words = f"num_envs * (sequence_length + 1) = {window} rows"
        if self.replay_rows < window:
            raise ValueError(
                f"replay_rows must hold a window of every lane, {words}, got "
                f"{self.replay_rows}; use {_up(window, rows)}, or a shorter window"
            )
        if self.replay_rows % rows:
            raise ValueError(
                f"replay_rows must be a multiple of num_envs * num_steps = {rows}, got "
                f"{self.replay_rows}; use {_up(self.replay_rows, rows)}"
            )
        if self.learning_starts < window:
            raise ValueError(
                f"learning_starts must leave time for a window of every lane, {words}, "
                f"got {self.learning_starts}; use {window}, or a shorter window"
            )

    def _check_devices(self, devices: int) -> None:
        if self.num_envs % devices:
            raise ValueError(
                f"num_envs must be a multiple of the {devices} devices, got "
                f"{self.num_envs}; use {_up(self.num_envs, devices)}"
            )
        step = (self.sequence_length - self.burn_in) * devices
        if self.batch_rows % step:
            raise ValueError(
                "batch_rows must be a multiple of (sequence_length - burn_in) * "
                f"devices = {step}, got {self.batch_rows}; use "
                f"{_up(self.batch_rows, step)}"
            )


def _up(number: int, step: int) -> int:
    """The next multiple."""
    return math.ceil(number / step) * step
