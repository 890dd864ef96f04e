"""Other PPOs on our environment: the whole-program example, and Stable-Baselines3."""

import importlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

# PyTorch's threads would spin while they wait, on cores that JAX needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import jax

import jax_core
from arcade_gym.baselines import PPO, RunConfig
from arcade_gym.baselines.networks.encoders import STAGES
from jax_core import compiler_options

EXAMPLES = Path(__file__).parents[1] / "examples"


def prepare_example(config: RunConfig) -> Callable[[], Any]:
    """One iteration of examples/ppo_jax.py with its own network, and our sizes."""
    sys.path.insert(0, str(EXAMPLES))
    ppo_jax: Any = importlib.import_module("ppo_jax")

    settings = _of_ppo(config)
    options = ppo_jax.Config(
        env_id=config.env_id,
        partial_obs=config.partial_obs,
        obs_size=config.obs_size,
        num_envs=settings.num_envs,
        num_steps=settings.num_steps,
        num_minibatches=settings.num_minibatches,
        update_epochs=settings.epochs,
    )
    env, _ = jax_core.make(
        config.env_id, partial_obs=config.partial_obs, obs_size=config.obs_size
    )
    key = jax.random.key(0)
    net = ppo_jax.new_net(env.obs_size, env.num_actions, key)
    learner = (net, ppo_jax.make_optimizer(options).init(net))
    lanes = ppo_jax.restart(env, options.num_envs, key)
    iterate = jax.jit(
        partial(ppo_jax.iterate, env, options),
        compiler_options=compiler_options(jax.default_backend()),
    )
    return lambda: jax.block_until_ready(iterate((learner, lanes), key))


def prepare_sb3(config: RunConfig) -> Callable[[], Any]:
    """One iteration of stock PPO, with our patch encoder and sizes."""
    import stable_baselines3  # noqa: PLC0415  # an extra of its own
    from stable_baselines3.common.callbacks import ConvertCallback  # noqa: PLC0415
    from stable_baselines3.common.logger import configure  # noqa: PLC0415

    from arcade_gym.sb3 import ArcadeSB3VecEnv  # noqa: PLC0415

    settings = _of_ppo(config)
    envs = ArcadeSB3VecEnv(
        config.env_id,
        settings.num_envs,
        partial_obs=config.partial_obs,
        obs_size=config.obs_size,
        output="numpy",
    )
    model = stable_baselines3.PPO(
        "CnnPolicy",
        envs,
        n_steps=settings.num_steps,
        batch_size=settings.rows_per_iteration // settings.num_minibatches,
        n_epochs=settings.epochs,
        policy_kwargs={
            "features_extractor_class": _patches_class(),
            "features_extractor_kwargs": {"features_dim": config.width},
            "net_arch": [],
        },
        seed=0,
        device="cpu",
    )
    model.set_logger(configure(None, []))
    model._setup_learn(0)
    callback = ConvertCallback(None)
    callback.init_callback(model)

    wrapped: Any = model.get_env()  # never None here

    def iterate() -> None:
        model.collect_rollouts(wrapped, callback, model.rollout_buffer, model.n_steps)
        model.train()

    return iterate


def _of_ppo(config: RunConfig) -> PPO:
    settings = config.hyper_parameters
    assert isinstance(settings, PPO)
    return settings


def _patches_class() -> type:
    """Our network without memory, as a feature extractor of Stable-Baselines3."""
    import torch  # noqa: PLC0415
    from stable_baselines3.common.torch_layers import (  # noqa: PLC0415
        BaseFeaturesExtractor,
    )
    from torch import nn  # noqa: PLC0415

    class Patches(BaseFeaturesExtractor):
        """Patch encoder, a hidden layer in the memory's place, and the bypass."""

        def __init__(self, observation_space: Any, features_dim: int) -> None:
            super().__init__(observation_space, features_dim)
            layers: list[nn.Module] = []
            channels, side = 3, observation_space.shape[1]
            for kernel, stride, features, _ in STAGES["patch"]:
                layers += [nn.ReLU()] if layers else []
                layers += [nn.Conv2d(channels, features, kernel, stride)]
                channels, side = features, side // stride
            flat = channels * side**2
            layers += [nn.Flatten(), _norm(flat), nn.ReLU()]
            layers += [nn.Linear(flat, features_dim), _norm(features_dim)]
            self.encoder = nn.Sequential(*layers)
            hidden = nn.Linear(features_dim, features_dim)
            self.hidden = nn.Sequential(hidden, _norm(features_dim), nn.ReLU())
            self.bypass = nn.Linear(features_dim, features_dim, bias=False)
            self.norm = _norm(features_dim)

        def forward(self, frames: Any) -> Any:
            """Features of frames that are divided by 255."""
            x = self.encoder(frames)
            return torch.relu(self.norm(x + self.bypass(self.hidden(x))))

    def _norm(size: int) -> nn.Module:
        return nn.LayerNorm(size, elementwise_affine=False)

    return Patches
