"""The dependency that every page names: who may see it. It finds the session in place of a key, and
then checks scopes as ``app.auth.guard`` does.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request

from app.auth.guard import admit
from app.auth.principal import Scope
from app.auth.services import Provided
from app.console import cookies, forgery, sent
from app.console.visits import Visit, visit_of

Check = Callable[..., Coroutine[Any, Any, Visit]]


def may(*scopes: Scope, everywhere: bool = False) -> Check:
    """A dependency: the visit of a session whose key is valid and has one of ``scopes`` or admin.

    A request that changes something must come from a page of this console and of this session: its
    origin is checked before its form is read, and its mark before anything is done.
    """

    async def check(request: Request, services: Provided) -> Visit:
        changes = request.method not in forgery.SAFE
        if changes:
            forgery.check_origin(request.headers)
        token = cookies.token_of(request) or ""
        caller = await to_thread.run_sync(services.sessions.find, token)
        request.state.visitor = caller, token  # for the page of an error
        await admit(request, caller, services.keys, *scopes, everywhere=everywhere)
        if not changes:
            return visit_of(request, caller, token)
        form = await sent.read(request)
        mark = request.headers.get(forgery.HEADER) or form.text(forgery.FIELD)
        forgery.check_mark(token, mark)
        return visit_of(request, caller, token, form)

    return check


SignedIn = Annotated[Visit, Depends(may(*Scope))]
MayAdministerEverything = Annotated[Visit, Depends(may(Scope.ADMIN, everywhere=True))]
MayAdminister = Annotated[Visit, Depends(may(Scope.ADMIN))]
MayEnroll = Annotated[Visit, Depends(may(Scope.ENROLL))]
MayIdentify = Annotated[Visit, Depends(may(Scope.IDENTIFY))]
MayRead = Annotated[Visit, Depends(may(Scope.READ))]
MaySeeEnrolled = Annotated[Visit, Depends(may(Scope.READ, Scope.ENROLL))]
""".. as the guards of the API with these names."""
