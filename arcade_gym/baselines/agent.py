"""Trained networks as policies of frames."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int32, UInt8

from arcade_gym.baselines import levels
from arcade_gym.baselines.builtin import PREFIX, run_folder
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.networks.encoders import Frames
from arcade_gym.baselines.runs import weights
from arcade_gym.baselines.runs.run_directory import RunDirectory
from jax_core.registry import unknown

NETWORKS = ("best", "last")


class Agent(eqx.Module):
    """The network of a run, with what is known about it.

    It can be called like its network, so evaluations take either.

    Attributes:
        network: `QNetworkRNN` or `ActorCriticRNN`.
        config: of the run.
    """

    network: Any
    config: RunConfig = eqx.field(static=True)

    def initial_carry(self) -> Any:
        """What the memory holds before the first frame."""
        return self.network.initial_carry()

    def __call__(
        self,
        carry: Any,
        obs: Frames,
        last_action: Int32[Array, " T"],
        first: Bool[Array, " T"],
    ) -> tuple[Any, ...]:
        """Answers T frames of one lane, as the network does; they may be float."""
        return self.network(carry, obs, last_action, first)

    def act(
        self,
        carry: Any,
        frame: UInt8[Array | np.ndarray, "side side 3"],
        last_action: int | None = None,
    ) -> tuple[Any, int]:
        """Takes the best action of one frame.

        Args:
            carry: from `initial_carry` or from the last call.
            frame: of the size that the network was trained with.
            last_action: what led to the frame; None in the first frame of an episode,
                before which the memory forgets.

        Returns:
            The carry to go on with, and the action, 0 to 4.
        """
        code = -1 if last_action is None else last_action
        carry, action = _best(self.network, carry, jnp.asarray(frame), jnp.int32(code))
        return carry, int(action)


@eqx.filter_jit
def _best(network: Any, carry: Any, frame: Any, last_action: Any) -> tuple[Any, Any]:
    first = last_action < 0
    carry, scores, *_ = network(carry, frame[None], last_action[None], first[None])
    return carry, scores[0].argmax()


def load_agent(path: Path | str, network: str = "best", *, memory: Any = None) -> Agent:
    """Loads the network of a run.

    Args:
        path: the folder of the run, or the name of an agent that comes with the
            package, "builtin:cartpole-hard-gru"; `builtin_agents` lists them.
        network: "best" in the evaluations during training, or "last".
        memory: an object of the class that `train` was given as memory, if any.

    Raises:
        FileNotFoundError: no run is there, or it has not got so far.
        ValueError: no agent of that name comes along, the level has changed since, or
            the weights do not fit.
    """
    if network not in NETWORKS:
        raise ValueError(unknown("network", network, NETWORKS))
    directory = RunDirectory(run_folder(path))
    config, about = directory.read()
    _check_game(path, config, about["versions"])
    file = directory.best if network == "best" else directory.last
    if not file.exists():
        raise FileNotFoundError(_missing(str(path), file.name))
    key = jax.eval_shape(jax.random.key, 0)
    like = eqx.filter_eval_shape(
        lambda key: weights.build(config, memory, key=key), key
    )
    return Agent(weights.load(file, like), config)


def _missing(run: str, file: str) -> str:
    if run.startswith(PREFIX):
        return f"{run} has no {file}: only best networks come with the package"
    return f"{run} has no {file} yet; go on with the run: arcade-gym resume {run}"


def _check_game(path: Path | str, config: RunConfig, versions: dict[str, Any]) -> None:
    present = levels.find(config.env_id).spec.version
    if versions["game"] != present:
        raise ValueError(
            f"{path} was trained on version {versions['game']} of {config.env_id}, and "
            f"this is version {present}: rules, rewards or pictures have changed. "
            f"Train again, or install version {versions['package']} of arcade-gym"
        )
