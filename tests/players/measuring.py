"""Plays the four kinds of players of every level, for the table of what games give."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np

import jax_core
from arcade_gym.returns import LevelReturns
from jax_core import registry
from tests.players import rollout, viewers

VIEWING = {"without_memory": "REACTIVE", "with_memory": "REMEMBERING"}
PLAYERS = LevelReturns._fields
ONE_BY_ONE = {"Tetris"}  # whose player with memory thinks hard, but once a piece


def measure(env_id, who, seed, num_episodes):
    """Returns of many episodes, float32 [num_episodes]."""
    name = registry.find_level(env_id)[0].name
    env, params = jax_core.make(env_id)
    if who == "knows_state":
        return _planned(env, params, knowing_plan(name), seed, num_episodes)
    viewer = AT_RANDOM if who == "random" else viewer_of(name, who)
    at_once = 1 if name in ONE_BY_ONE and who == "with_memory" else None
    return np.asarray(viewers.returns(env, params, viewer, seed, num_episodes, at_once))


def knowing_plan(name):
    """The plan of the player that knows the hidden state."""
    player = _module(name)
    return getattr(player, "plan", None) or rollout.closed_loop(player.act)


def viewer_of(name, who):
    """The player of a game that sees the partial view."""
    return getattr(_module(name, "_views"), VIEWING[who])


def _planned(env, params, plan, seed, num_episodes):
    """Returns alone: the states of all episodes would fill the memory."""

    def run(key):
        keys = rollout.episode_keys(key, params.max_steps)
        return rollout.follow(env, params, keys, plan(env, params, keys)).total

    keys = jax.random.split(jax.random.key(seed), num_episodes)
    return np.asarray(jax.jit(lambda k: jax.lax.map(run, k, batch_size=64))(keys))


def _module(name, suffix=""):
    rules = type(registry.games[name].game).__module__.rpartition(".")[2]
    return importlib.import_module(f"tests.players.{rules}{suffix}")


def _guess(scene, params, key):
    del scene, params  # whatever is seen
    return jax.random.randint(key, (), 0, 5, jnp.int32)


AT_RANDOM = viewers.without_memory(_guess)
