"""``/v1/collections``: made, changed and deleted by administrators."""

from typing import Annotated

from fastapi import Depends, Query, Response

from app.auth.guard import MayAdminister, MayAdministerEverything, MayRead, MaySeeEnrolled
from app.core.paging import Page
from app.gallery.collection_schemas import CollectionPatch, CollectionView, NewCollection
from app.gallery.fields import CollectionPath
from app.gallery.report_schemas import LookalikePair, OddFace
from app.gallery.services import Provided
from app.web.fields import SwitchText
from app.web.idempotency import IdempotencyKey, answer_once, ticket_for
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, Submission, described, submission

router = room("collections", "/v1/collections")


@router.post(
    "",
    status_code=201,
    response_model=CollectionView,
    responses=documented(409, 415),
    openapi_extra=described(NewCollection, NO_IMAGES),
)
def create_collection(
    caller: MayAdministerEverything,
    body: Annotated[Submission[NewCollection], Depends(submission(NewCollection, NO_IMAGES))],
    services: Provided,
    idempotency_key: IdempotencyKey = None,
) -> Response | CollectionView:
    """Make a collection. `target_fpir` is the rate at which strangers may be named."""
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
    return answer_once(
        services.receipts, ticket, lambda keep: services.collections.create(body.fields, keep)
    )


@router.get("", responses=documented())
def list_collections(
    caller: MaySeeEnrolled, services: Provided, paging: Paged
) -> Page[CollectionView]:
    """The collections that the key reaches, oldest first."""
    return services.collections.list(paging, only=caller.collections)


@router.get("/{collection_id}", responses=documented(404))
def get_collection(
    collection_id: CollectionPath, _caller: MaySeeEnrolled, services: Provided
) -> CollectionView:
    """One collection."""
    return services.collections.get(collection_id)


@router.patch(
    "/{collection_id}",
    responses=documented(404, 415),
    openapi_extra=described(CollectionPatch, NO_IMAGES),
)
def update_collection(
    collection_id: CollectionPath,
    _caller: MayAdminister,
    body: Annotated[Submission[CollectionPatch], Depends(submission(CollectionPatch, NO_IMAGES))],
    services: Provided,
) -> CollectionView:
    """Change what the body names; a new `target_fpir` holds from the next request on."""
    return services.collections.update(collection_id, body.fields)


@router.get("/{collection_id}/lookalikes", responses=documented(404, 409))
def list_lookalikes(
    collection_id: CollectionPath,
    _caller: MayRead,
    services: Provided,
    paging: Paged,
    *,
    dismissed: Annotated[
        SwitchText, Query(description="In place of the others, the pairs that were dismissed.")
    ] = False,
) -> Page[LookalikePair]:
    """Pairs of persons who could be confused, or are one person under two names, nearest first.

    It covers all enrolled persons, valid now or not, and finds the 10,000 nearest pairs at most.
    Pairs that an operator dismissed as two people are left out.
    After a change between two pages, a pair may come twice or be missed. In a large collection the
    report is made in the background; until then the answer is `not_ready` (503). It may lack
    changes of the last ten minutes, one for every 100 persons. Removed persons are never in it.
    """
    return services.lookalikes.report(collection_id, paging, dismissed=dismissed)


@router.get("/{collection_id}/odd-faces", responses=documented(404, 409))
def list_odd_faces(
    collection_id: CollectionPath,
    _caller: MayRead,
    services: Provided,
    paging: Paged,
) -> Page[OddFace]:
    """Faces that are as unlike their person's other faces as a stranger's, the most unlike first.

    It covers the faces of all enrolled persons, valid now or not, whatever the collection's
    `unlike` is, and lists the 10,000 most unlike at most. `near` says whom Kith would name for such
    a face instead. Where no more than half of a person's faces belong together, all are listed.
    After a change between two pages, a face may come twice or be missed. It is made and kept as the
    report of lookalikes. Removed faces are never in it.
    """
    return services.odd_faces.report(collection_id, paging)


@router.delete("/{collection_id}", status_code=204, responses=documented(404, 409))
def delete_collection(
    collection_id: CollectionPath,
    _caller: MayAdminister,
    services: Provided,
    *,
    force: Annotated[SwitchText, Query(description="Also with everything in it.")] = False,
) -> None:
    """Delete a collection; one that has persons, doors or rules needs `?force=true`."""
    services.collections.delete(collection_id, force=force)
