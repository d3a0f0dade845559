"""The sections that tell rates: thresholds, larger galleries, charts, groups."""

from collections.abc import Iterable
from html import escape

from app.evaluation.groups import GroupResult
from app.evaluation.measure import TEN, Evaluation
from app.evaluation.operating import OperatingPoint, ThresholdResult
from app.evaluation.report.figures import det_chart, similarity_chart, threshold_chart
from app.evaluation.report.markup import badge, extrapolated, rate_cell, row, table
from app.evaluation.report.words import VERDICTS, between, count, percent, similarity


def thresholds(measured: Evaluation) -> Iterable[str]:
    """Kith's threshold beside the shipped one's and these images' own."""
    target = percent(measured.target_fpir)
    yield f"<h2>The threshold for {target}</h2>"
    low, high = measured.photos_interval
    own = f"95 % interval from {low:.3f} " + (
        f"to {high:.3f}" if high is not None else "up; so few people show no upper end"
    )
    rows = [
        _threshold_row(
            "Kith, in this gallery",
            "calibration and the gallery's own evidence",
            measured.kith_threshold,
            main=True,
        ),
        _threshold_row(
            "Calibration as shipped", "without the gallery's evidence", measured.bundle_threshold
        ),
        _threshold_row("These images alone", own, measured.photos_threshold),
    ]
    head = ("Set by", "Threshold", "Stated FPIR", "Measured FPIR", "Measured FNIR")
    yield table(head, rows)
    yield from _outcomes(measured)


def _threshold_row(name: str, how: str, result: ThresholdResult, *, main: bool = False) -> str:
    stated = "none"
    if result.stated is not None:
        stated = escape(between(*result.stated)) + extrapolated(result)
    cells = (
        f"{escape(name)}<small>{escape(how)}</small>",
        escape(similarity(result.similarity)),
        stated,
        rate_cell(result.fpir),
        rate_cell(result.fnir),
    )
    return row(cells, main=main)


def _outcomes(measured: Evaluation) -> Iterable[str]:
    found = measured.kith_threshold.outcomes
    yield (
        f"<p>At Kith's threshold, of {count(measured.size.mated_probes, 'image')} of enrolled "
        f"people <b>{found.identified:,}</b> are identified, {found.unknown:,} unknown, "
        f"{found.ambiguous:,} ambiguous (two people too close to tell apart) and "
        f"{found.wrong_person:,} taken for somebody else. Of "
        f"{count(measured.size.stranger_probes, 'image')} of strangers "
        f"<b>{found.stranger_unknown:,}</b> are unknown, {found.stranger_ambiguous:,} ambiguous "
        f"and {found.stranger_named:,} named.</p>"
    )


def operating_points(measured: Evaluation) -> Iterable[str]:
    """Usual targets, here and in a gallery ten times as large."""
    n, larger = measured.size.persons, measured.size.persons * TEN
    yield "<h2>Other targets, and ten times as many people</h2>"
    head = (
        "Target FPIR",
        f"Threshold, N = {n:,}",
        "Measured FPIR",
        "Measured FNIR",
        f"Threshold, N = {larger:,}",
        "Expected FNIR",
    )
    rows = [
        _operating_row(point, main=point.target == measured.target_fpir)
        for point in measured.operating_points
    ]
    yield table(head, rows)
    yield (
        '<p class="soft small">The columns of the larger gallery are extrapolated: nothing of them '
        "was measured. “By these images” scales their own rate at that threshold by "
        f"1 &minus; (1 &minus; FPIR)<sup>{TEN}</sup>. Expected FNIR counts that a newcomer may "
        "come first.</p>"
    )


def _operating_row(point: OperatingPoint, *, main: bool) -> str:
    here, larger = point.here, point.larger
    scaled = f"by these images {between(*larger.fpir_scaled[1:])}"
    cells = (
        f"{escape(percent(point.target))}",
        escape(similarity(here.similarity)) + extrapolated(here),
        rate_cell(here.fpir) + badge(point.verdict, VERDICTS[point.verdict]),
        rate_cell(here.fnir),
        escape(similarity(larger.similarity))
        + extrapolated(larger)
        + f"<small>stated {escape(between(*larger.stated))}</small><small>{escape(scaled)}</small>",
        escape(percent(larger.fnir)),
    )
    return row(cells, main=main)


def charts(measured: Evaluation) -> Iterable[str]:
    """The three charts."""
    yield "<h2>Detection error trade-off</h2>"
    yield "<p>Every threshold is a point: further left fewer strangers are named, further down "
    yield "fewer people are missed.</p>"
    yield det_chart(measured)
    yield "<h2>Error rates against the threshold</h2>"
    yield "<p>Does what Kith states fit what these images show? The dashed line should lie within "
    yield "the shaded area of the measured FPIR.</p>"
    yield threshold_chart(measured)
    yield "<h2>Similarities</h2>"
    yield similarity_chart(measured)


def groups(measured: Evaluation) -> Iterable[str]:
    """A table for each column of groups; nothing without any."""
    if not measured.groups:
        return
    yield "<h2>By group</h2>"
    yield (
        "<p>At Kith's threshold: a group's people enrolled among all, and its people as strangers "
        "to everybody else. Where intervals overlap, these images do not show a difference.</p>"
    )
    head = ("", "People", "Images", "FTE", "FNIR", "FPIR", "Median similarity")
    for column, results in measured.groups.items():
        yield f"<h3>{escape(column)}</h3>"
        yield table(head, [_group_row(each) for each in results])
    if measured.people_without_group:
        without = len(measured.people_without_group)
        yield f'<p class="soft small">In no group: {count(without, "person", "people")}.</p>'


def _group_row(result: GroupResult) -> str:
    return row(
        (
            escape(result.group),
            f"{result.persons:,}",
            f"{result.images:,}",
            rate_cell(result.fte),
            rate_cell(result.fnir),
            rate_cell(result.fpir),
            "none" if result.median_own is None else similarity(result.median_own),
        )
    )
