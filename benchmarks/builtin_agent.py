"""Puts a run that has ended into the package, as an agent that comes along.

    arcade-gym train ppo CartPoleHard -p --memory gru --budget tiny --out runs/a
    python benchmarks/builtin_agent.py runs/a cartpole-hard-gru

Keeps its best network, its configuration with the command, the curve of its training
and its evaluations; the last ones, on 256 new episodes of each view, are made anew.
"""

import argparse
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arcade_gym.baselines import builtin, levels, load_agent
from arcade_gym.baselines.agent import Agent
from arcade_gym.baselines.runs import judging
from arcade_gym.baselines.runs.run_directory import FORMAT, RunDirectory

DIGITS = 4  # of returns
CURVE = ("kind", "steps", "seconds", "episodes", "return_mean", "length_mean")


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the folder of the agent."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("name", help="of the agent, such as cartpole-hard-gru")
    parser.add_argument("--out", type=Path, help="instead of the package's folder")
    options = parser.parse_args(arguments)
    here = Path(builtin.__file__).with_name("builtin_agents")
    pack(options.run, options.name, (options.out or here) / options.name)


def pack(run: Path, name: str, folder: Path) -> None:
    """Copies what is needed of a run."""
    source, packed = RunDirectory(run), RunDirectory(folder)
    agent = load_agent(run)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.best, packed.best)
    _, about = source.read()
    about["command"] = command(about["command"], agent.config.seed, name)
    content = {"format": FORMAT, **agent.config.to_json(), "out": None, **about}
    packed.config_file.write_text(json.dumps(content, indent=2) + "\n")
    done = json.loads(source.done.read_text())
    write_lines(packed.metrics, [shortened(line) for line in lines_of(source.metrics)])
    training = [line for line in lines_of(source.evaluations) if is_training(line)]
    tests = judged(agent, done["best_steps"], done["seconds"])
    write_lines(packed.evaluations, [rounded(line) for line in training + tests])


def command(text: str, seed: int, name: str) -> str:
    """The line that makes this run alone, in a folder of the reader's."""
    text = re.sub(r" --seeds \d+", f" --seed {seed}", text)
    return re.sub(r" --out \S+", f" --out runs/{name}", text)


def judged(agent: Agent, steps: int, seconds: float) -> list[dict[str, Any]]:
    """Judgements of the network as the present code makes them."""
    config = agent.config
    level = levels.find(config.env_id)
    found = []
    for view, policy in judging.ways(config):
        judgement = judging.report(agent.network, config, view, policy)
        line = judging.record(judgement, level, steps=steps, seconds=seconds)
        found.append(line | {"network": judging.BEST})
    return found


def is_training(line: dict[str, Any]) -> bool:
    """Whether an evaluation took place while training went on."""
    return line["kind"] == "training"


def shortened(line: dict[str, Any]) -> dict[str, Any]:
    """The curve alone, of all that a run logs."""
    return {key: line[key] for key in CURVE if key in line}


def rounded(line: dict[str, Any]) -> dict[str, Any]:
    """An evaluation in fewer digits, without lengths."""
    returns = [round(value, DIGITS) for value in line["returns"]]
    kept = {key: value for key, value in line.items() if key != "lengths"}
    return kept | {"returns": returns}


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Objects of a log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """One object a line."""
    text = (json.dumps(line, separators=(",", ":")) for line in lines)
    path.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
