"""The report as one HTML file: no script, nothing from elsewhere; it prints as it shows."""

from collections.abc import Callable
from html import unescape
from math import inf
from pathlib import Path
from typing import Any, Final

from app.decision.words import times
from app.evaluation.advice import advice
from app.evaluation.bursts import DoorEvaluation, Rule
from app.evaluation.document import Source
from app.evaluation.measure import Evaluation
from app.evaluation.operating import Verdict, verdict
from app.evaluation.report.fairness import unlike_groups
from app.evaluation.report.figures import det_chart, similarity_chart, threshold_chart
from app.pages.renderer import Pages

_FOLDER: Final = Path(__file__).with_name("templates")
PARTS: Final = {"report": _FOLDER / "report"}
"""The parts of a report that the console shows too."""


def _inverse(ratio: float) -> str:
    return times(1 / ratio if ratio > 0 else inf)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "times": times,
    "inverse": _inverse,
    "signed": lambda value: f"{value:+.2f}",
}
"""Filters of these parts: a factor, one that is below 1 as how many times less, a deviation."""
_PAGES: Final = Pages(_FOLDER, filters=FILTERS)
_OPTION: Final = " (--templates)"
MOST_ROWS: Final = 40
"""Rows of a table that names images; report.json has all."""
VERDICTS: Final[dict[Verdict, str]] = {
    "consistent": "consistent",
    "exceeded": "more often than stated",
    "stricter": "less often than stated",
}
RULE_NAMES: Final[dict[Rule, str]] = {
    "mean": "mean, and frames agree",
    "mean_alone": "mean alone",
    "single_frame": "each frame by itself",
    "maximum": "any frame: not Kith's",
}


def as_html(source: Source, evaluation: Evaluation) -> str:
    """The whole report as HTML text."""
    return _PAGES.render(
        "report.html",
        source=source,
        measured=evaluation,
        target=evaluation.target_fpir,
        advice=advice(evaluation),
        option=_OPTION,
        verdicts=VERDICTS,
        judged=verdict,
        most_rows=MOST_ROWS,
        file="report.json",
        people=None,
        unlike=unlike_groups(evaluation),
        det=det_chart(evaluation),
        thresholds=threshold_chart(evaluation),
        similarities=similarity_chart(evaluation),
    )


def as_lines(evaluation: Evaluation) -> list[str]:
    """The verdict, and each thing to do, as lines of plain text."""
    values = {"measured": evaluation, "advice": advice(evaluation), "option": _OPTION}
    return [unescape(line) for line in _PAGES.render("advice.txt", **values).splitlines()]


def door_html(source: Source, evaluation: DoorEvaluation) -> str:
    """The report on bursts at a door as HTML text."""
    return _PAGES.render(
        "door.html", source=source, measured=evaluation, rules=RULE_NAMES, verdicts=VERDICTS
    )
