"""The client behind an ``x-api-key``: one key is one collection."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Self

from fastapi import Depends

from app.auth.guard import allow
from app.auth.principal import Principal, Scope
from app.compreface.failures import no_collection
from app.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Client:
    """The caller, and the only collection of the key."""

    caller: Principal
    collection_id: str

    @classmethod
    def of(cls, caller: Principal) -> Self:
        """``Forbidden`` unless the key is bound to exactly one collection; ``NotFound`` where that
        was deleted.
        """
        if caller.collections is None or len(caller.collection_keys or ()) > 1:
            count = "every" if caller.collections is None else "more than one"
            raise Forbidden(
                f"This key is for {count} collection. One key is one collection here: make one "
                "with `kith keys create --collection ...`, or with `collections` of POST /v1/keys."
            )
        if not caller.collections:
            raise no_collection()
        (collection_id,) = caller.collections
        return cls(caller, collection_id)


Check = Callable[[Principal], Coroutine[Any, Any, Client]]


def _one_collection(*scopes: Scope, in_outage: bool = False) -> Check:
    known = allow(*scopes, in_outage=in_outage, any_parameters=True)

    async def check(caller: Annotated[Principal, Depends(known)]) -> Client:
        return Client.of(caller)

    return check


MayRecognize = Annotated[Client, Depends(_one_collection(Scope.IDENTIFY, in_outage=True))]
MayChange = Annotated[Client, Depends(_one_collection(Scope.ENROLL))]
MayList = Annotated[Client, Depends(_one_collection(Scope.READ, Scope.ENROLL))]
MayLook = Annotated[Principal, Depends(allow(Scope.IDENTIFY, any_parameters=True))]
"""Detection and verification of two images, which need no collection."""
