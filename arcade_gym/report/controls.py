"""The player of a run, as HTML that works with keys; the script fills it."""

from arcade_gym.introspection.recent import WINDOW
from arcade_gym.report.charts import COLORS, swatch
from arcade_gym.report.markup import Markup, element, joined
from arcade_gym.report.runs import Run
from jax_core.game import Move, Visibility

OVERLAYS = {"exchange": "by exchange", "gradient": "by gradient", "off": "off"}


def player_card(run: Run, seeds: list[int], scores: str) -> Markup:
    """The frame, its twin, scores, controls and what the decision looks at.

    Args:
        run: whose episodes are shown.
        seeds: of the episodes.
        scores: what the numbers of the actions are.
    """
    heading = element("h3", swatch(run.number), run.name)
    parts = (
        element("div", heading, _choice(run, seeds), class_="head"),
        element("div", _pictures(run), _scores(run, scores), class_="stage"),
        _slider(run),
        _overlays(run),
        _strip(),
        _timeline(run),
    )
    return element(
        "article", *parts, class_="card player", data_run=run.number, tabindex=-1
    )


def _choice(run: Run, seeds: list[int]) -> Markup:
    options = [
        element("option", f"seed {seed}", value=number)
        for number, seed in enumerate(seeds)
    ]
    name = f"episode-{run.number}"
    label = element("label", "Episode", for_=name)
    return element("div", label, element("select", *options, id=name), class_="choice")


def _pictures(run: Run) -> Markup:
    (other,) = {str(view) for view in Visibility} - {run.config.view}
    seen = _picture("seen", f"what it saw: the {run.config.view} view")
    return joined(seen, _picture("twin", f"the same state in the {other} view"))


def _picture(name: str, caption: str) -> Markup:
    canvas = element("canvas", class_=name, role="img", aria_label=caption)
    return element("figure", canvas, element("figcaption", caption))


def _scores(run: Run, scores: str) -> Markup:
    rows = [
        element(
            "tr",
            element("th", move.name.lower(), scope="row"),
            element("td", element("svg", element("rect", height=10), class_="bar")),
            element("td", class_="number"),
        )
        for move in Move
    ]
    caption = element("caption", scores)
    body = element("tbody", *rows)
    name = f"scores series-{run.number % COLORS}"
    return element("table", caption, body, class_=name)


def _slider(run: Run) -> Markup:
    play = element("button", "Play", type="button", class_="play", aria_pressed="false")
    label = f"Frame of {run.name}"
    slider = element(
        "input",
        type="range",
        class_="slider",
        min=0,
        max=0,
        value=0,
        aria_label=label,
    )
    where = element("p", class_="where")
    return joined(element("div", play, slider, class_="transport"), where)


def _overlays(run: Run) -> Markup:
    name = f"overlay-{run.number}"
    choices = [
        element(
            "label",
            element(
                "input",
                type="radio",
                name=name,
                value=value,
                checked=value == "exchange",
            ),
            text,
        )
        for value, text in OVERLAYS.items()
    ]
    legend = element("legend", "What this decision looks at")
    return element("fieldset", legend, *choices, class_="overlay")


def _strip() -> Markup:
    tiles = [
        element("li", element("canvas"), element("span", class_="share"))
        for _ in range(WINDOW)
    ]
    label = f"The last {WINDOW} frames, the present one at the end"
    return element("ol", *tiles, class_="strip", aria_label=label)


def _timeline(run: Run) -> Markup:
    drawing = element(
        "svg",
        class_=f"timeline series-{run.number % COLORS}",
        role="img",
        aria_label="Weight of every frame up to this decision",
    )
    return element("figure", drawing, element("figcaption", class_="told"))
