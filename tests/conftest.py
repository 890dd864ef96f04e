"""How the tests compile, keep what they compiled, and share it."""

import gc
import os
import re
import signal
from pathlib import Path

import jax
import jaxtyping
import pytest

from jax_core import registry
from tests import compiling

CACHE = Path(__file__).parents[1] / ".jax_cache"
CACHE_SETTINGS = {
    "jax_compilation_cache_dir": str(CACHE),
    "jax_persistent_cache_min_compile_time_secs": 0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


_QUICK = pytest.StashKey()  # names of the quick tests, whether they are chosen or not


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden frames instead of comparing with them",
    )


def pytest_configure():
    """Keeps compiled programs for the next run, unless the caller has chosen a folder.

    Their names say what they were compiled from, by which version and with which
    options, so that a change of any of these compiles anew.
    """
    if jax.config.jax_compilation_cache_dir is None:
        for name, value in CACHE_SETTINGS.items():
            jax.config.update(name, value)
            os.environ[name.upper()] = str(value)  # for the processes of some tests
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # for them, too
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a job of the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(200_000, 20, 100)  # tracing makes objects by the million
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of PyTorch; the cores have workers
    # Workers, JAX and PyTorch share a GPU.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


@pytest.hookimpl(tryfirst=True)  # before tests are left out
def pytest_collection_modifyitems(config, items):
    """Leaves harder levels to slow tests, where an easy one shows the same.

    Medium ones, whose sizes lie between those of the others, all but their constants,
    to long tests; hard ones all but their constants, what only they tell, and recorded
    transitions.
    The conformity of NoisyCartPole, which is CartPole with noise, is slow, too.
    `--update-golden` draws all levels.
    """
    level = "(Medium|Hard)"
    kept = "constants|the_paddle_meets|a_fall_without_room"
    slow = [
        rf"^tests/games/.*::(?!test_({kept})).*{level}",
        rf"^tests/conformity/test_(environments|drawings)\.py::.*({level}|NoisyCartPole)",
        r"^tests/conformity/test_recorded_transitions\.py::.*Medium",
        rf"^tests/arcade_gym/test_env\.py::.*{level}-v0",
    ]
    if not config.getoption("--update-golden"):
        slow.append(rf"^tests/rendering/test_golden_frames\.py::.*{level}")
    names = {item.nodeid for item in items}
    for item in items:
        if re.search(level, item.nodeid):
            item.own_markers = [m for m in item.own_markers if m.name != "quick"]
        is_shown = re.sub(level, "Easy", item.nodeid) in names
        if is_shown and re.search("|".join(slow), item.nodeid):
            is_between = "Medium" in item.nodeid
            item.add_marker(pytest.mark.long if is_between else pytest.mark.slow)
    config.stash[_QUICK] = [i.nodeid for i in items if i.get_closest_marker("quick")]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tells a worker what only its parent knows."""
    node.workerinput["is_whole"] = _is_whole(node.config)


def _is_whole(config):
    """Whether all tests are collected, because no path was given."""
    told = getattr(config, "workerinput", {})
    return told.get(
        "is_whole", config.args_source is pytest.Config.ArgsSource.TESTPATHS
    )


@pytest.fixture
def quick_tests(request):
    """Names of all quick tests."""
    if not _is_whole(request.config):
        pytest.skip("needs the collection of the whole suite: pytest, without a path")
    return request.config.stash[_QUICK]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  # optional

    class Scheduling(LoadScopeScheduling):
        """Gives tests that share compiled programs to one worker."""

        def _split_scope(self, nodeid):
            return shared_by(nodeid)

    return Scheduling(config, log)


def shared_by(nodeid):
    """What tests share programs with: the rules of a game, a level, a game, a folder.

    Learners come in two folders.

    >>> shared_by("tests/games/test_tetris_views.py::test_pieces[TetrisEasy]")
    'tests/games/test_tetris'
    >>> shared_by("tests/conformity/test_drawings.py::test_sizes[84-TetrisEasy-full]")
    'TetrisEasy'
    """
    path, _, name = nodeid.partition("::")
    if path.startswith("tests/games/"):
        return re.match(r"tests/games/test_[a-z]+", path)[0]
    if path.startswith("tests/conformity/"):
        level = re.search(r"[A-Z][A-Za-z]+(Easy|Medium|Hard)", name)
        return level[0] if level else path
    if learners := re.match(r"tests/arcade_gym/(baselines|sb3)(?=/)", path):
        return learners[0]
    if re.match(r"tests/arcade_gym/\w+\.py", path):  # not the folders in it
        game = re.search(rf"\[({'|'.join(registry.games)})(Easy|Medium|Hard)?\b", name)
        return game[0] if game else "tests/arcade_gym"
    return path


@pytest.fixture(autouse=True, scope="session")
def _strict_arrays():
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(autouse=True, scope="session")
def _without_optimizations():
    compiling.optimize(is_on=False)
    os.environ.setdefault("XLA_FLAGS", compiling.process_flags())  # of other processes


@pytest.fixture(autouse=True, scope="module")
def _kept_programs():
    """Garbage collections then leave out what is kept for later, which is gigabytes.

    Gymnasium's RecordVideo collects after every episode, pytest at the end.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def as_shipped():
    """Compiles as outside the tests."""
    compiling.optimize(is_on=True)
    yield
    compiling.optimize(is_on=False)


@pytest.fixture(scope="module")
def shipped_kernels(as_shipped):
    """The environments of `arcade_gym` as outside the tests."""
    compiling.forget_kernels()
    yield
    compiling.forget_kernels()


@pytest.fixture
def unchecked_annotations():
    """Wrong types then reach our own checks, as they do outside the tests."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def lenient_arrays():
    """For code of others that relies on JAX's default promotion."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield
