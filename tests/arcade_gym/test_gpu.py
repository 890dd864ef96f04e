"""What only a GPU can show: shared memory under load, streams, donation."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import jax_core
from arcade_gym import interop
from jax_core import registry
from tests.arcade_gym.kit import GAMES, MODES, make, random_actions

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.usefixtures("shipped_kernels"),
    pytest.mark.skipif(
        all(device.platform == "cpu" for device in jax.devices()),
        reason="no GPU device",
    ),
]

LANES = 64


def pair(**options):
    """An environment with tensors on the GPU, and its twin on the host."""
    options = {"game": "NoisyCartPole", "max_episode_steps": 50} | options
    return (
        make(LANES, backend="torch", device="gpu", **options),
        make(LANES, backend="numpy", device="gpu", **options),
    )


def test_frames_are_shared_and_stay_intact_while_held():
    """With every frame held alive, donation must not fail and nothing may be copied."""
    envs, twin = pair()
    held, wanted = [envs.reset(seed=0)[0]], [twin.reset(seed=0)[0].copy()]
    for action in random_actions(1000, LANES):
        obs, *_ = envs.step(torch.tensor(action, device="cuda"))
        assert obs.device.type == "cuda"
        held.append(obs)
        wanted.append(twin.step(action)[0].copy())
    for ours, theirs in zip(held, wanted, strict=True):
        assert np.array_equal(ours.cpu().numpy(), theirs)


def test_tensors_share_the_memory_of_jax():
    array = jnp.zeros((LANES, 64, 64, 3), jnp.uint8)
    assert torch.from_dlpack(array).data_ptr() == array.unsafe_buffer_pointer()


def test_tensors_come_to_the_host_right():
    tensor = torch.arange(1000, device="cuda").reshape(10, 100)[:, ::3]
    assert np.array_equal(interop.to_host(tensor), tensor.cpu().numpy())
    shared = interop.to_jax(torch.arange(64, dtype=torch.int32, device="cuda")[1:])
    assert np.asarray(shared).tolist() == list(range(1, 64))


def busy(size=4096):
    """Work that keeps torch's stream occupied for a while."""
    weight = torch.randn(size, size, device="cuda")
    for _ in range(8):
        weight = weight @ weight / size
    return weight


@pytest.mark.parametrize("kind", ["numpy", "cuda", "jax"])
def test_freed_frames_are_not_written_before_they_were_read(kind):
    """Torch still has to read a frame when its last reference is dropped."""
    envs, twin = pair()
    envs.reset(seed=0)
    twin.reset(seed=0)
    sums, wanted = [], []
    for step, action in enumerate(random_actions(200, LANES)):
        converted = {
            "numpy": lambda a: a,
            "cuda": lambda a: torch.tensor(a, device="cuda"),
            "jax": jnp.asarray,
        }[kind](action)
        busy()
        obs = envs.step(converted)[0]
        sums.append(obs.long().sum())
        del obs
        wanted.append(int(twin.step(action)[0].astype(np.int64).sum()))
        if step % 7 == 0:
            busy()
            sums.append(envs.reset()[0].long().sum())
            wanted.append(int(twin.reset()[0].astype(np.int64).sum()))
            busy()
            sums.append(envs.draw().long().sum())
            wanted.append(wanted[-1])
    assert [int(total) for total in sums] == wanted


@pytest.mark.parametrize("mode", MODES)
def test_modes_play_as_on_the_host(mode):
    envs, twin = pair(autoreset_mode=mode, record_episode_statistics=True)
    envs.reset(seed=0)
    twin.reset(seed=0)
    for action in random_actions(120, LANES):
        obs, reward, terminated, truncated, info = envs.step(
            torch.tensor(action, device="cuda")
        )
        wanted = twin.step(action)
        assert np.array_equal(obs.cpu().numpy(), wanted[0])
        assert np.array_equal(reward.cpu().numpy(), wanted[1])
        ended = terminated | truncated
        assert info["_episode"].device.type == "cuda"
        if mode == "SameStep" and bool(ended.any()):
            lane = int(ended.nonzero()[0])
            final = info["final_obs"][lane].cpu().numpy()
            assert np.array_equal(final, wanted[4]["final_obs"][lane])
        if mode == "Disabled" and bool(ended.any()):
            envs.reset(options={"reset_mask": ended})
            twin.reset(options={"reset_mask": ended.cpu().numpy()})


@pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning")
def test_steps_never_wait_for_the_gpu():
    envs, _ = pair()
    envs.reset(seed=0)
    actions = torch.zeros(LANES, dtype=torch.int64, device="cuda")
    envs.step(actions)
    with jax.transfer_guard("disallow"):
        try:
            torch.cuda.set_sync_debug_mode("error")
            for _ in range(20):
                envs.step(actions)
                envs.step(actions.int())
        finally:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "int16"])
