"""The services that the routes of keys and the guard use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.auth.door import DoorKeys
from app.auth.service import KeyService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class AuthServices(WebServices):
    """Everything about keys; ``door_keys`` also answer while the database does not."""

    keys: KeyService
    door_keys: DoorKeys


Provided = Annotated[AuthServices, Depends(provided)]
