"""How tests compile: rules in little time, frames as users do.

Most programs of the tests run a few times, so that compiling them is nearly all that a
test costs. They are therefore compiled without optimizations, and drawing in the form
for CPUs alone. Easy levels in the conformity tests, costs and the first tests of the
vector environment are compiled as they are outside the tests.
"""

import functools

import jax
from jax._src import compiler  # the one place that all compilations come by

from arcade_gym.lanes import kernel
from jax_core import environment
from jax_core.rendering.layout import Format
from jax_core.rendering.render import render, render_with
from jax_core.rendering.strips import draw_by_selects

# A third of the time of compilation or less, for programs that are a few times slower.
# Drawing many lanes is an exception: it becomes fifty times as slow.
_PLAIN = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,  # the other core compiles other tests
}
_OPTIMIZED = {
    "xla_backend_optimization_level": 3,
    "xla_cpu_use_fusion_emitters": True,
    "xla_llvm_disable_expensive_passes": False,
}
_compile_options = compiler.get_compile_options


def optimize(*, is_on):
    """Switches the optimizations of all that is compiled next, eager operations too.

    What is compiled already stays as it is.
    """
    plain_options()  # which compiles, and may not ask for itself
    jax.config.update("jax_disable_most_optimizations", not is_on)
    compiler.get_compile_options = _compile_options if is_on else _plain_compile_options
    is_cpu = jax.default_backend() == "cpu"
    environment.render = _render_traced_once if is_cpu and not is_on else render


def _plain_compile_options(*args, **settings):
    """Options that a function asks for itself come first."""
    chosen = settings.get("env_options_overrides") or {}
    settings["env_options_overrides"] = plain_options() | chosen
    return _compile_options(*args, **settings)


def forget_kernels():
    """Makes the environments compile anew."""
    kernel.compile_kernel.cache_clear()
    kernel._functions_of_any_mode.cache_clear()


def jit_plainly(function, *, level=0):
    """`jax.jit` without optimizations; level 1 has the few that long runs repay."""
    options = plain_options() | {"xla_backend_optimization_level": level}
    return jax.jit(function, compiler_options=options)


def jit_fully(function):
    """`jax.jit` with optimizations, also where they are off."""
    known = {k: v for k, v in _OPTIMIZED.items() if k not in _PLAIN or _is_known(k)}
    return jax.jit(function, compiler_options=known)


def process_flags(*, devices=1):
    """XLA_FLAGS of a process that compiles plainly and has so many devices."""
    plain = " ".join(
        f"--{name}={value}".lower() for name, value in plain_options().items()
    )
    return f"{plain} --xla_force_host_platform_device_count={devices}"


@functools.cache
def plain_options():
    """Those that this XLA knows; an unknown one makes every compilation fail."""
    return {name: value for name, value in _PLAIN.items() if _is_known(name)}


@functools.cache
def _is_known(name):
    trial = jax.jit(lambda: 0, compiler_options={name: _PLAIN[name]})
    try:
        trial.lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def render_for_cpus(scene, size, channels=3):
    """`render` traces the forms for CPUs and for GPUs, and compiles one of them."""
    return render_with(scene, form=Format(size, channels), draw=draw_by_selects)


# Drawing scenes of one structure is traced once, for all programs that do it.
_render_traced_once = jax.jit(
    render_for_cpus, static_argnames=("size", "channels"), inline=True
)
