"""The dependency that every protected route names: which scopes may call it."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from app.auth.principal import Principal, Scope
from app.auth.service import KeyService
from app.auth.services import AuthServices, Provided
from app.core.acting import ACTOR, Actor
from app.core.reach import REACH
from app.errors import Unauthenticated
from app.web.parameters import check_parameters

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer <key>`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False)


async def _presented(
    request: Request,
    _by_bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    _by_header: Annotated[str | None, Security(_header)],
) -> str | None:
    """The only key of the request. The two schemes are parameters for the OpenAPI document: they
    read only the first header of a name.
    """
    keys = set(_keys(request.headers))
    if len(keys) > 1:
        raise Unauthenticated("The request has two different keys; send one.")
    return next(iter(keys), None)


def _keys(headers: Headers) -> Iterator[str]:
    """Every key in the headers; ``Authorization`` with another scheme than Bearer holds none."""
    for value in headers.getlist("authorization"):
        scheme, _, key = value.strip(" \t").partition(" ")
        if scheme.lower() == "bearer" and key.strip(" \t"):
            yield key.strip(" \t")
    yield from filter(None, (value.strip(" \t") for value in headers.getlist("x-api-key")))


Presented = Annotated[str | None, Depends(_presented)]


Check = Callable[[Request, AuthServices, str | None], Coroutine[Any, Any, Principal]]


def allow(
    *scopes: Scope,
    everywhere: bool = False,
    in_outage: bool = False,
    any_parameters: bool = False,
) -> Check:
    """A dependency: the caller, whose key is valid and has one of ``scopes`` or admin.

    A key bound to collections reaches those alone; ``everywhere`` asks for an unbound one. With
    ``in_outage`` a key counts as it was last read while the database does not answer. With
    ``any_parameters`` those that the route does not have are ignored, as another API does.
    """

    async def check(request: Request, services: Provided, presented: Presented) -> Principal:
        keys = services.cached_keys if in_outage else services.keys
        caller = services.keys.operator_of(presented)
        if caller is None:
            caller = await run_in_threadpool(keys.known, presented)
        await admit(
            request,
            caller,
            services.keys,
            *scopes,
            everywhere=everywhere,
            any_parameters=any_parameters,
        )
        return caller

    return check


def let_in(request: Request, caller: Principal, keys: KeyService) -> None:
    """Count a request of a known caller, by whom all of it is done; an error as of
    ``KeyService.admit``. Call it in the request's own task.
    """
    # From here on every log line of this request says whose it is, also that of a refusal.
    structlog.contextvars.bind_contextvars(key_id=caller.id)
    keys.admit(caller)
    state = request.state
    ACTOR.set(Actor(caller.id, state.client, state.request_id))


async def admit(
    request: Request,
    caller: Principal,
    keys: KeyService,
    *scopes: Scope,
    everywhere: bool = False,
    any_parameters: bool = False,
) -> None:
    """Let a known caller do what the request asks, or raise the reason against it; ``scopes`` and
    the rest as for ``allow``. Call it in the request's own task: a thread's context ends with its
    work.
    """
    let_in(request, caller, keys)
    request.state.cursor_secret = caller.cursor_secret
    caller.require(frozenset(scopes))
    if everywhere:
        caller.require_everywhere()
    if (collection_id := request.path_params.get("collection_id")) is not None:
        caller.require_collection(collection_id)
    REACH.set(caller.collection_keys)
    if not any_parameters:
        await check_parameters(request)


MayAdministerEverything = Annotated[Principal, Depends(allow(Scope.ADMIN, everywhere=True))]
MayAdminister = Annotated[Principal, Depends(allow(Scope.ADMIN))]
MayEnroll = Annotated[Principal, Depends(allow(Scope.ENROLL))]
MayIdentify = Annotated[Principal, Depends(allow(Scope.IDENTIFY))]
MayDecide = Annotated[Principal, Depends(allow(Scope.IDENTIFY, in_outage=True))]
"""``MayIdentify`` for routes that also answer while the database does not."""
MayOpenDoors = Annotated[Principal, Depends(allow(Scope.DOOR))]
MayRead = Annotated[Principal, Depends(allow(Scope.READ))]
MaySeeEnrolled = Annotated[Principal, Depends(allow(Scope.READ, Scope.ENROLL))]
"""Collections, persons and faces: a client that enrols must see what is enrolled."""
MayKnowModel = Annotated[Principal, Depends(allow(Scope.READ, Scope.ENROLL, Scope.IDENTIFY))]
"""Routes whose answers say nothing about any person."""
