"""Networks: encoder, last action, memory, bypass, head; equal for every memory."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
from jax import nn
from jaxtyping import Array, Bool, Float32, Int32

from arcade_gym.baselines.layers import Bypass, Dense, normalise, orthogonal
from arcade_gym.baselines.memory.catalog import DEFAULT_WINDOW, make_memory
from arcade_gym.baselines.memory.checking import answer_size
from arcade_gym.baselines.memory.protocol import Carry, Memory
from arcade_gym.baselines.networks.encoders import Encoder, Frames
from jax_core.game import Move
from jax_core.types import AnyKey

NUM_ACTIONS = len(Move)

LastActions = Int32[Array, " T"]
First = Bool[Array, " T"]
Features = Float32[Array, "T width"]


class RecurrentNetwork(eqx.Module):
    """What both networks share. Of ONE lane: `jax.vmap` makes it one of many lanes.

    A call is `encode` and then `remember`. `encode` takes any batch axes, so a learner
    encodes the frames of all lanes at once and maps only `remember` over lanes:

        features = network.encode(obs)  # [T, N, S, S, 3] -> [T, N, width]
        remember = jax.vmap(network.remember, (0, 1, 1, 1), (0, 1))
        carries, q = remember(carries, features, last_action, first)
    """

    encoder: Encoder
    action_weight: Float32[Array, "actions width"]
    memory: Memory
    bypass: Bypass

    def __init__(  # noqa: PLR0913  # one keyword for each part that may differ
        self,
        key: AnyKey,
        rnn_type: str = "lru",
        obs_size: int = 128,
        *,
        width: int = 128,
        layers: int = 1,
        encoder: str = "patch",
        window: int = DEFAULT_WINDOW,
        memory: Memory | None = None,
    ) -> None:
        """Builds a network with random weights.

        Args:
            key: for the weights; typed, or of `jax.random.PRNGKey`.
            rnn_type: name of the memory, one of `memory_names()`, in any case.
            obs_size: pixels of a side of the frames, 64 to 512.
            width: features of a frame and of the memory.
            layers: memories on top of one another.
            encoder: "patch" (fastest), "conv" (Mnih et al. 2015) or "published".
            window: rows that attention looks back on; no weight depends on it.
            memory: a memory of your own, which takes `width` features; `rnn_type`,
                `layers` and `window` then say nothing.

        Raises:
            TypeError: `memory` is no `Memory`; the message says why.
            ValueError: a name or a number that does not exist or fit.
        """
        keys = jax.random.split(key, 5)
        self.encoder = Encoder(encoder, obs_size, width, key=keys[0])
        self.action_weight = orthogonal(NUM_ACTIONS, width, key=keys[1])
        if memory is None:
            options = {"layers": layers, "window": window}
            memory = make_memory(rnn_type, width, **options, key=keys[2])
        self.memory = memory
        self.bypass = Bypass(answer_size(memory, width), width, key=keys[3])
        self._set_heads(width, keys[4])

    def initial_carry(self) -> Carry:
        """What the memory holds before the first frame."""
        return self.memory.initial_carry()

    def initialize_carry(self, key: AnyKey | None = None) -> Carry:
        """`initial_carry` under its published name; the key is not used."""
        del key  # nothing is random
        return self.initial_carry()

    def encode(self, obs: Frames) -> Float32[Array, "*batch width"]:
        """Features of frames, uint8 or float in 0..255, with any batch axes."""
        return normalise(self.encoder(obs))

    @abstractmethod
    def remember(
        self, carry: Carry, features: Features, last_action: LastActions, first: First
    ) -> tuple[Any, ...]:
        """A call for frames that `encode` has seen."""

    def __call__(
        self, carry: Carry, obs: Frames, last_action: LastActions, first: First
    ) -> tuple[Any, ...]:
        """Answers T frames in a row.

        Args:
            carry: as `initial_carry` or an earlier call returned it.
            obs: [T, S, S, 3], uint8 or float in 0..255.
            last_action: what led to each frame, 0..4; -1 in first frames.
            first: where an episode begins: the memory forgets before that frame.

        Returns:
            The carry after the last frame, and the answers of the heads.
        """
        return self.remember(carry, self.encode(obs), last_action, first)

    @abstractmethod
    def _set_heads(self, width: int, key: AnyKey) -> None: ...

    def _hidden(
        self, carry: Carry, features: Features, last_action: LastActions, first: First
    ) -> tuple[Carry, Features]:
        # The one-hot code of -1 is all zeros; a 0 would say "up".
        codes = nn.one_hot(last_action, NUM_ACTIONS, dtype=features.dtype)
        x = features + codes @ self.action_weight
        carry, answer = self.memory(carry, x, first)
        return carry, self.bypass(x, answer)


class QNetworkRNN(RecurrentNetwork):
    """Values of the five actions: a call returns (carry, q[T, 5])."""

    head: Dense

    def remember(
        self, carry: Carry, features: Features, last_action: LastActions, first: First
    ) -> tuple[Carry, Float32[Array, "T actions"]]:
        """A call for frames that `encode` has seen."""
        carry, hidden = self._hidden(carry, features, last_action, first)
        return carry, self.head(hidden)

    def _set_heads(self, width: int, key: AnyKey) -> None:
        self.head = Dense(width, NUM_ACTIONS, key=key)


class ActorCriticRNN(RecurrentNetwork):
    """Policy and value: a call returns (carry, logits[T, 5], value[T])."""

    actor: Dense
    critic: Dense

    def remember(
        self, carry: Carry, features: Features, last_action: LastActions, first: First
    ) -> tuple[Carry, Float32[Array, "T actions"], Float32[Array, " T"]]:
        """A call for frames that `encode` has seen."""
        carry, hidden = self._hidden(carry, features, last_action, first)
        return carry, self.actor(hidden), self.critic(hidden)[:, 0]

    def _set_heads(self, width: int, key: AnyKey) -> None:
        actor_key, critic_key = jax.random.split(key)
        # A policy that starts close to uniform explores (Andrychowicz et al. 2021).
        self.actor = Dense(width, NUM_ACTIONS, key=actor_key, gain=0.01)
        self.critic = Dense(width, 1, key=critic_key)
