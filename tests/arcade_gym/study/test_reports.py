"""Reports: every format says the same, and says where the paper's numbers are from."""

import csv
import io
import math

import pytest
from PIL import Image

from arcade_gym.study import figures, reports, results, writing
from arcade_gym.study.comparison import by_algorithm
from arcade_gym.study.published import PUBLISHED
from arcade_gym.study.statistics import Estimate
from arcade_gym.study.tables import Table
from arcade_gym.whole_files import WriteError
from tests.arcade_gym.study import kit


def returns(config):
    base = {"none": 0.3, "gru": 0.6}[config.memory] + 0.1 * config.seed
    return base, base - 0.2


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    kit.write_study(out, returns, memory=("none", "gru"), seeds=2)
    return out


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "mine.jsonl"
    episode = {"id": "CartPoleEasy", "view": "full", "return": 0.5, "end": "truncated"}
    views = (("full", 0.9), ("full", 0.7), ("partial", 0.4), ("partial", 0.2))
    episodes = [episode | {"view": view, "return": value} for view, value in views]
    kit.write_lines(path, episodes)
    return path


@pytest.fixture(scope="module")
def written(study, log):
    return reports.write(study, study / "report", logs=[log])


@pytest.mark.parametrize("name", ["levels.csv", "pqn_returns.png", "report.md"])
def test_what_cannot_be_written_is_named(study, tmp_path, name):
    (tmp_path / f"{name}.tmp").mkdir()  # where it lies until it is whole
    formats = {"levels.csv": ["csv"], "report.md": []}.get(name, ["figures"])
    with pytest.raises(WriteError, match=rf"cannot write '.*{name}': Is a directory"):
        reports.write(study, tmp_path, formats=formats)
    assert not (tmp_path / name).exists()


