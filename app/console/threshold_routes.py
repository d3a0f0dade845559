"""The page of the threshold: how often strangers are named, and what another rate would change."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.console.charts import growth_chart, rates_chart
from app.console.guard import MayAdminister, MayRead
from app.console.refusals import PageRoute
from app.console.sent import checked, values_of
from app.console.services import Provided
from app.doors.questions import DAYS
from app.gallery.collection_schemas import CollectionPatch
from app.gallery.fields import CollectionPath
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/threshold", PageRoute)
AskedTarget = Annotated[float | None, Query(gt=0, lt=1, allow_inf_nan=False)]
"""Another FPIR, to compare with."""


@router.get("")
def show_threshold(
    collection_id: CollectionPath,
    visit: MayRead,
    services: Provided,
    target: AskedTarget = None,
) -> Response:
    """The threshold now, the data behind it, and the threshold at ``target``."""
    outlook = services.thresholds.outlook(collection_id, target)
    recount = None
    if outlook.asked.target != outlook.now.target:
        recount = services.door_questions.at_target(collection_id, outlook.asked.target)
    return visit.page(
        "threshold_part.html" if visit.is_fragment else "threshold.html",
        outlook=outlook,
        threshold=services.thresholds.threshold(collection_id),
        chart=rates_chart(outlook, visit.language.say),
        growth=growth_chart(outlook, visit.language.say),
        recount=recount,
        days=DAYS,
    )


@router.post("")
def change_target(
    collection_id: CollectionPath, visit: MayAdminister, services: Provided
) -> Response:
    """Set the target of the collection; it holds from the next decision on."""
    texts = visit.sent.filled("target_fpir")
    patch = checked(CollectionPatch, values_of(CollectionPatch, texts))
    services.collections.update(collection_id, patch)
    return visit.go(f"/c/{collection_id}/threshold")
