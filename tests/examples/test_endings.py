"""Examples end in a line where a package is missing, and on Ctrl-C (issue 19)."""

import os
import subprocess
import sys

import pytest

from tests.examples.loading import FOLDER, load

EXTRAS = {
    "ppo_torch": ("tqdm", "examples"),
    "ppo_jax": ("optax", "examples"),
    "ppo_sb3": ("stable_baselines3", "examples,sb3"),
    "train_with_memory": ("equinox", "baselines"),
}
ENDLESS = {
    "demo": [],
    "multi_device": ["--steps", "1000000"],
    "same_state_two_views": ["BattleShipEasy", "film.gif", "--steps", "1000000"],
    "ppo_torch": ["--max-seconds", "600"],
    "ppo_jax": ["--max-seconds", "600"],
    "ppo_sb3": ["--max-seconds", "600"],
    "train_with_memory": ["--out", "run"],
}
SMALL = ["--num-envs", "4", "--total-steps", "64", "--num-steps", "8"]
SMALL += ["--eval-every", "1", "--eval-episodes", "2"]
WRITTEN = {
    "demo": (["--picture", "out"], "out"),
    "same_state_two_views": (["SkittlesEasy", "out", "--steps", "3"], "out"),
    "ppo_torch": ([*SMALL, "--num-minibatches", "2", "--save", "out"], "out"),
    "ppo_jax": ([*SMALL, "--num-minibatches", "2", "--json", "out"], "out"),
    "ppo_sb3": ([*SMALL, "--batch-size", "16", "--save", "out"], "out"),
    "train_with_memory": (["--out", "out", "--total-steps", "8192"], "out/"),
}
# Runs a script on a disk on which files find room for 1000 bytes.
FULL_DISK = """
import os, resource, runpy, sys

path, *sys.argv[1:] = sys.argv[1:]
sys.path.insert(0, os.path.dirname(path))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
runpy.run_path(path, run_name="__main__")
"""
# Runs a script and presses Ctrl-C shortly after it has begun to listen in its own way.
INTERRUPTED = """
import os, runpy, signal, sys, threading, time

def press():
    while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        time.sleep(0.05)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)

path, *sys.argv[1:] = sys.argv[1:]
sys.path.insert(0, os.path.dirname(path))
threading.Thread(target=press, daemon=True).start()
runpy.run_path(path, run_name="__main__")
"""


@pytest.mark.parametrize("name", EXTRAS)
def test_a_missing_package_names_the_extra_that_brings_it(monkeypatch, name):
    package, extra = EXTRAS[name]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit) as stopped:
        load(name)
    assert package in str(stopped.value)
    assert str(stopped.value).endswith(f": pip install 'arcade-gym[{extra}]'")


@pytest.mark.long  # a process for each
@pytest.mark.parametrize("name", ENDLESS)
def test_ctrl_c_ends_an_example_without_a_traceback(tmp_path, name):
    done = run(INTERRUPTED, name, ENDLESS[name], tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    if name == "train_with_memory":
        assert "arcade-gym resume" in done.stderr


@pytest.mark.long  # a process for each, most of which train
@pytest.mark.parametrize("name", WRITTEN)
def test_a_full_disk_ends_an_example_in_a_line_and_leaves_no_half_file(tmp_path, name):
    options, written = WRITTEN[name]
    done = run(FULL_DISK, name, options, tmp_path)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.splitlines()[-1]
    assert message.startswith(f"cannot write '{written}")
    assert message.endswith(": File too large")
    if name != "train_with_memory":  # its folder says how far it has come
        assert list(tmp_path.iterdir()) == []


def run(program, name, options, folder):
    settings = {k: v for k, v in os.environ.items() if not k.startswith("JAX_COMPIL")}
    return subprocess.run(
        [sys.executable, "-c", program, str(FOLDER / f"{name}.py"), *options],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_every_example_that_is_run_is_in_the_lists():
    scripts = {path.stem for path in FOLDER.glob("*.py")} - {"lamp"}
    assert scripts == set(ENDLESS)
    assert scripts == set(WRITTEN) | {"multi_device"}  # which writes nothing
