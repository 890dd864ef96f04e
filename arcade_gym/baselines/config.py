"""The configuration of a run: frozen, checked, one for Python, flags and JSON."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import arg

from arcade_gym.baselines import field_types, levels
from arcade_gym.baselines.learners.dqn import DQN
from arcade_gym.baselines.learners.ppo import PPO
from arcade_gym.baselines.learners.pqn import PQN
from arcade_gym.baselines.memory import canonical_name
from arcade_gym.baselines.networks.encoders import STAGES
from arcade_gym.baselines.state import seeds_of_lanes
from jax_core import Environment, registry
from jax_core.game import Visibility
from jax_core.registry import MAX_OBS_SIZE, MIN_OBS_SIZE, unknown

Settings = PPO | PQN | DQN
ALGORITHMS: dict[str, type[Settings]] = {kind.name: kind for kind in (PPO, PQN, DQN)}
"""Hyper-parameters by the name of the algorithm."""

OWN_MEMORY = "own:"
"""Starts the name of a memory that was passed to `train` as an object."""

MAX_ROWS = 2**31 - 1  # rows are counted in int32

_PLACES = ("out", "overwrite", "devices", "tensorboard", "wandb", "checkpoint_minutes")
"""Fields that say where and how a run takes place, not what it computes."""

_LEAST = {
    "width": 1,
    "layers": 1,
    "total_steps": 1,
    "seed": 0,
    "devices": 1,
    "eval_every": 1,
    "chunk_steps": 1,
    "eval_episodes": 1,
    "test_episodes": 1,
    "num_envs": 1,
    "num_steps": 1,
    "epochs": 1,
    "num_minibatches": 1,
    "sequence_length": 1,
}
"""The smallest values of whole numbers, of the run and of the algorithms."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides about a run.

    A step is one frame shown to the learner in one lane. With its defaults a run trains
    the network that `QNetworkRNN(key)` or `ActorCriticRNN(key)` builds, so that these
    load its weights: hence an LRU as memory, 128 pixels and a width of 128.

    Raises:
        ValueError: an unknown name or a number that cannot be; names the way out.
        TypeError: a value of the wrong type.
    """

    algorithm: tyro.conf.Fixed[str] = "ppo"  # a key of `ALGORITHMS`
    env_id: tyro.conf.Fixed[str]  # "CartPoleEasy"; "module:LampEasy" for your own game
    partial_obs: Annotated[bool, arg(aliases=["-p"])] = False
    """partial view (POMDP) instead of the full one (MDP)"""
    obs_size: Annotated[int, arg(aliases=["-o"], metavar="PIXELS")] = 128
    """side of a frame, 64 to 512"""
    memory: Annotated[str, arg(metavar="NAME")] = "lru"
    """none, gru, mingru, lru, or one of memax"""
    width: int = 128  # features of a frame and of the memory
    layers: int = 1  # memories on top of one another
    encoder: Annotated[str, arg(metavar="NAME")] = "patch"
    """patch, conv or published"""
    total_steps: Annotated[int | float, arg(metavar="STEPS")] = 1_000_000
    """of the run, such as 1e5; rounded up to whole updates"""
    seed: int = 0  # of weights, games and exploration
    out: Annotated[Path | str | None, arg(metavar="DIR")] = None
    """folder of the run; none: runs/LEVEL-VIEW-ALGORITHM-MEMORY-sSEED"""
    overwrite: bool = False  # replaces the run that is in the folder
    devices: int = 1  # that share the lanes; of each process where there are several
    eval_every: Annotated[int | float, arg(metavar="STEPS")] = 65_536
    """between two evaluations, about"""
    eval_episodes: int = 64  # of an evaluation during training
    test_episodes: int = 256  # of each judgement at the end
    chunk_steps: Annotated[int | float, arg(metavar="STEPS")] = 8192
    """between two lines of the log, about: those of one compiled call"""
    checkpoint_minutes: Annotated[int | float, arg(metavar="MINUTES")] = 5.0
    """between two checkpoints"""
    target_return: Annotated[int | float | None, arg(metavar="RETURN")] = None
    """stops when an evaluation reaches this"""
    tensorboard: bool = False  # writes event files for TensorBoard as well
    wandb: bool = False  # sends the numbers to Weights & Biases as well
    settings: Settings | None = field(default=None)

    def __post_init__(self) -> None:
        """Fills in what follows from other fields, and checks every field by itself."""
        if self.algorithm not in ALGORITHMS:
            raise ValueError(unknown("algorithm", self.algorithm, tuple(ALGORITHMS)))
        self._set("settings", self.settings or ALGORITHMS[self.algorithm]())
        for name in ("total_steps", "eval_every", "chunk_steps"):
            self._set(name, _whole(name, getattr(self, name)))
        self._set("out", None if self.out is None else Path(self.out))
        if isinstance(self.memory, str):
            self._set("memory", _memory(self.memory))
        field_types.check(self)
        field_types.check(self.settings)
        self._check_numbers()
        self._check_names()

    @property
    def hyper_parameters(self) -> Settings:
        """The settings, which are never None once a configuration is made."""
        assert self.settings is not None
        return self.settings

    @property
    def view(self) -> str:
        """The view of the learner: "full" or "partial"."""
        return "partial" if self.partial_obs else "full"

    @property
    def is_policy(self) -> bool:
        """Whether the network's scores are logits of probabilities, not Q-values."""
        return self.hyper_parameters.network_type == "ActorCriticRNN"

    def make_env(self, view: str | None = None) -> Environment:
        """Builds the level in the view of the learner, or in another: "full"."""
        return levels.make_env(
            self.env_id,
            partial_obs=(view or self.view) == Visibility.PARTIAL,
            obs_size=self.obs_size,
        )

    @property
    def folder(self) -> Path:
        """Where the run is kept."""
        if self.out is not None:
            return Path(self.out)
        level = self.env_id.rpartition(":")[2]
        memory = self.memory.replace(":", "-")
        name = f"{level}-{self.view}-{self.algorithm}-{memory}-s{self.seed}"
        return Path("runs") / name

    @property
    def iterations_per_chunk(self) -> int:
        """Updates that one call of the compiled program does."""
        rows = self.hyper_parameters.rows_per_iteration
        iterations = math.ceil(self.total_steps / rows)
        chunks = math.ceil(iterations / max(1, round(self.chunk_steps / rows)))
        return math.ceil(iterations / chunks)

    @property
    def rows_per_chunk(self) -> int:
        """Steps of one call of the compiled program."""
        return self.iterations_per_chunk * self.hyper_parameters.rows_per_iteration

    @property
    def total_rows(self) -> int:
        """Steps of the whole run: `total_steps`, rounded up to whole chunks."""
        chunks = math.ceil(self.total_steps / self.rows_per_chunk)
        return chunks * self.rows_per_chunk

    @property
    def chunks_per_evaluation(self) -> int:
        """Chunks between two evaluations."""
        return max(1, round(self.eval_every / self.rows_per_chunk))

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides about the results; places and devices do not."""
        content = {k: v for k, v in self.to_json().items() if k not in _PLACES}
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def resolved(self) -> "RunConfig":
        """The same run with nothing left open, once all is known to fit together.

        Raises:
            ValueError: an unknown level, or numbers that do not fit together.
        """
        level = levels.find(self.env_id)
        settings = self.hyper_parameters
        if settings.gamma is None:
            settings = replace(settings, gamma=level.gamma)
        if settings.reward_scale is None:
            settings = replace(settings, reward_scale=level.reward_scale)
        env_id = registry.qualified(registry.resolve(self.env_id))
        config = replace(self, env_id=env_id, settings=settings, out=self.folder)
        settings.check(self.devices)
        seeds_of_lanes(self.seed, settings.num_envs)
        if config.total_rows > MAX_ROWS:
            raise ValueError(
                f"total_steps must be at most {MAX_ROWS:,} after rounding up to whole "
                f"chunks of {self.rows_per_chunk:,}, got {self.total_steps:,}"
            )
        return config

    def differences(self, other: "RunConfig") -> list[str]:
        """What would make the results of two runs differ, in words."""
        mine, theirs = _flat(self.to_json()), _flat(other.to_json())
        return [
            f"{name}: {mine.get(name)!r} and {theirs.get(name)!r}"
            for name in sorted(mine | theirs)
            if name not in _PLACES and mine.get(name) != theirs.get(name)
        ]

    def to_json(self) -> dict[str, Any]:
        """The fields, for `json.dumps`."""
        content = asdict(self)
        return content | {"out": None if self.out is None else str(self.out)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunConfig":
        """Reads what `to_json` gave.

        Raises:
            ValueError: a field that does not exist, or a value that cannot be.
            TypeError: a field is missing, or a value of the wrong type.
        """
        _check_keys("configuration", content, cls)
        algorithm = content.get("algorithm")
        if algorithm not in ALGORITHMS:
            raise ValueError(unknown("algorithm", algorithm, tuple(ALGORITHMS)))
        settings = content.get("settings")
        if settings is not None:
            kind = ALGORITHMS[algorithm]
            _check_keys(f"settings of {algorithm}", settings, kind)
            settings = kind(**settings)
        values: dict[str, Any] = {**content, "settings": settings}
        return cls(**values)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the dataclass is frozen

    def _check_numbers(self) -> None:
        for part in (self, self.settings):
            for name, least in _LEAST.items():
                if getattr(part, name, least) < least:
                    raise ValueError(
                        f"{name} must be at least {least}, got {getattr(part, name)}"
                    )
        if not MIN_OBS_SIZE <= self.obs_size <= MAX_OBS_SIZE:
            raise ValueError(
                f"obs_size must be an integer from {MIN_OBS_SIZE} to {MAX_OBS_SIZE}, "
                f"got {self.obs_size}"
            )
        if not self.checkpoint_minutes > 0:
            raise ValueError(
                f"checkpoint_minutes must be positive, got {self.checkpoint_minutes}"
            )

    def _check_names(self) -> None:
        if not isinstance(self.settings, ALGORITHMS[self.algorithm]):
            raise ValueError(
                f"settings must be {ALGORITHMS[self.algorithm].__name__}(...) for "
                f"algorithm={self.algorithm!r}, got {self.settings!r}"
            )
        if self.encoder not in STAGES:
            raise ValueError(unknown("encoder", self.encoder, tuple(STAGES)))


def _memory(name: str) -> str:
    return name if name.startswith(OWN_MEMORY) else canonical_name(name)


def _whole(name: str, value: Any) -> Any:
    """Reads 1e5 as 100000; other types are left to the check of types."""
    if not isinstance(value, float):
        return value
    if not value.is_integer():  # true for nan and infinity as well
        raise ValueError(f"{name} must be a whole number, such as 1e5, got {value}")
    return int(value)


def _check_keys(what: str, content: Any, kind: type) -> None:
    if not isinstance(content, dict):
        raise TypeError(f"{what} must be an object of JSON, got {content!r}")
    known = tuple(f.name for f in fields(kind))
    for name in content:
        if name not in known:
            raise ValueError(unknown(f"field of the {what}", name, known))


def _flat(content: dict[str, Any]) -> dict[str, Any]:
    settings = content["settings"] or {}
    return {k: v for k, v in content.items() if k != "settings"} | settings
