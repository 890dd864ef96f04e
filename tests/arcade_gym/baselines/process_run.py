"""A run in a process of its own: `python -m ...process_run '{"path": ..., ...}'`.

Options: path of the run, address of the game, algorithm and memory, devices; "kill_at"
and "stop_at" are steps after which the process sends itself a signal; "coordinator",
"rank" and "count" join processes.
"""

import json
import os
import signal
import sys

import jax

from arcade_gym.baselines import Interrupted, train
from arcade_gym.baselines.runs.session import Session
from tests.arcade_gym.baselines import runs


def main(options):
    """Prints how the run ended."""
    if "coordinator" in options:
        jax.distributed.initialize(
            options["coordinator"], options["count"], options["rank"]
        )
    config = runs.config(
        options["path"],
        options.get("algorithm", "ppo"),
        env_id=options["address"],
        memory=options.get("memory", "gru"),
        devices=options.get("devices", 1),
        checkpoint_minutes=1e-9,
    )
    if options.get("rank", 0):
        stop_without_sinks(options.pop("stop_at", None))
    sinks = [
        runs.SignalAt(options[name], number)
        for name, number in (("kill_at", signal.SIGKILL), ("stop_at", signal.SIGTERM))
        if name in options
    ]
    try:
        report = train(config, sinks=sinks, resume=options.get("resume", False))
    except Interrupted as stop:
        return {"stopped": str(stop)}
    return {"results": list(report.results), "processes": jax.process_count()}


def stop_without_sinks(steps):
    """Sends the signal from the loop itself: only the first process has sinks."""
    advance = Session.advance

    def advance_and_stop(session):
        record = advance(session)
        if session.rows == steps:
            os.kill(os.getpid(), signal.SIGTERM)
        return record

    Session.advance = advance_and_stop


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))  # noqa: T201  # what tests read
