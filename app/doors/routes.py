"""``/v1/doors/{door_id}/decisions``: whether the person in some frames may pass, here, now; and
``health``: how the client of the door is.
"""

from typing import Annotated, Final

from fastapi import Depends, Path, Request

from app.auth.guard import MayOpenDoors
from app.core.ids import ID_PATTERN
from app.decision.burst import MOST_FRAMES
from app.doors import render
from app.doors.answers import Pending
from app.doors.door_repository import FoundDoor
from app.doors.health_schemas import HealthReport, HealthTaken
from app.doors.schemas import DecisionOptions, DoorDecisionView
from app.doors.services import Provided
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, ImageFields, Submission, described, submission

router = room("doors", "/v1/doors/{door_id}")
_FRAMES: Final = ImageFields(("images",), many=True, most=MOST_FRAMES)


def _door(
    caller: MayOpenDoors,
    services: Provided,
    door_id: Annotated[str, Path(pattern=ID_PATTERN, description="Id of the door.")],
) -> FoundDoor:
    """The door that the address means: an unknown one is said before a body is read."""
    return services.door_decisions.find(caller, door_id)


Door = Annotated[FoundDoor, Depends(_door)]


@router.post(
    "/decisions",
    responses=documented(404, 409, 415),
    openapi_extra=described(DecisionOptions, _FRAMES),
)
def decide_at_door(
    caller: MayOpenDoors,
    door: Door,
    body: Annotated[Submission[DecisionOptions], Depends(submission(DecisionOptions, _FRAMES))],
    services: Provided,
    request: Request,
) -> DoorDecisionView:
    """Decide whether the person in 1 to 8 frames may pass the door now.

    Open for `granted` alone: every other answer, error and silence is a denial.
    """
    answer = services.door_decisions.decide(
        door,
        [image.data for image in body.images],
        body.fields,
        caller=caller,
        request_id=request.state.request_id,
    )
    return render.pending(answer) if isinstance(answer, Pending) else render.decision(answer)


@router.post(
    "/health",
    responses=documented(404, 409, 415),
    openapi_extra=described(HealthReport, NO_IMAGES),
)
def report_health(
    door: Door,
    body: Annotated[Submission[HealthReport], Depends(submission(HealthReport, NO_IMAGES))],
    services: Provided,
) -> HealthTaken:
    """Say how the client of the door is, again and again: a door that stops saying so is `silent`.

    A change is an event, `door.health`; nothing else is recorded.
    """
    return services.door_health.report(door, body.fields)
