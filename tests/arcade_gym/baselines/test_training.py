"""Training: what a run leaves, how it stops, and that it goes on bit for bit."""

import json
import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import evaluation, state, training
from arcade_gym.baselines.agent import load_agent
from arcade_gym.baselines.evaluation import EVAL_SEED, TEST_SEED
from arcade_gym.baselines.learners.dqn import DQN
from arcade_gym.baselines.networks import ActorCriticRNN
from arcade_gym.baselines.runs import capacity
from arcade_gym.baselines.runs.checkpoint import CheckpointError, read_header
from arcade_gym.baselines.runs.interrupts import Interrupted
from arcade_gym.baselines.runs.session import Session
from arcade_gym.baselines.training import train
from tests.arcade_gym.baselines import runs
from tests.arcade_gym.baselines.runs import CHUNK, SignalAt, config, lines

FILES = {
    ".lock",
    "best.eqx",
    "checkpoint.eqx",
    "config.json",
    "done.json",
    "eval.jsonl",
    "metrics.jsonl",
    "model.eqx",
    "model.json",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory, own_cue):
    """A run to the end, which other runs are compared with."""
    return train(config(tmp_path_factory.mktemp("runs") / "whole"))


def test_a_run_leaves_its_files(report):
    assert {path.name for path in report.path.iterdir()} == FILES


def test_every_chunk_leaves_a_line(report):
    records = lines(report.path / "metrics.jsonl")
    assert [record["steps"] for record in records] == [CHUNK * n for n in range(1, 7)]
    for record in records:
        assert record["kind"] == "train"
        assert record["steps_per_second"] > 0
        assert record["episodes"] > 0
        assert record["return_min"] <= record["return_mean"] <= record["return_max"]
        assert np.isfinite(record["loss"])
    assert sum(record["episodes"] for record in records) > 30


def test_evaluations_are_kept_episode_by_episode(report):
    records = lines(report.path / "eval.jsonl")
    training_records = [r for r in records if r["kind"] == "training"]
    assert [r["steps"] for r in training_records] == [2 * CHUNK, 4 * CHUNK, 6 * CHUNK]
    for record in training_records:
        assert (record["view"], record["policy"]) == ("partial", "greedy")
        assert (record["network"], record["first_seed"]) == ("last", EVAL_SEED)
        assert len(record["returns"]) == 4
    tests = records[3:]
    ways = {(r["network"], r["view"], r["policy"]) for r in tests}
    assert len(tests) == len(ways) == 8  # networks x views x policies
    for record in records:
        assert record["mean"] == pytest.approx(np.mean(record["returns"]))
        assert record["lengths"] == [6] * len(record["returns"])
        assert record["versions"] == {"game": 0, "package": training_version()}
    for record in tests:
        assert (len(record["returns"]), record["first_seed"]) == (6, TEST_SEED)


def training_version():
    from jax_core.version import __version__  # noqa: PLC0415

    return __version__


def test_the_report_is_what_the_files_say(report):
    records = lines(report.path / "eval.jsonl")
    for record in records[3:]:
        way = {k: record[k] for k in ("network", "policy")}
        assert report.mean(record["view"], **way) == record["mean"]
    best = max(records[:3], key=lambda record: record["mean"])
    assert (report.best_mean, report.best_steps) == (best["mean"], best["steps"])
    assert (report.steps, report.stopped) == (6 * CHUNK, "finished")
    with pytest.raises(KeyError):
        report.mean(policy="lucky")
    done = json.loads((report.path / "done.json").read_text())
    assert done["config_hash"] == report.config.fingerprint


def test_a_finished_run_is_reported_again_without_training(report, monkeypatch):
    monkeypatch.setattr(state, "run_chunk", None)
    assert train(report.config, resume=True) == report


def test_weights_load_into_a_network_that_users_build(report):
    network = ActorCriticRNN(jax.random.key(1), "gru", 64, width=16)
    for name, chosen in (("model.eqx", "last"), ("best.eqx", "best")):
        loaded = eqx.tree_deserialise_leaves(report.path / name, network)
        agent = load_agent(report.path, chosen)
        for a, b in zip(
            jax.tree.leaves(eqx.filter(loaded, eqx.is_array)),
            jax.tree.leaves(eqx.filter(agent.network, eqx.is_array)),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)
    about = json.loads((report.path / "model.json").read_text())
    assert about["class"] == "ActorCriticRNN"
    assert (about["rnn_type"], about["width"], about["obs_size"]) == ("gru", 16, 64)
    sizes = [x.size for x in jax.tree.leaves(eqx.filter(network, eqx.is_array))]
    assert about["parameters"] == sum(sizes)
    assert about["carry_bytes"] == 4 * 16