def test_a_folder_that_cannot_be_made_is_named(study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot make the folder .*file: File exists"):
        reports.write(study, tmp_path / "file")


def rows(table):
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def test_levels_have_all_that_is_compared(written):
    none, gru, human = rows(written.tables[0])
    assert (none["memory"], gru["memory"], human["memory"]) == ("none", "gru", "human")
    assert gru["full view"].value == pytest.approx(0.65)
    assert gru["partial view"].value == pytest.approx(0.45)
    assert gru["gap"].value == pytest.approx(0.2)
    assert gru["bias"].value == pytest.approx(0.3)
    assert none["bias"] is None
    assert gru["full to partial"].value == pytest.approx(0.45)
    assert gru["partial to full"].value == pytest.approx(0.65)
    assert gru["full, normalised"].value == pytest.approx(
        (0.65 - kit.RANDOM) / (1 - kit.RANDOM)
    )
    numbers = [gru[name] for name in ("parameters", "carry bytes", "steps/s", "runs")]
    assert numbers == [32_000, 256, 200, 4]


def test_people_have_rows_of_their_own(written):
    *_, human = rows(written.tables[0])
    assert human["full view"].value == pytest.approx(0.8)
    assert human["gap"].value == pytest.approx(0.5)
    assert human["runs"] == 4
    (aggregate,) = [row for row in rows(written.tables[1]) if row["memory"] == "human"]
    assert aggregate["gap"].value == pytest.approx(0.5 / (1 - kit.RANDOM))


def test_the_paper_stands_beside_ours_with_its_mark(written):
    table = written.tables[2]
    paper = [row for row in rows(table) if row["learner"] == "paper"]
    assert len(paper) == len(PUBLISHED)
    lru = next(row for row in paper if row["memory"].startswith("LRU"))
    assert lru["memory"] == "LRU (read from a figure)"
    found = [lru[name] for name in ("full view", "partial view", "gap", "bias")]
    assert found == pytest.approx([0.652, 0.56, 0.092, -0.011])
    assert "read from a figure to +-0.005" in table.note
    ours = next(row for row in rows(table) if row["memory"] == "gru")
    assert ours["full view"].value == pytest.approx(0.65)


def test_aggregates_have_means_and_interquartile_means(written):
    found = [
        (row["memory"], row["over levels"], row["levels"])
        for row in rows(written.tables[1])
    ]
    ours = [(memory, name, 1) for name in ("mean", "IQM") for memory in ("none", "gru")]
    assert found == [*ours, ("human", "mean", 1)]


def test_all_files_are_there(written, study):
    names = {path.name for path in written.files}
    for table in ("levels", "aggregate", "published"):
        assert {f"{table}.{e}" for e in ("csv", "md", "tex", "html")} <= names
    for figure in ("returns", "gap_bias", "curves"):
        assert {f"pqn_{figure}.png", f"pqn_{figure}.pdf"} <= names
    for path in written.files:
        assert path.stat().st_size > 0
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert min(image.size) > 200
        if path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF")
    page = (study / "report" / "report.md").read_text()
    assert "8 runs have ended; last network, greedy." in page
    assert "![pqn_returns](pqn_returns.png)" in page


def test_a_run_that_was_never_judged_in_training_has_no_curve(tmp_path):
    cells = kit.write_study(tmp_path, returns, memory=("none", "gru"), views=("full",))
    for config in cells:
        kit.write_lines(config.folder / "eval.jsonl", [])
    (comparison,) = by_algorithm(results.read(tmp_path).records)
    assert not figures.curves(comparison).axes[0].lines


def test_the_best_network_can_be_reported(study, tmp_path):
    best = reports.write(study, tmp_path, formats=["csv"], network="best")
    assert rows(best.tables[0])[1]["full view"].value == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": ["csvs"]}, "Did you mean 'csv'"),
        ({"network": "lst"}, "Did you mean 'last'"),
        ({"policy": "greedi"}, "Did you mean 'greedy'"),
        ({"policy": "sampled"}, "no judgement of the last network, sampled"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(study, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        reports.write(study, tmp_path / "r", **options)
    assert not (tmp_path / "r").exists()


def test_a_fragment_is_all_tables_as_sections(study):
    text = reports.fragment(study)
    assert text.count("<section id=") == text.count("</section>") == 3
    assert "read from a figure" in text
    assert "<script" not in text


@pytest.fixture
def small():
    rows = (
        ("a_b", 1234, Estimate(0.5, 0.25, 0.75, 3), None),
        ("<|>", 5, Estimate(-0.0001, math.nan, math.nan, 1), 0.125),
    )
    return Table("t", "T & U", ("name", "count", "return", "100%"), rows, "Note.")


def test_csv_has_full_precision_and_columns_of_intervals(small):
    header, first, second = csv.reader(io.StringIO(writing.as_csv(small)))
    assert header == ["name", "count", "return", "return low", "return high", "100%"]
    assert first == ["a_b", "1234", "0.5", "0.25", "0.75", ""]
    assert second == ["<|>", "5", "-0.0001", "", "", "0.125"]


def test_markdown_has_intervals_in_brackets(small):
    lines = writing.as_markdown(small).splitlines()
    assert lines[0] == "## T & U"
    assert lines[4] == "| a_b | 1,234 | 0.500 [0.250, 0.750] |  |"
    assert lines[5] == "| </> | 5 | 0.000 | 0.125 |"


def test_latex_is_text_with_every_special_letter_escaped(small):
    text = writing.as_latex(small)
    assert r"a\_b & 1,234 & 0.500 [0.250, 0.750] &  \\" in text
    assert r"\textless{}|\textgreater{} & 5" in text
    assert r"100\%" in text
    assert r"\caption{T \& U. Note.}" in text
    assert r"\begin{tabular}{lrrr}" in text


def test_html_escapes_what_it_is_given(small):
    text = writing.as_html(small)
    assert "<h2>T &amp; U</h2>" in text
    assert '<td class="text">&lt;|&gt;</td>' in text
    assert '<td class="number">1,234</td>' in text