def test_actions_of_any_kind_do_the_same(dtype):
    """Numbers out of range do nothing, also those that int32 cannot hold."""
    envs, twin = pair(game="Navigator")
    least = {"uint8": 0}.get(dtype, -(2**62) if dtype == "int64" else -1)
    extreme = {"int64": [2**62, 2**32, 2**32 + 1, 2**31, -(2**32) + 2], "uint8": [255]}
    odd = [least, 5, *extreme.get(dtype, [])]
    envs.reset(seed=0)
    twin.reset(seed=0)
    for action in random_actions(20, LANES):
        chosen = action.astype(np.int64)
        chosen[: len(odd)] = odd
        clipped = np.where((chosen < 0) | (chosen > 4), -1, chosen).astype(np.int32)
        obs = envs.step(torch.tensor(chosen, device="cuda").to(getattr(torch, dtype)))[
            0
        ]
        assert np.array_equal(obs.cpu().numpy(), step_unchecked(twin, clipped))


def step_unchecked(twin, actions):
    """A step of the NumPy backend with actions on the device, which are not read."""
    return twin.step(jax.device_put(actions, twin.device))[0]


def test_strided_and_sliced_actions_are_read_right():
    envs, twin = pair(game="Navigator")
    envs.reset(seed=0)
    twin.reset(seed=0)
    for action in random_actions(10, LANES):
        wide = torch.tensor(action, dtype=torch.int64, device="cuda").repeat(3, 1).T
        obs = envs.step(wide[:, 1])[0]
        assert np.array_equal(obs.cpu().numpy(), twin.step(action)[0])
        shifted = torch.cat([wide.new_zeros(1), wide[:, 0]])
        obs = envs.step(shifted[1:])[0]
        assert np.array_equal(obs.cpu().numpy(), twin.step(action)[0])


def test_another_stream_of_torch_is_followed():
    """What is given in a stream is waited for there, both ways."""
    envs, twin = pair()
    envs.reset(seed=0)
    twin.reset(seed=0)
    with torch.cuda.stream(torch.cuda.Stream()):
        for action in random_actions(50, LANES):
            host = torch.tensor(action).pin_memory()
            busy()
            obs = envs.step(host.to("cuda", torch.int64, non_blocking=True))[0]
            total = obs.long().sum()
            del obs
            assert int(total) == int(twin.step(action)[0].astype(np.int64).sum())


@pytest.mark.parametrize("backend", ["jax", "torch", "numpy"])
def test_actions_from_the_other_device_are_moved(backend):
    actions = random_actions(12, LANES)
    on_gpu = make(LANES, backend=backend, device="gpu")
    on_cpu = make(LANES, backend=backend, device="cpu")
    wanted = make(LANES, backend="numpy", device="cpu")
    host = jax.devices("cpu")[0]
    for envs in (on_gpu, on_cpu, wanted):
        envs.reset(seed=0)
    for action in actions:
        frames = wanted.step(action)[0]
        there = on_gpu.step(jax.device_put(action, host))[0]
        here = on_cpu.step(torch.tensor(action, device="cuda"))[0]
        for obs in (there, here):
            copy = obs.cpu() if backend == "torch" else obs
            assert np.array_equal(np.asarray(copy), frames)


@pytest.mark.parametrize("game", GAMES)
def test_a_gpu_and_the_cpu_play_the_same_episodes(game):
    """Frames and flags bit for bit; rewards of CartPole are constants."""
    actions = random_actions(60, LANES)
    on_gpu = make(LANES, game, backend="numpy", device="gpu", max_episode_steps=30)
    on_cpu = make(LANES, game, backend="numpy", device="cpu", max_episode_steps=30)
    assert np.array_equal(on_gpu.reset(seed=0)[0], on_cpu.reset(seed=0)[0])
    for action in actions:
        for ours, theirs in zip(
            on_gpu.step(action)[:4], on_cpu.step(action)[:4], strict=True
        ):
            assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("partial_obs", [False, True], ids=["full", "partial"])
@pytest.mark.parametrize("level", sorted(registry.levels))
def test_both_devices_draw_the_same_pixels_of_a_state(level, partial_obs):
    gpu, cpu = jax.devices("gpu")[0], jax.devices("cpu")[0]
    states = played(level, cpu)
    for size, channels in ((128, 3), (84, 1), (66, 3)):
        env, _ = jax_core.make(
            level, partial_obs=partial_obs, obs_size=size, channels=channels
        )
        ours, theirs = (
            jax.jit(jax.vmap(env.get_obs))(jax.device_put(states, device))
            for device in (gpu, cpu)
        )
        assert ours.device == gpu
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))


@functools.cache
def played(level, device):
    """States after 0 to 60 steps of random play in 8 lanes, [32]."""
    env, _ = jax_core.make(level)
    with jax.default_device(device):
        keys = jax.random.split(jax.random.key(0), 8)

        def advance(states, index):
            step_keys = jax.vmap(jax.random.fold_in, (0, None))(keys, index)
            actions = jax.vmap(lambda key: jax.random.randint(key, (), 0, 5))(step_keys)
            return jax.vmap(env.step_env)(step_keys, states, actions)[1], states

        first = jax.vmap(env.init)(keys)
        _, all_states = jax.lax.scan(advance, first, jnp.arange(61))
    chosen = jnp.array([0, 5, 20, 60])
    return jax.tree.map(
        lambda leaf: leaf[chosen].reshape(-1, *leaf.shape[2:]), all_states
    )
