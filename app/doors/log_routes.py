"""Past decisions of doors: ``GET /v1/doors/{door_id}/decisions``, and the same of a collection."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from app.auth.guard import MayRead
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.doors.log import LoggedDecision, as_csv
from app.doors.services import Provided
from app.reasons import DoorReason
from app.trail.door_repository import WantedDecisions
from app.web.fields import Instant
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room

router = room("doors", "/v1")
_CSV: Final = "text/csv; charset=utf-8"
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **documented(404, 409),
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
}
DoorId = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the door.")]


def _wanted(
    start: Annotated[
        Instant | None, Query(alias="from", description="Only what was decided then or later.")
    ] = None,
    end: Annotated[
        Instant | None, Query(alias="to", description="Only what was decided before.")
    ] = None,
    person: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="Only decisions that name this person.")
    ] = None,
    reason: Annotated[
        DoorReason | None, Query(description="Only decisions for this reason.")
    ] = None,
) -> WantedDecisions:
    return WantedDecisions(0, "", start, end, person, None if reason is None else reason.value)


Wanted = Annotated[WantedDecisions, Depends(_wanted)]
Format = Annotated[
    Literal["json", "csv"] | None,
    Query(description="`csv`: all of it as a file, without pages; else the `Accept` header says."),
]


@router.get("/doors/{door_id}/decisions", response_model=Page[LoggedDecision], responses=_RESPONSES)
def list_decisions(
    caller: MayRead,
    services: Provided,
    request: Request,
    door_id: DoorId,
    wanted: Wanted,
    paging: Paged,
    format: Format = None,  # noqa: A002 - the name of the parameter
) -> Page[LoggedDecision] | Response:
    """The decisions of a door, the oldest first; one that went on within a visit once."""
    door = services.door_decisions.find(caller, door_id)
    wanted = replace(wanted, collection_key=door.collection_key, door=door.id)
    if _is_csv(request, format):
        return _file(services.door_log.all(wanted), door.id)
    return services.door_log.list(wanted, paging)


@router.get(
    "/collections/{collection_id}/doors/{door_id}/decisions",
    response_model=Page[LoggedDecision],
    responses=_RESPONSES,
)
def list_decisions_of_collection(
    _caller: MayRead,
    services: Provided,
    request: Request,
    collection_id: Annotated[str, Path(pattern=ID_PATTERN, description="Id of the collection.")],
    door_id: DoorId,
    wanted: Wanted,
    paging: Paged,
    format: Format = None,  # noqa: A002 - the name of the parameter
) -> Page[LoggedDecision] | Response:
    """The same for a door of this collection, and for one that was deleted too."""
    key = services.door_log.collection_key(collection_id)
    wanted = replace(wanted, collection_key=key, door=door_id)
    if _is_csv(request, format):
        return _file(services.door_log.all(wanted), door_id)
    return services.door_log.list(wanted, paging)


def _is_csv(request: Request, asked: str | None) -> bool:
    if asked is not None:
        return asked == "csv"
    return request.headers.get("accept", "").split(";")[0].strip() == "text/csv"


def _file(found: Iterator[LoggedDecision], door_id: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{door_id}.csv"'}
    return StreamingResponse(as_csv(found), media_type=_CSV, headers=headers)
