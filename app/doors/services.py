"""The service that the route of decisions uses."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.doors.health import DoorHealthService
from app.doors.log import DoorLog
from app.doors.questions import DoorQuestions
from app.doors.service import DoorService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class DoorServices(WebServices):
    """Decisions at doors."""

    door_decisions: DoorService
    door_log: DoorLog
    door_health: DoorHealthService
    door_questions: DoorQuestions


Provided = Annotated[DoorServices, Depends(provided)]
