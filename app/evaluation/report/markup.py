"""The pieces that every section of the page is made of. What they are given as text is escaped,
what they are given as cells is markup already.
"""

from collections.abc import Iterable, Sequence
from html import escape

from app.evaluation.operating import Larger, ThresholdResult
from app.evaluation.rates import Rate
from app.evaluation.report.words import between, percent, tally


def interval(rate: Rate) -> str:
    """The 95 % interval of a rate, in words."""
    return f"95\N{NO-BREAK SPACE}% interval {between(rate.low, rate.high)}"


def counted(rate: Rate) -> str:
    """Out of how many, and the interval."""
    return f"{tally(rate)}; {interval(rate)}"


def rate_cell(rate: Rate | None) -> str:
    """A rate as a cell: the rate, its counts, its interval."""
    if rate is None:
        return "none"
    smaller = (tally(rate), between(rate.low, rate.high))
    return percent(rate.rate) + "".join(f"<small>{text}</small>" for text in smaller)


def extrapolated(of: ThresholdResult | Larger) -> str:
    """A badge where a calibration speaks beyond its data."""
    return " " + badge("warn", "extrapolated") if of.extrapolated else ""


def badge(kind: str, text: str) -> str:
    """A word in the colour of its ``kind``: a verdict, or ``warn``."""
    return f'<span class="badge {kind}">{escape(text)}</span>'


def note(kind: str, text: str) -> str:
    """A paragraph that is not to be missed, in the colour of its ``kind``."""
    return f'<div class="note {kind}"><p>{escape(text)}</p></div>'


def more(total: int, told: int) -> str:
    """How many are not told, if any."""
    return (
        f'<p class="soft small">and {total - told:,} more, in report.json</p>'
        if total > told
        else ""
    )


def table(head: Sequence[str], rows: Iterable[str]) -> str:
    """A table that scrolls by itself where the screen is narrow."""
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    inside = f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table>{inside}</table></div>'


def row(cells: Sequence[str], *, main: bool = False, names: Sequence[int] = ()) -> str:
    """A row; the ``main`` one stands out, and the cells ``names`` may be broken."""
    inside = "".join(
        f'<td class="name">{cell}</td>' if i in names else f"<td>{cell}</td>"
        for i, cell in enumerate(cells)
    )
    return f'<tr class="main">{inside}</tr>' if main else f"<tr>{inside}</tr>"
