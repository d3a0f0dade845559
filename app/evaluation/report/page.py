"""The report as a page: one file, no script, nothing fetched; it prints as it shows."""

from html import escape
from pathlib import Path
from typing import Final

from app.evaluation.document import Source
from app.evaluation.measure import Evaluation
from app.evaluation.report import people, results, summary
from app.evaluation.report.method import method

_STYLE: Final = Path(__file__).with_name("style.css")


def as_html(source: Source, evaluation: Evaluation) -> str:
    """The whole report as HTML text."""
    title = escape(f"Evaluation of {source.name}")
    style = _STYLE.read_text(encoding="utf-8")
    body = "".join(
        [
            summary.header(source, evaluation),
            summary.cards(evaluation),
            *summary.findings(evaluation),
            *results.thresholds(evaluation),
            *results.operating_points(evaluation),
            *results.charts(evaluation),
            *results.groups(evaluation),
            *people.misses(evaluation),
            *people.lookalikes(evaluation),
            *people.enrolment(evaluation.enrolment),
            *method(source, evaluation),
        ]
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )
