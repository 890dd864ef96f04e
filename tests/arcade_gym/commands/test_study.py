"""`arcade-gym study`: what is run, what is foretold, what is refused."""

import json
import sys

import pytest

from arcade_gym.commands import compilation_cache
from arcade_gym.commands.main import main
from arcade_gym.commands.studying import sweeping
from arcade_gym.study import estimates
from arcade_gym.study.cells import DONE, FAILED, STOPPED, Outcome
from arcade_gym.study.worker import Worker
from tests.arcade_gym.study import kit

SMOKE = ["study", "run", "--budget", "smoke", "--levels", "CartPoleEasy"]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)


@pytest.fixture
def trained(monkeypatch):
    """Cells that the command would train; they end as `trained.status` says."""

    class Untrained(Worker):
        status = DONE
        configs = []  # noqa: RUF012  # of one test

        def __call__(self, config):
            Untrained.configs.append(config)
            if Untrained.status == DONE:
                kit.write_run(config, 0.5 + 0.1 * config.seed, 0.25)
            return Outcome(Untrained.status, "told so")

    monkeypatch.setattr(sweeping, "Worker", Untrained)
    return Untrained


def names(configs):
    return [str(config.folder) for config in configs]


@pytest.mark.quick
def test_a_study_is_run_and_reported(trained, capsys, tmp_path):
    assert main([*SMOKE, "--memory", "none", "gru", "--seeds", "2"]) == 0
    assert len(trained.configs) == 8
    assert names(trained.configs)[0] == "results/CartPoleEasy-full-pqn-none-s0"
    out = capsys.readouterr().out
    assert "all done; the table: arcade-gym study report results" in out
    line = ["study", "report", "results", "--format", "csv", "latex"]
    assert main(line) == 0
    out = capsys.readouterr().out
    assert "| CartPoleEasy | pqn | gru | 0.550 [" in out
    assert "GRU (read from a figure)" in out
    assert (tmp_path / "results" / "report" / "levels.csv").exists()


def test_the_same_line_goes_on(trained, capsys):
    trained.status = STOPPED
    line = [*SMOKE, "--memory", "none", "--seeds", "2"]
    assert main(line) == 130
    assert "stopped; the same line goes on" in capsys.readouterr().out
    assert len(trained.configs) == 1
    trained.status = DONE
    assert main(line) == 0
    assert len(trained.configs) == 1 + 4


def test_failures_are_listed_and_retried_when_asked(trained, capsys):
    line = [*SMOKE, "--memory", "none", "--seeds", "1", "--views", "full"]
    trained.status = FAILED
    assert main(line) == 1
    out = capsys.readouterr().out
    name = "CartPoleEasy-full-pqn-none-s0"
    assert f"failed: {name}: told so (results/logs/{name}.log)" in out
    assert main(line) == 1
    assert len(trained.configs) == 1
    trained.status = DONE
    assert main([*line, "--retry-failed"]) == 0
    assert len(trained.configs) == 2


def test_a_dry_run_says_what_failed(trained, capsys):
    line = [*SMOKE, "--memory", "none", "--seeds", "1", "--views", "full"]
    trained.status = FAILED
    main(line)
    capsys.readouterr()
    assert main([*line, "--dry-run", "--measure-seconds", "0"]) == 0
    out = capsys.readouterr().out
    assert "-s0: 4,096 steps, failed earlier: told so\n" in out


def test_a_folder_that_cannot_be_made_is_refused(trained, capsys, tmp_path):
    (tmp_path / "results").touch()
    assert main([*SMOKE, "--memory", "none"]) == 1
    assert "cannot make the folder results/logs: " in capsys.readouterr().err
    assert not trained.configs
    kit.write_study(tmp_path / "x", lambda _: (0.5, 0.5), memory=("none",), seeds=1)
    assert main(["study", "report", "x", "--out", "results"]) == 1
    assert "cannot make the folder results: " in capsys.readouterr().err


