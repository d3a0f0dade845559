"""Pages that an operator looks up: the audit, people who look alike, the model."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from app.audit.service import Wanted
from app.auth.principal import INSIDE, Scope
from app.console.guard import MayAdminister, MayRead, may
from app.console.refusals import PageRoute
from app.console.services import Provided
from app.console.visits import Visit
from app.core.ids import ID_PATTERN
from app.gallery.fields import CollectionPath
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console", PageRoute)
MayKnowModel = Annotated[Visit, Depends(may(Scope.READ, Scope.ENROLL, Scope.IDENTIFY))]


@router.get("/audit")
def show_audit(
    visit: MayAdminister,
    services: Provided,
    paging: Paged,
    collection: Annotated[str, Query(pattern=f"^$|{ID_PATTERN}")] = "",
) -> Response:
    """Everything that happened, oldest first, all of it or of one collection."""
    found = services.audit.list(Wanted(collection or None), paging, visit.caller or INSIDE)
    return visit.page("audit.html", found=found, collection=collection)


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
        odd=services.odd_faces.report(collection_id, paging),
    )
