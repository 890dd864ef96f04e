"""The verbs of training: one line trains, resumes and judges; mistakes are named."""

import json
import re
import sys
from dataclasses import fields

import jax
import numpy as np
import pytest
from PIL import Image

from arcade_gym.baselines import Agent, evaluation, load_agent, training
from arcade_gym.baselines.config import ALGORITHMS, RunConfig
from arcade_gym.baselines.learners.ppo import PPO
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.commands import compilation_cache, running
from arcade_gym.commands.main import main
from jax_core import registry
from tests.arcade_gym.baselines import runs


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, lenient_arrays):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)


@pytest.fixture
def parsed(monkeypatch):
    """The configurations that the command would train."""
    seen = []

    def note(verb, configs, *, resume):
        seen.extend((config, resume) for config in configs)
        return 0

    for module in ("train", "resume"):
        monkeypatch.setattr(f"arcade_gym.commands.{module}.run", note)
    return seen


def config_of(parsed, *arguments):
    assert main(["train", *arguments]) == 0
    return parsed[-1][0]


@pytest.mark.quick
def test_without_options_the_default_network_is_trained(parsed):
    config = config_of(parsed, "ppo", "CartPoleEasy")
    assert config == RunConfig(env_id="CartPoleEasy").resolved()


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        ("-p", "partial_obs", True),
        ("--partial-obs", "partial_obs", True),
        ("-o 64", "obs_size", 64),
        ("--obs-size 64", "obs_size", 64),
        ("--memory GRU", "memory", "gru"),
        ("--encoder conv", "encoder", "conv"),
        ("--width 32", "width", 32),
        ("--layers 2", "layers", 2),
        ("--total-steps 1e5", "total_steps", 100_000),
        ("--total-steps 2_000", "total_steps", 2000),
        ("--seed 7", "seed", 7),
        ("--overwrite", "overwrite", True),
        ("--devices 2", "devices", 2),
        ("--eval-every 1e4", "eval_every", 10_000),
        ("--eval-episodes 8", "eval_episodes", 8),
        ("--test-episodes 9", "test_episodes", 9),
        ("--chunk-steps 1e3", "chunk_steps", 1000),
        ("--checkpoint-minutes 0.5", "checkpoint_minutes", 0.5),
        ("--target-return 0.9", "target_return", 0.9),
        ("--tensorboard", "tensorboard", True),
        ("--wandb", "wandb", True),
    ],
)
def test_every_option_reaches_the_run(parsed, flags, field, value):
    config = config_of(parsed, "ppo", "CartPoleEasy", *flags.split())
    assert getattr(config, field) == value


@pytest.mark.parametrize(
    ("algorithm", "flags", "field", "value"),
    [
        ("ppo", "--learning-rate 3e-4", "learning_rate", 3e-4),
        ("ppo", "--num-envs 1e2 --num-minibatches 4", "num_envs", 100),
        ("ppo", "--gamma 0.9", "gamma", 0.9),
        ("ppo", "--clip-coef 0.1", "clip_coef", 0.1),
        ("pqn", "--q-lambda 0.5", "q_lambda", 0.5),
        ("pqn", "--final-epsilon 0.01", "final_epsilon", 0.01),
        ("dqn", "--replay-rows 102400", "replay_rows", 102_400),
        ("dqn", "--target-period 0 --tau 0.01", "tau", 0.01),
        ("dqn", "--replay-carry zero", "replay_carry", "zero"),
    ],
)
def test_hyper_parameters_are_flags(parsed, algorithm, flags, field, value):
    config = config_of(parsed, algorithm, "CartPoleEasy", *flags.split())
    assert config.algorithm == algorithm
    assert getattr(config.settings, field) == value


def test_flags_override_the_budget(parsed):
    flags = [
        "--budget",
        "tiny",
        "--memory",
        "gru",
        "--total-steps",
        "1e5",
        "--epochs",
        "2",
    ]
    config = config_of(parsed, "ppo", "CartPoleHard", *flags)
    assert (config.obs_size, config.memory, config.total_steps) == (64, "gru", 100_000)
    wanted = {"epochs": 2, "final_ent_coef": 0.0, "gamma": 0.995, "reward_scale": 30.0}
    assert config.settings == PPO(**wanted)


