"""The cache of the commands: where it lies, and that it is never in the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_gym import compilation_cache

FORGET = "JAX_COMPILATION_CACHE_DIR"
COMPILE = (
    "from arcade_gym import compilation_cache; compilation_cache.enable(); "
    "import jax, jax_core; env, _ = jax_core.make('SkittlesEasy'); "
    "jax.jit(env.init)(jax.random.key(0)); {after}"
)


@pytest.mark.parametrize(
    ("system", "variables", "want"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/arcade-gym/jax")),
        ("linux", {}, Path("~/.cache/arcade-gym/jax")),
        ("darwin", {}, Path("~/Library/Caches/arcade-gym/jax")),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/arcade-gym/jax")),
    ],
)
def test_the_cache_lies_in_the_users_folder(monkeypatch, system, variables, want):
    monkeypatch.setattr(sys, "platform", system)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert compilation_cache.folder() == want.expanduser()


def compile_in_a_process(variables, after=""):
    """Returns what JAX and the command say besides."""
    kept = {k: v for k, v in os.environ.items() if k != FORGET}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE.format(after=after)],
        env=kept | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


@pytest.mark.parametrize("chosen", [None, pytest.param("mine", marks=pytest.mark.slow)])
def test_compiled_functions_are_kept_where_the_user_wants_them(tmp_path, chosen):
    variables = {"XDG_CACHE_HOME": str(tmp_path)}
    if chosen:
        variables[FORGET] = str(tmp_path / chosen)
    compile_in_a_process(variables)
    folder = tmp_path / (chosen or "arcade-gym/jax")
    assert any("init" in path.name for path in folder.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {
        folder.relative_to(tmp_path).parts[0]
    }


@pytest.mark.quick
def test_a_user_without_a_home_has_no_cache(monkeypatch):
    def unknown(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", unknown)
    assert compilation_cache.folder() is None
    compilation_cache.enable()


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("kind", ["impossible", "read-only"])
def test_a_folder_that_cannot_be_written_is_not_in_the_way(tmp_path, chosen, kind):
    """The second is replaced by a file after the start, as root may write anywhere."""
    (tmp_path / "file").touch()
    place = tmp_path / ("file" if kind == "impossible" else "there")
    after = ""
    if kind == "read-only":
        cache = place if chosen else place / "arcade-gym" / "jax"
        after = (
            f"import os, shutil; shutil.rmtree({str(cache)!r}); "
            f"open({str(cache)!r}, 'w').close(); jax.jit(lambda x: x + 1)(1.0)"
        )
    name = FORGET if chosen else "XDG_CACHE_HOME"
    assert compile_in_a_process({name: str(place)}, after) == ""
