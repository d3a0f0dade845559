"""The services that the routes of keys and the guard use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.auth.cached_keys import CachedKeys
from app.auth.service import KeyService
from app.auth.sessions import SessionService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class AuthServices(WebServices):
    """Everything about keys; ``cached_keys`` also answer while the database does not, ``sessions``
    stand for keys in browsers.
    """

    keys: KeyService
    cached_keys: CachedKeys
    sessions: SessionService


Provided = Annotated[AuthServices, Depends(provided)]
