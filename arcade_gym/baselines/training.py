"""Training: a Python loop over compiled chunks, and the files that it leaves."""

import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs import judging, processes, report, weights
from arcade_gym.baselines.runs.claiming import claimed
from arcade_gym.baselines.runs.interrupts import Interrupted, Interrupts
from arcade_gym.baselines.runs.judging import BEST, LAST, Judgement
from arcade_gym.baselines.runs.recorder import Recorder
from arcade_gym.baselines.runs.report import FINISHED, TARGET, Report
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.baselines.runs.session import Session
from arcade_gym.baselines.runs.sinks import Sink


def train(
    config: RunConfig,
    *,
    memory: Any = None,
    sinks: Sequence[Sink] = (),
    resume: bool = False,
) -> Report:
    """Trains an agent and judges it, or goes on with that.

    Ctrl-C and SIGTERM end the run with a checkpoint after its present chunk. With
    `jax.distributed` every process calls this with the same arguments, and all of them
    see the folder.

    Args:
        config: of the run; its `out` is the folder where everything is kept.
        memory: a memory of your own that takes `config.width` features.
        sinks: further places for the numbers, beside those that `config` asks for.
        resume: goes on with the run in the folder, bit for bit; begins one if none is
            there. A run that has ended is only reported.

    Returns:
        What has come of it.

    Raises:
        ValueError: something in the configuration does not fit; nothing was written.
        FileExistsError: the folder is taken.
        CheckpointError: the checkpoint in the folder cannot be used.
        Interrupted: the run was asked to stop, and is saved.
        OSError: the folder cannot be written, or the disk is full at the end.
    """
    if memory is not None:
        config = replace(config, memory=weights.own_name(memory))
    session = Session(config.resolved(), memory)
    directory = RunDirectory(session.config.folder)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        if processes.is_main():
            stack.enter_context(claimed(directory, session, resume=resume))
        is_done, goes_on = processes.main_says(
            directory.is_done, directory.checkpoint.is_file()
        )
        if is_done:
            return report.read(directory)
        header = session.restore(directory) if goes_on else session.begin()
        recorder = None
        if processes.is_main():
            recorder = Recorder(directory, session.config, header=header, sinks=sinks)
            stack.enter_context(closing(recorder))
        return _Loop(session, directory, recorder, interrupts).run()


class _Loop:
    """Runs a session to its end, or until somebody wants to stop it."""

    def __init__(
        self,
        session: Session,
        directory: RunDirectory,
        recorder: Recorder | None,
        interrupts: Interrupts,
    ) -> None:
        self._session = session
        self._directory = directory
        self._recorder = recorder  # None in all processes but the main one
        self._interrupts = interrupts
        self._saved = time.perf_counter()

    def run(self) -> Report:
        """Trains what is left, judges and reports."""
        while not self._session.is_over:
            self._train_chunk()
            if not self._session.is_over:
                self._pause()
        self._save()
        results = self._judge(self._recorder) if self._recorder else []
        # The main process alone knows whether it got to the end of that.
        if processes.main_says(results is None)[0]:
            self._stop()
        return self._report(results or [])

    def _train_chunk(self) -> None:
        session = self._session
        record = session.advance()
        if self._recorder:
            self._recorder.trained(record)
        chunks = session.rows // session.config.rows_per_chunk
        is_due = chunks % session.config.chunks_per_evaluation == 0
        if is_due or session.is_over:
            if self._recorder:
                self._evaluate(self._recorder)
            (session.reached,) = processes.main_says(session.reached)

    def _evaluate(self, recorder: Recorder) -> None:
        session = self._session
        judgement = judging.choose(session.network, session.config)
        recorder.evaluated(self._record(judgement, session.rows))
        if session.consider(judgement.table.mean):
            self._try(self._save_best)

    def _pause(self) -> None:
        """Between two chunks: stops if that is asked for, saves if it is time."""
        interval = 60 * self._session.config.checkpoint_minutes
        is_due = time.perf_counter() - self._saved >= interval
        if processes.any_says(self._interrupts.requested):
            self._save()
            self._stop()
        elif processes.main_says(is_due)[0]:
            self._try(self._save)

    def _stop(self) -> None:
        raise Interrupted(
            f"stopped after {self._session.rows:,} steps; go on with: "
            f"arcade-gym resume {shlex.quote(str(self._directory.path))}"
        )

    def _save(self) -> None:
        """Writes a checkpoint and the weights; every process must call it."""
        state = self._session.gather()
        if self._recorder:
            header = {"bytes": self._recorder.bytes()}
            self._session.save(self._directory, state, header)
            weights.save(self._directory.last, self._session.network)
            self._save_best()
        self._saved = time.perf_counter()

    def _save_best(self) -> None:
        weights.save(self._directory.best, self._session.best_network())

    def _try(self, save: Callable[[], None]) -> None:
        """Saves; where the disk is full the run goes on, and the last files stay."""
        try:
            save()
        except OSError as error:
            self._saved = time.perf_counter()
            sys.stderr.write(f"cannot save now, will try again: {error}\n")

    def _judge(self, recorder: Recorder) -> list[Judgement] | None:
        """Both networks in both views; None if the run was asked to stop."""
        session = self._session
        last: list[Judgement] = []
        best: list[Judgement] = []
        for view, policy in judging.ways(session.config):
            if self._interrupts.requested:
                return None
            judgement = judging.report(session.network, session.config, view, policy)
            last.append(replace(judgement, network=LAST))
            if session.best_rows != session.rows:
                network = session.best_network()
                judgement = judging.report(network, session.config, view, policy)
            best.append(replace(judgement, network=BEST))
            recorder.evaluated(self._record(last[-1], session.rows))
            recorder.evaluated(self._record(best[-1], session.best_rows))
        return last + best

    def _record(self, judgement: Judgement, rows: int) -> dict[str, Any]:
        session = self._session
        return judging.record(
            judgement, session.level, steps=rows, seconds=session.seconds
        )

    def _report(self, judgements: list[Judgement]) -> Report:
        """Writes done.json, from which every process reads what has come of the run."""
        session = self._session
        if self._recorder:
            assert session.best_mean is not None  # the last chunk was evaluated
            outcome = Report(
                path=self._directory.path,
                config=session.config,
                steps=session.rows,
                seconds=round(session.seconds, 3),
                stopped=TARGET if session.reached else FINISHED,
                best_mean=session.best_mean,
                best_steps=session.best_rows,
                results=tuple(judgement.summary for judgement in judgements),
            )
            report.write(outcome, self._directory)
        processes.main_says(True)  # waits for the file
        return report.read(self._directory)
