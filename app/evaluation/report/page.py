"""The report as one HTML file: no script, nothing from elsewhere; it prints as it shows."""

from pathlib import Path
from typing import Final

from app.decision.words import how_often
from app.evaluation.bursts import DoorEvaluation, Rule
from app.evaluation.document import Source
from app.evaluation.measure import TEN, Evaluation
from app.evaluation.operating import Verdict, verdict
from app.evaluation.report.fairness import unlike_groups
from app.evaluation.report.figures import det_chart, similarity_chart, threshold_chart
from app.pages.renderer import Pages

_PAGES: Final = Pages(Path(__file__).with_name("templates"))
_MOST_ROWS: Final = 40
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
        verdict=verdict(evaluation.kith_threshold.fpir, evaluation.target_fpir),
        verdicts=VERDICTS,
        judged=verdict,
        times=TEN,
        most_rows=_MOST_ROWS,
        misfit=how_often(evaluation.site.ratio, evaluation.site.ratio_interval, "stated"),
        unlike=unlike_groups(evaluation),
        det=det_chart(evaluation),
        thresholds=threshold_chart(evaluation),
        similarities=similarity_chart(evaluation),
    )


def door_html(source: Source, evaluation: DoorEvaluation) -> str:
    """The report on bursts at a door as HTML text."""
    return _PAGES.render(
        "door.html", source=source, measured=evaluation, rules=RULE_NAMES, verdicts=VERDICTS
    )
