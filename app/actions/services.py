"""The services that the routes of actions use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.actions.service import ActionService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class ActionServices(WebServices):
    """The service for actions of doors."""

    actions: ActionService


Provided = Annotated[ActionServices, Depends(provided)]
