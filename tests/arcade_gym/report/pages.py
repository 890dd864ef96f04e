"""A page, what was measured for it, and what its tests ask of runs of any number."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from arcade_gym.introspection import frame_effects, frame_norms, partners
from arcade_gym.report import Settings, memory, write_report, writing
from arcade_gym.report.runs import load_runs

SETTINGS = Settings(episodes=3, shown=2, max_steps=15, kind="shuffle")


class Page(HTMLParser):
    """Tags and ids of a page, and whether all that is opened is closed."""

    VOID = ("meta", "input")

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in self.VOID and tag != "!doctype":
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


class Written(NamedTuple):
    """A page."""

    text: str
    said: list  # how far it was: how many, and what they are
    memories: list  # of each run

    @property
    def data(self):
        """What the players show."""
        found = re.search(r'id="players-data">(.*?)</script>', self.text, re.DOTALL)
        return json.loads(found[1])


def written(runs, folder):
    """Writes a page into an empty folder, and nothing else."""
    said, memories = [], []

    def shown(items, total, unit):
        said.append((total, unit))
        return items

    def kept(*asked):
        memories.append(memory.look_inside(*asked))
        return memories[-1]

    out = Path(folder) / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "look_inside", kept)
        assert write_report(runs, out, SETTINGS, shown=shown) == out
    assert list(out.parent.iterdir()) == [out]
    return Written(out.read_text(), said, memories)


def check_said(written, *names):
    assert (len(names), "runs judged") in written.said
    for name in names:
        for what in ("played", "asked by exchange", "asked by gradient", "spoiled"):
            assert (3, f"episodes of {name} {what}") in written.said
        assert (2, f"episodes of {name} drawn") in written.said


def check_player(written, runs, number):
    """The second episode of a run is that of its agent, with what it looks at."""
    run, inside = load_runs(runs, "best")[number], written.memories[number]
    network, episode = run.agent.network, inside.episodes[1]
    player = written.data[number]
    found = player["episodes"][1]
    assert player["isPolicy"] is run.config.is_policy
    assert found["seed"] == SETTINGS.seed + 1 == episode.seed
    assert found["action"] == episode.action.tolist()
    assert found["ended"] == episode.ended
    assert len(found["scores"]) == len(episode) + 1
    for at, action in enumerate(found["action"]):
        assert np.argmax(found["scores"][at]) == action
    if run.config.is_policy:
        assert np.allclose(np.sum(found["scores"], 1), 1, atol=1e-3)
    sizes = frame_effects(network, episode, partners(inside.episodes, 1))
    last = len(episode) - 1
    for at in (0, last):
        shares = found["looks"]["exchange"]["share"][at]
        assert shares == per_mille(sizes.change[at, : at + 1])
        norms = frame_norms(network, episode)[at, at::-1]
        assert found["looks"]["gradient"]["share"][at] == per_mille(norms)
        flips = np.flatnonzero(sizes.flipped[at])
        assert found["looks"]["exchange"]["flips"][at] == flips.tolist()


def per_mille(sizes):
    total = sizes.sum()
    return (
        np.rint(1000 * sizes / total).astype(int).tolist()
        if total
        else [0] * len(sizes)
    )
