"""The services that the routes of actions use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.actions.sender import ActionSender
from app.actions.service import ActionService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class ActionServices(WebServices):
    """The services for actions of doors; ``sender`` starts and stops with the process."""

    actions: ActionService
    sender: ActionSender


Provided = Annotated[ActionServices, Depends(provided)]