def test_options_reach_the_cells(trained):
    flags = "--seeds 1 --views partial --memory lru --algorithm ppo --total-steps 1e4"
    flags += " --obs-size 96 --width 48 --layers 2 --eval-episodes 4 --test-episodes 5"
    flags += " --eval-every 2e3 --chunk-steps 1e3 --checkpoint-minutes 0.5 --out there"
    assert main([*SMOKE, *flags.split()]) == 0
    (config,) = trained.configs
    assert str(config.folder) == "there/CartPoleEasy-partial-ppo-lru-s0"
    found = [config.total_steps, config.obs_size, config.width, config.layers]
    found += [config.eval_episodes, config.test_episodes, config.eval_every]
    found += [config.chunk_steps, config.checkpoint_minutes]
    assert found == [10_000, 96, 48, 2, 4, 5, 2000, 1000, 0.5]


def test_a_shard_is_a_part(trained):
    line = [*SMOKE, "--memory", "none", "gru", "--seeds", "2"]
    for number in (1, 2, 3):
        assert main([*line, "--shard", f"{number}/3"]) == 0
    assert len(set(names(trained.configs))) == len(trained.configs) == 8


@pytest.mark.quick
def test_a_dry_run_prints_cells_steps_and_hours(trained, capsys, monkeypatch):
    def measured(cells, known, *, seconds, say):
        assert seconds == 60
        speed = estimates.Speed(100.0, 10.0, "measured")
        return {estimates.kind_of(cells[0]): speed}

    monkeypatch.setattr(estimates, "measure", measured)
    assert main([*SMOKE, "--memory", "none", "--seeds", "2", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "CartPoleEasy-full-pqn-none-s0: 4,096 steps"
    assert lines[4] == "4 cells, 4 to do, 16,384 steps"
    seconds = 4 * (10 + 40.96)
    assert lines[5].startswith(f"about {seconds / 60:.0f} min, one cell after another")
    assert not trained.configs


def test_an_estimate_from_finished_cells_says_nothing_of_measurements(
    trained, capsys, tmp_path
):
    line = [*SMOKE, "--memory", "none", "--views", "full", "--dry-run"]
    kit.write_run(kit.grid(tmp_path / "results").cells()[0], 0.5, 0.5)
    assert main([*line, "--seeds", "2"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "about 41 s, one cell after another on this machine"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--budget", "smok"], "study run: Unknown budget 'smok'"),
        (["--memory", "grue"], "Did you mean 'gru'"),
        (["--shard", "4/3"], "shard must be from 1/3 to 3/3, got 4/3"),
        (["--shard", "3"], "shard must be like 3/16, got '3'"),
        (["--seeds", "0"], "seeds must be at least 1"),
        (["--gpus", "1"], "--gpus are of a cluster: add --cluster ray"),
    ],
)
def test_mistakes_are_refused(trained, capsys, flags, message):
    assert main([*SMOKE, *flags]) == 2
    assert message in capsys.readouterr().err
    assert not trained.configs


def test_a_cluster_needs_its_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*SMOKE, "--cluster", "ray"]) == 2
    assert "pip install 'arcade-gym[cluster]'" in capsys.readouterr().err


def test_parts_are_named(capsys):
    assert main(["study", "rum"]) == 2
    assert "Did you mean 'run'" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["run", "report"])
def test_parts_explain_themselves_in_80_columns(monkeypatch, capsys, part):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        main(["study", part, "--help"])
    assert stopped.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"usage: arcade-gym study {part} ")
    assert max(map(len, lines)) <= 80


def test_reports_of_nothing_and_of_mixed_versions_are_refused(capsys, tmp_path):
    assert main(["study", "report", "missing"]) == 2
    assert "missing is no folder" in capsys.readouterr().err
    cells = kit.grid(tmp_path / "x", seeds=2, memory=("none",)).cells()
    kit.write_run(cells[0], 0.5, 0.5)
    kit.write_run(cells[1], 0.5, 0.5, version=1)
    assert main(["study", "report", "x"]) == 2
    assert "cannot stand in one table" in capsys.readouterr().err
    assert not (tmp_path / "x" / "report").exists()


def test_people_are_added_from_their_logs(trained, capsys, tmp_path):
    assert main([*SMOKE, "--memory", "none", "--seeds", "2"]) == 0
    episode = {"id": "CartPoleEasy", "view": "full", "return": 0.5, "end": "truncated"}
    (tmp_path / "mine.jsonl").write_text(json.dumps(episode) + "\n")
    line = ["study", "report", "results", "--format", "csv", "--human", "mine.jsonl"]
    assert main(line) == 0
    assert "| CartPoleEasy |  | human | 0.500 |" in capsys.readouterr().out
