"""Run by test_sharding.py with eight CPU devices: prints what every check saw.

With arguments such as "SameStep 1 2 torch" it compares trajectories of so many alone.
"""

import itertools
import json
import sys

import jax
import numpy as np
import torch

from arcade_gym import ArcadeVectorEnv

LANES, STEPS = 8, 9
ACTIONS = np.random.default_rng(0).integers(0, 5, (STEPS, LANES), np.int32)


def make(**options):
    return ArcadeVectorEnv(
        LANES,
        game="Skittles",
        obs_size=64,
        max_episode_steps=4,
        record_episode_statistics=True,
        **options,
    )


def flat(value):
    """Joins the tensors of several devices and makes NumPy arrays."""
    if isinstance(value, tuple):
        return np.concatenate([part.numpy() for part in value])
    return np.asarray(value)


def trajectory(envs, actions=ACTIONS):
    obs, _ = envs.reset(seed=7)
    played = [flat(obs)]
    for step, action in enumerate(actions):
        if step == 2:
            mask = np.arange(LANES) % 2 == 0
            played.append(flat(envs.reset(options={"reset_mask": mask})[0]))
        *results, info = envs.step(action)
        played += [flat(result) for result in results]
        played += [flat(info["episode"]["r"]), flat(info["_episode"])]
        if "final_obs" in info:
            played.append(flat(info["final_obs"]))
    played += [flat(envs.draw()), np.array(envs.pop_episode_totals()["episodes"])]
    return played


def same(played, wanted):
    return len(played) == len(wanted) and all(map(np.array_equal, played, wanted))


def per_device(actions, count):
    """As learners sample them, int64, and as they are."""
    kinds = itertools.cycle((torch.int64, torch.int32))
    return [
        list(torch.tensor(a, dtype=kind).chunk(count))
        for a, kind in zip(actions, kinds, strict=False)
    ]


def compare(mode, spreads):
    """Whether lanes spread in each of these ways play what those of one device do."""
    wanted = trajectory(make(autoreset_mode=mode))
    seen = {}
    for spread in spreads:
        where = {"devices": 2, "backend": "torch"}
        if spread != "torch":
            where = {"devices": int(spread)}
        envs = make(autoreset_mode=mode, **where)
        seen[f"{mode} {spread}"] = same(trajectory(envs), wanted)
    return seen


def check():
    seen = {}
    wanted = trajectory(make())
    named = make(devices=["cpu:3", "cpu:1"], backend="numpy", validate_actions=True)
    seen["named"] = named.devices == (jax.devices()[3], jax.devices()[1])
    split = make(devices=2, backend="torch")
    seen["split actions"] = same(trajectory(split, per_device(ACTIONS, 2)), wanted)
    elsewhere = [jax.device_put(a, jax.devices()[5]) for a in ACTIONS]
    reversed_mesh = jax.sharding.Mesh(np.array(jax.devices()[::-1]), ("lanes",))
    spec = jax.sharding.PartitionSpec("lanes")
    backwards = jax.sharding.NamedSharding(reversed_mesh, spec)
    scattered = [jax.device_put(a, backwards) for a in ACTIONS]
    seen["other device"] = same(trajectory(make(device="cpu:0"), elsewhere), wanted)
    seen["other order"] = same(trajectory(make(devices=8), scattered), wanted)
    obs = make(devices=8).reset(seed=7)[0]
    seen["shards"] = [
        len(obs.addressable_shards),
        obs.addressable_shards[0].data.shape[0],
    ]
    tensors = split.reset(seed=7)[0]
    seen["tensors"] = [len(tensors), list(tensors[0].shape)]
    source = make(devices=8)
    source.reset(seed=1)
    twin = make()
    twin.set_state(source.get_state())
    spread = make(devices=8)
    spread.set_state(twin.get_state())
    seen["state moves"] = same(
        [flat(r) for r in spread.step(ACTIONS[0])[:4]],
        [flat(r) for r in twin.step(ACTIONS[0])[:4]],
    )
    for name, actions in {
        "three tensors": [torch.zeros(1, dtype=torch.int32)] * 3,
        "bad tensor": [torch.full((4,), 9), torch.zeros(4, dtype=torch.int64)],
    }.items():
        try:
            split.step(actions)
        except ValueError as error:
            seen[name] = str(error)
    step = make(devices=8)._kernel.step.__wrapped__  # what jax.jit returned
    text = step.lower(None, source._lanes, ACTIONS[0]).compile()
    seen["collectives"] = [
        name
        for name in ("all-reduce", "all-gather", "permute")
        if name in text.as_text()
    ]
    return seen


if __name__ == "__main__":
    _, *others = sys.argv
    found = {} if others else check()
    for mode, *spreads in map(str.split, others or ["NextStep 8 torch", "SameStep 8"]):
        found |= compare(mode, spreads)
    print(json.dumps(found))  # noqa: T201  # what the test reads