def test_seeds_are_runs_with_folders_of_their_own(parsed):
    main(["train", "pqn", "CartPoleEasy", "--seeds", "3", "--out", "x/y"])
    assert [(c.seed, str(c.out)) for c, _ in parsed] == [
        (seed, f"x/y-s{seed}") for seed in range(3)
    ]
    parsed.clear()
    main(
        [
            "train",
            "pqn",
            "CartPoleEasy",
            "--seeds",
            "2",
            "--seed",
            "5",
            "--memory",
            "none",
        ]
    )
    assert [str(config.out) for config, _ in parsed] == [
        f"runs/CartPoleEasy-full-pqn-none-s{seed}" for seed in (5, 6)
    ]


MISTAKES = [
    ("ppx CartPoleEasy", "Unknown algorithm 'ppx'. Did you mean 'ppo'?"),
    ("ppo CartPoleEsy", "Unknown environment 'CartPoleEsy'. Did you mean"),
    ("ppo CartPoleEasy --memory grou", "Unknown memory 'grou'. Did you mean 'gru'?"),
    ("ppo CartPoleEasy --encoder pach", "Unknown encoder 'pach'. Did you mean"),
    ("ppo CartPoleEasy --budget tny", "Unknown budget 'tny'. Did you mean 'tiny'?"),
    ("ppo CartPoleEasy --num-envs 7", "use num_envs=8, or num_minibatches=1"),
    ("ppo CartPoleEasy --sequence-length 7", "must divide num_steps, got 7 and 64"),
    ("ppo CartPoleEasy --obs-size 32", "obs_size must be an integer from 64 to 512"),
    ("ppo CartPoleEasy --total-steps 1.5", "total_steps must be a whole number"),
    ("ppo CartPoleEasy --seeds 0", "seeds must be at least 1, got 0"),
    ("dqn CartPoleEasy --burn-in 24", "burn_in must be shorter than sequence_length"),
    ("dqn CartPoleEasy --replay-rows 1000", "got 1000; use 2048, or a shorter window"),
    ("ppo no.such:LampEasy", "Cannot import 'no.such'"),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES)
def test_mistakes_are_named_on_one_line(parsed, capsys, line, message):
    assert main(["train", *line.split()]) == 2
    error = capsys.readouterr().err
    assert error.startswith("arcade-gym train: ")
    assert error.count("\n") == 1
    assert message in error
    assert not parsed


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("train ppo CartPoleEasy --epoch 7", "--epochs"),
        ("train ppo CartPoleEasy --memroy gru", "--memory"),
        ("train ppo CartPoleEasy --epochs many", "--epochs"),
        ("train ppo CartPoleEasy --epochs 1.5", "such as 1e5"),
        ("train ppo", "LEVEL"),
        ("evaluate x --episode 7", "--episodes"),
        ("resume x --sed 7", "--sed"),
    ],
)
def test_unknown_options_name_the_nearest(capsys, line, hint):
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_help_of_an_algorithm_explains_every_option(capsys, monkeypatch, algorithm):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        main(["train", algorithm, "--help"])
    assert stopped.value.code == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= 80
    for field in fields(ALGORITHMS[algorithm]):
        assert f"--{field.name.replace('_', '-')} " in page
    options = re.split(r"│ +-", page)[1:]
    for option in options:  # a flag, its placeholder, and then words
        words = re.sub(r"[│\n]|\(default.*?\)", " ", option, flags=re.DOTALL).split()
        assert len([word for word in words if word.islower()]) >= 2, option


