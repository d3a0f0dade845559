"""``/v1/collections/{c}/doors/{d}/actions``: what a grant at a door sets off."""

from typing import Annotated

from fastapi import Depends, Path, Request

from app.actions.schemas import ActionFields, ActionView, ResultView
from app.actions.services import Provided
from app.auth.guard import MayAdminister
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.gallery.fields import CollectionPath
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, Submission, described, submission

router = room("actions", "/v1/collections/{collection_id}/doors/{door_id}/actions")

DoorPath = Annotated[str, Path(alias="door_id", pattern=ID_PATTERN, description="Id of the door.")]
ActionPath = Annotated[
    str, Path(alias="action_id", pattern=ID_PATTERN, description="Id of the action, at its door.")
]


@router.get("", responses=documented(404))
def list_actions(
    collection_id: CollectionPath,
    door_id: DoorPath,
    _caller: MayAdminister,
    services: Provided,
    paging: Paged,
) -> Page[ActionView]:
    """The actions of a door, oldest first."""
    return services.actions.list(collection_id, door_id, paging)


@router.get("/{action_id}", responses=documented(404))
def get_action(
    collection_id: CollectionPath,
    door_id: DoorPath,
    action_id: ActionPath,
    _caller: MayAdminister,
    services: Provided,
) -> ActionView:
    """One action; of its secret the name alone."""
    return services.actions.get(collection_id, door_id, action_id)


@router.put(
    "/{action_id}",
    responses=documented(404, 409, 415),
    openapi_extra=described(ActionFields, NO_IMAGES),
)
def put_action(
    collection_id: CollectionPath,
    door_id: DoorPath,
    action_id: ActionPath,
    _caller: MayAdminister,
    body: Annotated[Submission[ActionFields], Depends(submission(ActionFields, NO_IMAGES))],
    services: Provided,
) -> ActionView:
    """Make an action, or replace it whole; a field left out has its default."""
    return services.actions.put(collection_id, door_id, action_id, body.fields)


@router.delete("/{action_id}", status_code=204, responses=documented(404))
def delete_action(
    collection_id: CollectionPath,
    door_id: DoorPath,
    action_id: ActionPath,
    _caller: MayAdminister,
    services: Provided,
) -> None:
    """Delete an action; no later grant sets it off."""
    services.actions.delete(collection_id, door_id, action_id)


@router.post("/{action_id}/test", responses=documented(404, 409))
def try_action(
    request: Request,
    collection_id: CollectionPath,
    door_id: DoorPath,
    action_id: ActionPath,
    _caller: MayAdminister,
    services: Provided,
) -> ResultView:
    """Send an action now for a person who does not exist: it is real, and may open the door. At a
    door that is disabled or in lock-down it is refused.
    """
    result, at = services.actions.test(collection_id, door_id, action_id)
    return ResultView(
        action_id=action_id,
        outcome=result.outcome,
        status=result.status,
        ms=round(result.seconds * 1000),
        error=result.error,
        at=at,
        request_id=request.state.request_id,
    )
