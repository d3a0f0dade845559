"""The promise as a picture: how rarely strangers are named, and what another rate would change."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from app.console.guard import MayAdminister, MayRead
from app.console.refusals import PageRoute
from app.console.sent import checked, values_of
from app.console.services import Provided
from app.gallery.collection_schemas import CollectionPatch
from app.gallery.fields import CollectionPath
from app.pages.chart import Axis, Chart, Entry, decade_below
from app.recognition.outlook import Outlook
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/threshold", PageRoute)
_LEAST: Final = 1e-6


@router.get("")
def show_threshold(
    collection_id: CollectionPath,
    visit: MayRead,
    services: Provided,
    target: Annotated[float | None, Query(gt=0, lt=1, allow_inf_nan=False)] = None,
) -> Response:
    """The threshold now, the data behind it, and the threshold at ``target``."""
    outlook = services.thresholds.outlook(collection_id, target)
    return visit.page(
        "threshold_part.html" if visit.is_fragment else "threshold.html",
        outlook=outlook,
        threshold=services.thresholds.threshold(collection_id),
        chart=_chart(outlook, visit.language.say),
    )


@router.post("")
def change_target(
    collection_id: CollectionPath, visit: MayAdminister, services: Provided
) -> Response:
    """Give the collection another target; it holds from the next decision on."""
    texts = visit.sent.filled("target_fpir")
    patch = checked(CollectionPatch, values_of(CollectionPatch, texts))
    services.collections.update(collection_id, patch)
    return visit.go(f"/c/{collection_id}/threshold")


def _chart(outlook: Outlook, say: Callable[[str], str]) -> Chart:
    """FPIR against the similarity: a line where data support it, dashed where it is
    extrapolated.
    """
    least = min(decade_below(max(min(outlook.asked.target, outlook.now.target), _LEAST)) / 10, 1e-3)
    least = max(least, _LEAST)
    chart = Chart(
        Axis(say("Similarity that is asked for"), 0.0, 1.0),
        Axis(say("Strangers named"), least, 1, log=True),
        label=say("How rarely strangers are named, by the similarity that is asked for"),
    )
    points = list(zip(outlook.similarities, outlook.fpirs, strict=True))
    for style, inside in (
        ("kith", [each for each in points if each[1] >= outlook.supported]),
        ("kith dashed", [each for each in points if least <= each[1] <= outlook.supported]),
    ):
        chart.line([x for x, _ in inside], [y for _, y in inside], style)
    chart.legend = [
        Entry("kith", say("Measured by the calibration, for the people here")),
        Entry("kith dashed", say("Beyond its data: an estimate")),
        Entry("measured dotted thin", say("The threshold now")),
    ]
    chart.upright(min(outlook.now.similarity, 1.0), "measured dotted thin")
    if outlook.asked.target != outlook.now.target:
        chart.upright(min(outlook.asked.similarity, 1.0), "larger dashed")
        chart.legend.append(Entry("larger dashed", say("The threshold at the other rate")))
    return chart
