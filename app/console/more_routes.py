"""Pages that an operator looks up: people who look alike, strangers who come again, the model."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import Response

from app.auth.principal import Scope
from app.console.guard import MayRead, may
from app.console.refusals import PageRoute
from app.console.services import Provided
from app.console.visits import Visit
from app.core.ids import ID_PATTERN
from app.gallery.fields import CollectionPath
from app.gallery.schemas import PersonView
from app.recognition.schemas.clusters import ClusterOptions
from app.recognition.views import clusters
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console", PageRoute)
PairPath = Annotated[str, Path(pattern=ID_PATTERN)]
MayKnowModel = Annotated[Visit, Depends(may(Scope.READ, Scope.ENROLL, Scope.IDENTIFY))]


@dataclass(frozen=True, slots=True)
class Side:
    """A person of a pair, and the ids of the groups that they are in."""

    person: PersonView
    groups: list[str]


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
        replica=services.replicas.statuses().get(collection_id),
        age=services.replicas.poll_age(),
    )


@router.get("/c/{collection_id}/watch/unknown")
def show_unknown(collection_id: CollectionPath, visit: MayRead, services: Provided) -> Response:
    """The faces that nobody was named for, as far as the collection keeps them, in groups of one
    person each; a part of the page that comes after it, for it takes its time.
    """
    options = ClusterOptions(stored_probes=True)
    report = clusters(services.clusters.group(collection_id, [], options))
    template = "unknown_part.html" if visit.is_fragment else "unknown.html"
    return visit.page(template, report=report)


@router.get("/c/{collection_id}/watch/pair/{one}/{other}")
def show_pair(
    collection_id: CollectionPath,
    one: PairPath,
    other: PairPath,
    visit: MayRead,
    services: Provided,
) -> Response:
    """Two people one next to the other, and which of the two names may go if they are one."""
    shown = [
        Side(
            services.persons.get(collection_id, each),
            [member.group_id for member in services.members.of(collection_id, each)],
        )
        for each in (one, other)
    ]
    return visit.page("pair.html", sides=[shown, shown[::-1]])
