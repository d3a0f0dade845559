"""The dependency that every protected route names: which scopes may call it."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.auth.principal import Principal, Scope
from app.auth.service import KeyService
from app.web.services import provided

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer <key>`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False)


def _principal(
    keys: Annotated[KeyService, Depends(provided(KeyService))],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    header: Annotated[str | None, Security(_header)],
) -> Principal:
    return keys.authenticate(bearer.credentials if bearer else header)


Caller = Annotated[Principal, Depends(_principal)]
Check = Callable[[Request, Principal], Coroutine[Any, Any, Principal]]


def allow(*scopes: Scope, everywhere: bool = False) -> Check:
    """A dependency: the caller, who holds one of ``scopes`` or admin.

    A key bound to collections reaches those alone; ``everywhere`` asks for an unbound one.
    """

    async def check(request: Request, caller: Caller) -> Principal:
        caller.require(frozenset(scopes))
        if everywhere:
            caller.require_everywhere()
        if (collection_id := request.path_params.get("collection_id")) is not None:
            caller.require_collection(collection_id)
        return caller

    return check


MayAdministerEverything = Annotated[Principal, Depends(allow(Scope.ADMIN, everywhere=True))]
MayAdminister = Annotated[Principal, Depends(allow(Scope.ADMIN))]
MayEnroll = Annotated[Principal, Depends(allow(Scope.ENROLL))]
MayIdentify = Annotated[Principal, Depends(allow(Scope.IDENTIFY))]
MayRead = Annotated[Principal, Depends(allow(Scope.READ, Scope.ENROLL, Scope.IDENTIFY))]
