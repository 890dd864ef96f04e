"""Starts the published package's PQN and times it, whatever it does."""

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any

COMPILE_LIMIT = 600  # seconds until it must have begun to train


def measure(
    python: str, env_id: str, obs_size: int, share: int, seconds: int
) -> dict[str, Any]:
    """Trains for one update, or as long as is allowed.

    Args:
        python: the interpreter that has the package.
        env_id: a level.
        obs_size: pixels of a side of the frames.
        share: into how many parts its rollout is cut, of which one is measured.
        seconds: that it may train, once it is compiled.

    Returns:
        `steps_per_second` of the update; or `less_than` where it had not ended in time;
        or `error`, "n/a: ...", where it did not start. Beside them its settings.
    """
    script = Path(__file__).with_name("peer_training.py")
    command = [python, str(script), env_id, str(obs_size), str(share)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=err,
            # Or notes of JAX would stand behind the reason of a failure.
            env=os.environ | {"JAX_TRACEBACK_FILTERING": "off"},
            start_new_session=True,  # so that its children can be ended with it
        )
        trained = _wait(process, out, seconds)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return _result(_read(out), trained, _last_line(err), process.returncode)


def _wait(process: subprocess.Popen[bytes], out: IO[bytes], seconds: int) -> float:
    """Waits for the end or the limit; gives the seconds since it was compiled."""
    start, compiled = time.perf_counter(), None
    while process.poll() is None:
        now = time.perf_counter()
        if compiled is None and "compile" in _read(out):
            compiled = now
        begun, limit = (
            (start, COMPILE_LIMIT) if compiled is None else (compiled, seconds)
        )
        if now - begun > limit:
            break
        time.sleep(0.2)
    return 0.0 if compiled is None else time.perf_counter() - compiled


def _result(
    said: dict[str, Any], trained: float, last_line: str, code: int | None
) -> dict[str, Any]:
    """What came of it."""
    if "seconds" in said:
        rate = said["steps"] / said["seconds"]
        rates = {"median": rate, "least": rate, "largest": rate}
        return said | {"steps_per_second": rates, "error": None}
    if "compile" in said and code == -signal.SIGKILL:
        return said | {"less_than": said["steps"] / trained, "error": None}
    if code == -signal.SIGKILL:
        return {"error": f"n/a: not compiled after {COMPILE_LIMIT} s"}
    return said | {"error": f"n/a: {last_line or f'exit status {code}'}"}


def _read(out: IO[bytes]) -> dict[str, Any]:
    """The lines of JSON among those that the package has printed so far, joined."""
    said: dict[str, Any] = {}
    for line in _all(out).splitlines():
        if line.startswith("{") and line.endswith("}"):
            said |= json.loads(line)
    return said


def _last_line(err: IO[bytes]) -> str:
    return (_all(err).strip().splitlines() or [""])[-1]


def _all(file: IO[bytes]) -> str:
    # The process writes at the position of the same file, which must not be moved.
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")
