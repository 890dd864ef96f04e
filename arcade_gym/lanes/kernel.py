"""The compiled functions behind both environments: lanes in, lanes and frames out.

A *lane* is one environment of a batch: the game's state, the lane's own key, whether
its episode has ended, and the statistics of its episodes. A lane splits its key once
per event, which is one reset or one step. So its trajectory depends on its seed and its
actions alone, and not on the number of lanes, the backend, the autoreset mode, the
devices or JAX's x64 mode.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import AutoresetMode
from jaxtyping import Array, Bool, Float32, Int, Int32, UInt8, UInt32

from arcade_gym.lanes.arguments import refuse_tracer
from arcade_gym.lanes.frame_form import PLAIN, FrameForm
from arcade_gym.lanes.lane import KEYS, Lane, Packed, Totals, blank, packing
from jax_core import Environment, compiler_options, random
from jax_core.environment import select
from jax_core.types import Flag

AXIS = "lanes"
"""Name of the axis of a mesh over which lanes are spread."""

Frames = UInt8[Array, "num_envs _ _ _"]  # as `FrameForm` orders them
Flags = Bool[Array | np.ndarray, " num_envs"]
Seeds = UInt32[Array | np.ndarray, " num_envs"]
Actions = Int[Array | np.ndarray, " num_envs"]
Ages = Int32[Array, " num_envs"]


class Finished(NamedTuple):
    """What ended in a step, per lane."""

    ended: Bool[Array, "*lanes"]  # the episode ended in this step
    episode_return: Float32[Array, "*lanes"]  # 0 where it did not
    length: Int32[Array, "*lanes"]  # steps; 0 where it did not
    lanes: Packed  # before the reset that SAME_STEP adds


class Results(NamedTuple):
    """What a step hands out; `finished` is None where nobody asked for it."""

    obs: Frames
    reward: Float32[Array, " num_envs"]
    terminated: Flags
    truncated: Flags
    finished: Finished | None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a compiled step depends on, apart from the number of lanes.

    Attributes:
        env: game, level, view, frame size and channels.
        form: what an observation holds, and its order in memory.
        owns_params: whether every lane has params of its own, of the kind and with the
            static fields of `env.default_params`.
        platform: where the functions run, "cpu", "gpu" or "tpu".
        autoreset_mode: what happens to a lane whose episode has ended. In DISABLED it
            stays as it is, with reward 0 and its flags repeated, until `reset`.
        max_episode_steps: truncates earlier than the level does.
        reports_finished: whether steps tell what ended in them; SAME_STEP always does.
        mesh: devices that share the lanes, or None for one device.
    """

    env: Environment
    platform: str
    autoreset_mode: AutoresetMode
    max_episode_steps: int | None = None
    reports_finished: bool = False
    mesh: jax.sharding.Mesh | None = None
    form: FrameForm = PLAIN
    owns_params: bool = False

    @property
    def rolls_stacks(self) -> bool:
        """Whether a step can draw one frame of a stack and copy the others.

        A GPU draws them all in less time than it copies them. In DISABLED mode a lane
        that waits would need a past that does not move.
        """
        return (
            self.form.stack > 1
            and self.form.is_planar
            and self.platform == "cpu"
            and self.mesh is None
            and self.autoreset_mode is not AutoresetMode.DISABLED
        )


class Kernel(NamedTuple):
    """Jitted functions.

    `step` takes actions as integers [num_envs], or as halves of int64, int32
    [num_envs, 2].

    `reset` and `step` donate the buffer for the frames, if there is one; what it holds
    is never read. The lanes are kept: they are small beside the frames, and a call that
    is interrupted or fails then leaves an environment that can go on.

    `roll` is a step where `Rules.rolls_stacks`. Its frames are the newest ones alone,
    uint8 [num_envs, bytes]. It also takes and returns how many steps ago each episode
    began, int32 [num_envs]; those of earlier frames than a stack has count as its last.
    """

    reset: Callable[[Array | None, Packed, Seeds, Flags, Flags], tuple[Packed, Frames]]
    step: Callable[[Array | None, Packed, Actions], tuple[Packed, Results]]
    roll: Callable[[Array, Packed, Ages, Actions], tuple[Packed, Results, Ages]]
    draw: Callable[[Packed], Frames]
    render: Callable[[Packed], Frames]  # RGB, whatever observations are
    draw_some: Callable[[Packed, Int[Array | np.ndarray, " chosen"]], Frames]
    clear_totals: Callable[[Packed], Packed]
    empty: Callable[[int], Packed]
    pack: Callable[[Any], Packed]
    unpack: Callable[[Packed], Any]