@pytest.mark.parametrize("verb", ["resume", "evaluate"])
@pytest.mark.parametrize(
    ("folder", "message"), [([], "name the folder"), (["x"], "x is not the folder of")]
)
def test_folders_without_a_run_are_named(capsys, verb, folder, message):
    assert main([verb, *folder]) == 2
    assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folders of two seeds that one line has trained."""
    folder = tmp_path_factory.mktemp("trained")
    game = runs.with_own_game(folder / "mycue.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compilation_cache, "enable", lambda: None)
        line = [
            "train",
            "ppo",
            game,
            *runs.FLAGS,
            "--seeds",
            "2",
            "--out",
            str(folder / "x"),
        ]
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            assert main([*line, "--tensorboard"]) == 0
    yield [folder / "x-s0", folder / "x-s1"], line
    registry.unregister("Cue")
    del sys.modules["mycue"]


def test_one_line_trains_seeds_one_after_another(trained):
    folders, _ = trained
    for seed, folder in enumerate(folders):
        config, about = RunDirectory(folder).read()
        assert config.seed == seed
        assert config.env_id.endswith("mycue.py:CueEasy")
        assert about["command"]
        assert RunDirectory(folder).is_done
        assert list((folder / "tensorboard").iterdir())
    last = [(folder / "model.eqx").read_bytes() for folder in folders]
    assert last[0] != last[1]


def test_a_run_is_not_overwritten_unasked(trained, capsys):
    folders, line = trained
    before = (folders[0] / "config.json").read_bytes()
    assert main(line) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert (folders[0] / "config.json").read_bytes() == before


def test_finished_runs_are_only_reported(trained, capsys):
    folders, line = trained
    assert main(["resume", *map(str, folders)]) == 0
    assert main([*line, "--tensorboard", "--resume"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == out[2:]
    assert out[0].startswith(f"{folders[0]}: 128 steps in ")


@pytest.mark.slow
def test_evaluate_prints_a_table_and_keeps_every_return(trained, capsys, tmp_path):
    folders, _ = trained
    file = tmp_path / "all.json"
    arguments = ["--episodes", "4", "--json", str(file), "--network", "last"]
    assert main(["evaluate", *map(str, folders), *arguments]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in table[1:3]] == [str(f) for f in folders]
    assert table[-1] == "mean return ± standard error, 4 greedy episodes"
    content = json.loads(file.read_text())
    for folder, record, row in zip(folders, content, table[1:], strict=False):
        assert record["run"] == str(folder)
        agent = load_agent(folder, "last")
        tables = evaluation.cross_evaluate(
            agent,
            agent.config.env_id,
            64,
            seeds=evaluation.evaluation_seeds(4),
        )
        for view, wanted in tables.items():
            assert record[view]["returns"] == wanted.returns.tolist()
            assert record[view]["mean"] == wanted.mean
            assert f"{wanted.mean:.3f} ± " in row


def test_the_record_of_one_run_is_its_views(trained, tmp_path):
    folders, _ = trained
    file = tmp_path / "one.json"
    line = ["evaluate", str(folders[0]), "--episodes", "4", "--json", str(file)]
    assert main([*line, "--sample"]) == 0
    content = json.loads(file.read_text())
    assert list(content) == ["full", "partial"]
    for record in content.values():
        assert record["mean"] == pytest.approx(np.mean(record["returns"]))
        assert len(record["returns"]) == 4


def test_a_film_shows_both_views_of_the_agent(trained, tmp_path, capsys):
    folders, _ = trained
    film = tmp_path / "agent.gif"
    line = ["evaluate", str(folders[0]), "--episodes", "4", "--film", str(film)]
    assert main([*line, "--film-seed", "3"]) == 0
    assert f"Wrote {film}" in capsys.readouterr().out
    with Image.open(film) as picture:
        assert picture.n_frames >= 5  # equal frames in a row are one
        assert picture.width >= 2 * 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--film", "a.png"], "a film ends in .gif or .mp4"),
        (["--json", "no/such/folder.json"], "cannot write"),
        (["--episodes", "0"], "episodes must be at least 1, got 0"),
        (["--network", "bets"], "Unknown network 'bets'. Did you mean 'best'?"),
    ],
)
def test_mistakes_of_evaluate_are_named(trained, capsys, arguments, message):
    folders, _ = trained
    assert main(["evaluate", str(folders[0]), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_film_is_of_one_run(trained, capsys):
    folders, _ = trained
    assert main(["evaluate", *map(str, folders), "--film", "a.gif"]) == 2
    assert "a film is of one run, got 2" in capsys.readouterr().err


def test_values_of_q_networks_are_not_sampled(tmp_path, capsys, monkeypatch):
    config = RunConfig(algorithm="pqn", env_id="CartPoleEasy", out=tmp_path / "q")
    agent = Agent(None, config)
    monkeypatch.setattr("arcade_gym.commands.evaluate.load_agent", lambda *_: agent)
    assert main(["evaluate", "q", "--sample"]) == 2
    assert "q is of pqn, whose values are no probabilities" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (training.Interrupted("go on with: arcade-gym resume x"), 130),
        (FileExistsError("taken"), 2),
        (ImportError("TensorBoard needs tensorboardX"), 2),
        (OSError(28, "No space left on device"), 1),
    ],
)
def test_how_a_run_ends_is_the_exit_code(monkeypatch, capsys, error, code):
    def fail(config, *, resume):
        raise error

    monkeypatch.setattr(running, "train", fail)
    assert main(["train", "ppo", "CartPoleEasy"]) == code
    assert str(error) in capsys.readouterr().err
