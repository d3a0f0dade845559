"""Pages that operators open now and then: people who look alike, strangers who come again, cameras
that see worse than before, the model.
"""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from app.auth.principal import Scope
from app.console.guard import MayRead, may
from app.console.refusals import PageRoute
from app.console.services import WHOLE, Provided
from app.console.visits import Visit
from app.console.words import HEALTH, REPLICA_STATES, said
from app.doors.drift import NOW_DAYS, PAST_DAYS
from app.gallery.fields import CollectionPath
from app.recognition.schemas.clusters import ClusterOptions
from app.recognition.views import clusters
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console", PageRoute)
MayKnowModel = Annotated[Visit, Depends(may(Scope.READ, Scope.ENROLL, Scope.IDENTIFY))]


@router.get("/model")
def show_model(visit: MayKnowModel, services: Provided) -> Response:
    """The model bundle that runs."""
    return visit.page("model.html", models=services.models.list().items)


@router.get("/c/{collection_id}/watch")
def show_watch(
    collection_id: CollectionPath, visit: MayRead, services: Provided, paging: Paged
) -> Response:
    """People who are more alike than strangers are, and faces that are unlike their person."""
    return visit.page(
        "watch.html",
        pairs=services.lookalikes.report(collection_id, paging),
        dismissed=services.lookalikes.report(collection_id, WHOLE, dismissed=True).items,
        odd=services.odd_faces.report(collection_id, paging),
        replica=services.replicas.statuses().get(collection_id),
        age=services.replicas.poll_age(),
        states=said(visit.language, REPLICA_STATES),
    )


@router.get("/c/{collection_id}/watch/unknown")
def show_unknown(collection_id: CollectionPath, visit: MayRead, services: Provided) -> Response:
    """A part of a page: the faces for which nobody was named, as far as the collection keeps them,
    in groups of one person each. It is loaded after the page, because it takes time.
    """
    options = ClusterOptions(stored_probes=True)
    report = clusters(services.clusters.group(collection_id, [], options))
    template = "unknown_part.html" if visit.is_fragment else "unknown.html"
    return visit.page(template, report=report)


@router.get("/c/{collection_id}/watch/drift")
def show_drift(collection_id: CollectionPath, visit: MayRead, services: Provided) -> Response:
    """A part of a page: how the camera of each door sees now, compared with its own past. It is
    loaded after the page, because it takes time.
    """
    doors = services.doors.list(collection_id, WHOLE).items
    return visit.page(
        "drift_part.html" if visit.is_fragment else "drift.html",
        doors=doors,
        drifts=services.door_questions.drift(collection_id, [each.id for each in doors]),
        health=said(visit.language, HEALTH),
        days=NOW_DAYS,
        past=PAST_DAYS // 7,
    )