@functools.cache
def compile_kernel(rules: Rules) -> Kernel:
    """Makes the functions for some rules, once per process: jit caches with them."""
    pack, unpack = packing(rules.env, rules.form, owns_params=rules.owns_params)

    def step_lane(packed: Packed, action: Any) -> tuple[Packed, Results]:
        before = unpack(packed)
        after, outcome, reward = _step(rules, before, _whole(action))
        obs = _draw(rules.env, rules.form, after)
        return pack(after), results(obs, before, outcome, reward)

    def roll_lane(packed: Packed, age: Any, action: Any) -> tuple[Packed, Results, Any]:
        before = unpack(packed)
        after, outcome, reward = _step(rules, before, action)
        plane = rules.form.draw_plane(rules.env, after.state, after.params)
        restarted = outcome.ended if _resets_at_once(rules) else before.ended
        age = jnp.where(restarted, 0, jnp.minimum(age + 1, rules.form.stack - 1))
        return pack(after), results(plane, before, outcome, reward), age

    def results(obs: Any, before: Lane, outcome: Lane, reward: Any) -> Results:
        reports = rules.reports_finished or _resets_at_once(rules)
        return Results(
            obs=obs,
            reward=reward,
            terminated=outcome.terminated,
            truncated=outcome.truncated,
            finished=_finished(rules, before, outcome, pack) if reports else None,
        )

    return Kernel(
        step=_batch_into_buffer(step_lane, rules.mesh, rules.platform),
        roll=_batch_into_buffer(roll_lane, rules.mesh, rules.platform),
        **_functions_of_any_mode(
            rules.env,
            rules.form,
            rules.mesh,
            rules.platform,
            owns_params=rules.owns_params,
        ),
    )


@functools.cache
def _functions_of_any_mode(
    env: Environment,
    form: FrameForm,
    mesh: jax.sharding.Mesh | None,
    platform: str,
    *,
    owns_params: bool,
) -> dict[str, Any]:
    """All of a kernel but `step`: compiled once for every mode and step limit."""
    pack, unpack = packing(env, form, owns_params=owns_params)
    in_color = replace(env, channels=3)

    def reset_lane(
        packed: Packed, seed: Any, seeded: Any, chosen: Any
    ) -> tuple[Packed, Any]:
        lane = _reset(env, form, unpack(packed), seed, seeded, chosen)
        return pack(lane), _draw(env, form, lane)

    def draw_lane(packed: Packed) -> Any:
        return _draw(env, form, unpack(packed))

    def render_lane(packed: Packed) -> Any:
        lane = unpack(packed)
        return in_color.get_obs(lane.state, lane.params)

    def draw_some(packed: Packed, indices: Any) -> Any:
        return jax.vmap(draw_lane)(tuple(leaf[indices] for leaf in packed))

    def clear_lane(packed: Packed) -> Packed:
        lane = unpack(packed)
        return pack(replace(lane, totals=jax.tree.map(jnp.zeros_like, lane.totals)))

    @functools.cache  # once for all environments
    def shapes() -> Any:
        return jax.eval_shape(lambda: pack(blank(env, form, owns_params=owns_params)))

    def empty(num_envs: int) -> Packed:
        return tuple(jnp.zeros((num_envs, *s.shape), s.dtype) for s in shapes())

    return {
        "reset": _batch_into_buffer(reset_lane, mesh, platform),
        "draw": _compile(_spread(jax.vmap(draw_lane), mesh), platform),
        "render": _compile(_spread(jax.vmap(render_lane), mesh), platform),
        "draw_some": _compile(draw_some, platform),
        "clear_totals": jax.jit(_spread(jax.vmap(clear_lane), mesh)),
        "empty": empty,
        "pack": jax.vmap(pack),
        "unpack": jax.vmap(unpack),
    }


def _whole(action: Int[Array, "*halves"]) -> Int[Array, ""]:
    """Joins the halves of an int64 action, int32 [2]; others are whole.

    PyTorch samples int64, which JAX has in x64 mode only. What int32 cannot hold must
    stay out of range, as -1.
    """
    if action.ndim == 0:
        return action
    low, high = action  # as all devices of JAX order them
    return jnp.where(high == low >> 31, low, -1)


def _draw(env: Environment, form: FrameForm, lane: Lane) -> Any:
    return form.draw(env, lane.earlier, lane.state, lane.params)


def _batch_into_buffer(
    work: Callable[..., Any], mesh: jax.sharding.Mesh | None, platform: str
) -> Callable[..., Any]:
    """Compiles the work of one lane for a batch, with a buffer as first argument.

    XLA writes the frames into a donated array of their shape, whether it is read or
    not; `keep_unused` stops JAX from dropping it before.
    """
    batched = _spread(jax.vmap(work), mesh)

    def run(buffer: Any, *args: Any) -> Any:
        del buffer  # lends its memory only
        return batched(*args)

    return _compile(run, platform, donate_argnums=0, keep_unused=True)


