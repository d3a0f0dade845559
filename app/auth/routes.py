"""``/v1/keys``: for administrators."""

from typing import Annotated

from fastapi import Depends, Path, Response

from app.auth.guard import MayAdministerEverything
from app.auth.schemas import KeyView, NewKey, NewKeyView, RepeatedKeyView
from app.auth.services import Provided
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.web.idempotency import IdempotencyKey, answer_once, ticket_for
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, Submission, described, submission

router = room("keys", "/v1/keys")

KeyId = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the key.")]


@router.post(
    "",
    status_code=201,
    response_model=NewKeyView | RepeatedKeyView,
    responses=documented(409, 415),
    openapi_extra=described(NewKey, NO_IMAGES),
)
def create_key(
    caller: MayAdministerEverything,
    body: Annotated[Submission[NewKey], Depends(submission(NewKey, NO_IMAGES))],
    services: Provided,
    idempotency_key: IdempotencyKey = None,
) -> Response | NewKeyView:
    """Make a key. Its secret is in this answer and cannot be read again."""
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
    return answer_once(
        services.receipts, ticket, lambda keep: services.keys.create(body.fields, keep)
    )


@router.get("", responses=documented())
def list_keys(_caller: MayAdministerEverything, services: Provided, paging: Paged) -> Page[KeyView]:
    """The keys, oldest first, without their secrets."""
    return services.keys.list(paging)


@router.delete("/{key_id}", status_code=204, responses=documented(404, 409))
def revoke_key(key_id: KeyId, _caller: MayAdministerEverything, services: Provided) -> None:
    """Revoke a key: the next request with it is refused. The last unbound admin key that does not
    expire cannot be revoked.
    """
    services.keys.revoke(key_id)
