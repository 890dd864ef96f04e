"""A process that trains cells, so that a crash of one never ends the study.

`python -m arcade_gym.study.worker` reads cells as lines of JSON and answers each with
a line. It takes one after another, so that seeds share what was compiled. When the
process that asked dies, the end of the input ends this one too, as if it had been
killed: the cell goes on from its last checkpoint.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

from arcade_gym.baselines.config import RunConfig
from arcade_gym.study.cells import (
    FAILED,
    STOPPED,
    Outcome,
    cache_settings,
    carry_out,
    last_line,
)
from arcade_gym.study.folder import StudyFolder


class Worker:
    """Trains cells in another process, which is started when it is needed."""

    def __init__(self, folder: StudyFolder) -> None:
        """Starts nothing yet.

        Args:
            folder: of the study.
        """
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._is_stopping = False

    def __call__(self, config: RunConfig) -> Outcome:
        """Trains one cell and waits for it; leaves one that failed elsewhere."""
        if self._is_stopping:
            return Outcome(STOPPED, "not begun")
        reason = self._folder.failed(config)
        if reason is not None:
            return Outcome(FAILED, reason)
        process = self._process = self._process or self._start()
        log = self._folder.log(config)
        outcome = _ask(process, {"config": config.to_json(), "log": str(log)})
        if outcome is None:
            outcome = self._lost(process.wait(), log)
        if outcome.status == FAILED:
            self.close()  # a process in which something failed may fail again
        return outcome

    def interrupt(self) -> None:
        """Asks the process to save its cell and to stop; the second time, to stop."""
        self._is_stopping = True
        if self._process is not None and self._process.poll() is None:
            # Windows has no signal of this kind; there the cell is simply left.
            is_posix = os.name == "posix"
            self._process.send_signal(signal.SIGINT if is_posix else signal.SIGTERM)

    def close(self) -> None:
        """Ends the process, which has nothing to do."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin
            assert process.stdout
            process.stdin.close()
            process.wait()
            process.stdout.close()

    def _start(self) -> subprocess.Popen[str]:
        settings = cache_settings().items()
        cache = {k.upper(): str(v) for k, v in settings if v is not None}
        return subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | cache,
            start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on
        )

    def _lost(self, code: int, log: Path) -> Outcome:
        """The process ended without an answer."""
        self.close()
        if self._is_stopping:
            return Outcome(STOPPED, "stopped at once; goes on from its checkpoint")
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Outcome(FAILED, f"its process ended ({cause}): {last_line(log)}")


def _ask(process: "subprocess.Popen[str]", task: dict[str, object]) -> Outcome | None:
    """Sends a task and waits for the answer; None if the process dies over it."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    answer = process.stdout.readline()
    return Outcome(**json.loads(answer)) if answer.endswith("\n") else None


def main() -> None:
    """Serves until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever is printed is no answer
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    while True:
        task = json.loads(tasks.get())
        outcome = carry_out(RunConfig.from_json(task["config"]), Path(task["log"]))
        answers.write(json.dumps(outcome._asdict()) + "\n")


def _listen(tasks: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)  # nobody waits for an answer any more


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # while it waits, or asked a second time
        os._exit(130)