def _compile(
    work: Callable[..., Any], platform: str, **settings: Any
) -> Callable[..., Any]:
    """Jits with the options of the platform, which JAX refuses inside a trace."""
    options = compiler_options(platform)
    compiled = jax.jit(work, compiler_options=options, **settings)

    @functools.wraps(compiled)
    def call(*args: Any) -> Any:
        try:
            return compiled(*args)
        except ValueError:
            refuse_tracer(jnp.zeros(()))  # a tracer in there, and nowhere else
            raise

    return call


def _spread(
    work: Callable[..., Any], mesh: jax.sharding.Mesh | None
) -> Callable[..., Any]:
    """Lets every device of a mesh do the work for its own lanes, and nothing else."""
    if mesh is None:
        return work
    lanes = jax.sharding.PartitionSpec(AXIS)
    return jax.shard_map(work, mesh=mesh, in_specs=lanes, out_specs=lanes)


def _reset(
    env: Environment, form: FrameForm, lane: Lane, seed: Any, seeded: Flag, chosen: Flag
) -> Lane:
    """Starts the next episode of a chosen lane, of a new key chain if it is seeded."""
    key = select(seeded, jax.random.key_data(jax.random.key(seed, impl=KEYS)), lane.key)
    return select(chosen, _begin(env, form, replace(lane, key=key)), lane)


def _begin(env: Environment, form: FrameForm, lane: Lane) -> Lane:
    """One event of a lane: the reset."""
    chain, event_key = _split(lane)
    state = env.init(event_key, lane.params)
    return Lane(
        state=state,
        earlier=form.begin(state),
        params=lane.params,
        key=chain,
        terminated=jnp.bool_(False),
        truncated=jnp.bool_(False),
        episode_return=jnp.float32(0.0),
        totals=lane.totals,
    )


def _step(rules: Rules, lane: Lane, action: Any) -> tuple[Lane, Lane, Any]:
    """Steps a lane.

    Returns:
        The lane to go on with, the lane whose flags are the result, and the reward.
    """
    played, reward = _play(rules, lane, action)
    if _resets_at_once(rules):
        fresh = _begin(rules.env, rules.form, played)
        after = select(played.ended, fresh, played)
        return after, played, reward
    is_next_step = rules.autoreset_mode is AutoresetMode.NEXT_STEP
    # An event is either a step or a reset, so the two may share its key.
    waiting = _begin(rules.env, rules.form, lane) if is_next_step else lane
    after = select(lane.ended, waiting, played)
    return after, after, jnp.where(lane.ended, 0.0, reward)


def _play(rules: Rules, lane: Lane, action: Any) -> tuple[Lane, Any]:
    """One event of a lane: the step, with its reward."""
    chain, event_key = _split(lane)
    transition = rules.env.transition(event_key, lane.state, action, lane.params)
    truncated = transition.truncated
    if rules.max_episode_steps is not None:
        truncated |= transition.state.time >= rules.max_episode_steps
    played = Lane(
        state=transition.state,
        earlier=rules.form.shift(lane.earlier, lane.state),
        params=lane.params,
        key=chain,
        terminated=transition.terminated,
        truncated=truncated,
        episode_return=lane.episode_return + transition.reward,
        totals=lane.totals,
    )
    return replace(played, totals=_add_if_ended(played)), transition.reward


def _add_if_ended(lane: Lane) -> Totals:
    count = lane.ended.astype(jnp.int32)
    return Totals(
        episodes=lane.totals.episodes + count,
        episode_return=lane.totals.episode_return
        + jnp.where(lane.ended, lane.episode_return, 0.0),
        length=lane.totals.length + count * lane.state.time,
    )


def _finished(
    rules: Rules, before: Lane, outcome: Lane, pack: Callable[[Lane], Packed]
) -> Finished:
    ended = outcome.ended & ~before.ended  # a lane that waits ended earlier
    return Finished(
        ended=ended,
        episode_return=jnp.where(ended, outcome.episode_return, 0.0),
        length=jnp.where(ended, outcome.state.time, 0),
        lanes=pack(outcome) if _resets_at_once(rules) else (),
    )


def _resets_at_once(rules: Rules) -> bool:
    return rules.autoreset_mode is AutoresetMode.SAME_STEP


def _split(lane: Lane) -> tuple[UInt32[Array, "2"], Any]:
    chain, event_key = random.split(jax.random.wrap_key_data(lane.key, impl=KEYS))
    return jax.random.key_data(chain), event_key