def test_the_best_network_is_the_one_of_the_best_evaluation(report):
    agent = load_agent(report.path)
    env = Session(report.config, None).env
    seeds = evaluation.evaluation_seeds(4, EVAL_SEED)
    table = evaluation.evaluate(agent.network, env, seeds=seeds, num_envs=4)
    assert table.mean == report.best_mean


def test_the_best_network_is_that_of_the_first_highest_mean():
    session = SimpleNamespace(
        config=SimpleNamespace(target_return=0.8), best=None, best_mean=None
    )
    for rows, mean in enumerate([0.2, 0.5, 0.5, 0.3]):
        session.rows, session.network = rows, {"weight": jnp.int32(rows)}
        took = Session.consider(session, mean)
        assert took == (rows < 2)
        assert not session.reached
    assert (session.best_mean, session.best_rows) == (0.5, 1)
    assert session.best == {"weight": 1}
    assert Session.consider(session, 0.8)
    assert session.reached


def test_training_compiles_one_program_per_purpose(report, tmp_path):
    """Chunks one; evaluations one for each view and way of choosing actions."""
    with jax.log_compiles(False):
        before = cache_sizes()
        train(config(tmp_path / "again", seed=1))
        assert cache_sizes() == before


def cache_sizes():
    return (
        state._compiled("cpu")._cached._cache_size(),
        evaluation._compiled()._cached._cache_size(),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_goes_on_bit_for_bit(report, tmp_path, number):
    wanted = config(tmp_path / "x")
    with pytest.raises(Interrupted) as caught:
        train(wanted, sinks=[SignalAt(3 * CHUNK, number)])
    way_on = f"go on with: arcade-gym resume {tmp_path / 'x'}"
    assert str(caught.value) == f"stopped after {3 * CHUNK} steps; {way_on}"
    assert len(lines(tmp_path / "x" / "metrics.jsonl")) == 3
    assert not (tmp_path / "x" / "done.json").exists()
    assert load_agent(tmp_path / "x", "last").config.memory == "gru"
    again = train(wanted, resume=True)
    runs.assert_same_run(again.path, report.path)
    assert again.results == report.results
    assert again.seconds > 0


@pytest.mark.slow
def test_what_is_younger_than_the_checkpoint_is_done_again(report, tmp_path):
    """A process that dies later than its checkpoint leaves lines that come again."""
    wanted = config(tmp_path / "x")
    with pytest.raises(Interrupted):
        train(wanted, sinks=[SignalAt(2 * CHUNK)])
    for name in ("metrics.jsonl", "eval.jsonl"):
        with (tmp_path / "x" / name).open("a") as file:
            file.write('{"kind": "of the future"}\n{"half a li')
    (tmp_path / "x" / "best.eqx").write_bytes(b"of the future")
    train(wanted, resume=True)
    runs.assert_same_run(tmp_path / "x", report.path)


@pytest.mark.slow
def test_a_run_without_a_checkpoint_begins_again(report, tmp_path, monkeypatch):
    wanted = config(tmp_path / "x")

    def fail(self):
        raise RuntimeError("a crash")

    with monkeypatch.context() as broken:
        broken.setattr(training._Loop, "_pause", fail)
        with pytest.raises(RuntimeError, match="a crash"):
            train(wanted)
    assert len(lines(tmp_path / "x" / "metrics.jsonl")) == 1
    train(wanted, resume=True)
    runs.assert_same_run(tmp_path / "x", report.path)


@pytest.mark.slow
def test_a_judgement_that_was_interrupted_is_done_again(report, tmp_path):
    class SignalInJudgement(SignalAt):
        def write(self, steps, scalars):
            if "eval/test/last/full/sampled" in scalars:
                os.kill(os.getpid(), signal.SIGINT)

    wanted = config(tmp_path / "x")
    with pytest.raises(Interrupted):
        train(wanted, sinks=[SignalInJudgement(0)])
    assert len(lines(tmp_path / "x" / "eval.jsonl")) == 3 + 4
    train(wanted, resume=True)
    runs.assert_same_run(tmp_path / "x", report.path)


@pytest.mark.slow
def test_a_full_disk_loses_nothing(report, tmp_path, monkeypatch, capsys):
    """Saving fails once in the middle; the run goes on and the rest is as ever."""
    failures = []
    save = training.Session.save

    def save_or_fail(self, directory, whole, about):
        if self.rows == 2 * CHUNK:
            failures.append(self.rows)
            raise OSError(28, "No space left on device")
        save(self, directory, whole, about)

    monkeypatch.setattr(training.Session, "save", save_or_fail)
    train(config(tmp_path / "x", checkpoint_minutes=1e-9))
    assert failures == [2 * CHUNK]
    assert "will try again: [Errno 28] No space left" in capsys.readouterr().err
    runs.assert_same_run(tmp_path / "x", report.path)


@pytest.mark.slow
def test_checkpoints_are_written_while_a_run_goes_on(tmp_path):
    seen = []

    class Look:
        def write(self, steps, scalars):
            path = tmp_path / "x" / "checkpoint.eqx"
            seen.append(read_header(path)["rows"] if path.exists() else 0)

        def close(self):
            pass

    train(
        config(tmp_path / "x", checkpoint_minutes=1e-9, eval_every=1e6),
        sinks=[Look()],
    )
    assert seen[:6] == [CHUNK * n for n in range(6)]


def test_a_run_stops_at_its_target(tmp_path):
    report = train(config(tmp_path / "x", target_return=-1.0))
    assert (report.stopped, report.steps) == ("target", 2 * CHUNK)
    assert report.best_steps == 2 * CHUNK
    assert len(lines(tmp_path / "x" / "metrics.jsonl")) == 2
    assert report.mean(network="best") == report.mean(network="last")


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_is_not_replaced_unasked(report, resume):
    changed = replace(report.config, seed=5)
    kind = ValueError if resume else FileExistsError
    with pytest.raises(kind, match="seed: 5 and 0" if resume else "--overwrite"):
        train(changed, resume=resume)


def test_a_run_is_replaced_if_asked(tmp_path):
    short = config(tmp_path / "x", total_steps=CHUNK)
    train(short)
    again = train(replace(short, seed=1, overwrite=True))
    assert again.config.seed == 1
    assert len(lines(again.path / "metrics.jsonl")) == 1


def interrupted(path):
    with pytest.raises(Interrupted):
        train(config(path), sinks=[SignalAt(CHUNK)])
    return config(path)


@pytest.mark.slow
def test_unusable_checkpoints_are_refused_with_the_reason(tmp_path):
    wanted = interrupted(tmp_path / "x")
    path = tmp_path / "x" / "checkpoint.eqx"
    content = path.read_bytes()
    header, _, arrays = content.partition(b"\n")
    about = json.loads(header)

    def message(header, arrays=arrays):
        path.write_bytes(json.dumps(header).encode() + b"\n" + arrays)
        with pytest.raises(CheckpointError) as caught:
            train(wanted, resume=True)
        return str(caught.value)

    assert "is damaged" in message(about, arrays[:-100])
    newer = about["versions"] | {"game": 7}
    assert "version 7 of" in message(about | {"versions": newer})
    other = about["config"] | {"width": 32}
    assert "width: 16 and 32" in message(about | {"config": other})
    assert "is not a checkpoint" in message({"format": "of another project"})
    assert "has format 0" in message(about | {"format_version": 0})
    path.write_bytes(content)
    assert train(wanted, resume=True).stopped == "finished"


def test_two_processes_cannot_share_a_folder(tmp_path):
    class Intruder(SignalAt):
        def write(self, steps, scalars):
            with pytest.raises(FileExistsError, match="another process is at work"):
                train(config(tmp_path / "x"), resume=True)
            super().write(steps, scalars)

    with pytest.raises(Interrupted):
        train(config(tmp_path / "x"), sinks=[Intruder(CHUNK)])


@pytest.mark.usefixtures("own_cue")
def test_a_replay_for_which_there_is_no_room_is_refused_with_its_size(tmp_path):
    settings = DQN(**runs.REPLAYED | {"replay_rows": 2**28})
    wanted = config(tmp_path / "x", "dqn", settings=settings)
    with pytest.raises(
        ValueError, match=r"with a replay of 3,\d\d\d\.\d\d GiB"
    ) as error:
        train(wanted)
    assert "of memory are free; use fewer lanes" in str(error.value)
    assert "--replay-rows" in str(error.value)
    assert not (tmp_path / "x").exists()


@pytest.mark.usefixtures("own_cue")
def test_a_run_for_which_there_is_no_room_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("arcade_gym.baselines.runs.capacity.free_memory", lambda: 1000)
    with pytest.raises(ValueError, match="of memory are free; use fewer lanes"):
        train(config(tmp_path / "x"))
    assert not (tmp_path / "x").exists()


@pytest.mark.usefixtures("own_cue")
def test_a_disk_without_room_for_two_checkpoints_is_named(tmp_path, monkeypatch):
    usage = SimpleNamespace(free=2**18)
    monkeypatch.setattr(capacity.shutil, "disk_usage", lambda folder: usage)
    sizes = r"take \d\.\d\d MiB, two of them for a moment, and 0\.25 MiB are free in"
    with pytest.raises(ValueError, match=sizes):
        train(config(tmp_path / "x"))
    assert not (tmp_path / "x").exists()
