"""``/v1/collections/{c}/persons``: enrolled persons and their faces."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response

from app.auth.guard import MayEnroll, MaySeeEnrolled
from app.core.paging import Page
from app.gallery.enrolment import ImageFile
from app.gallery.fields import CollectionPath, PersonPath, subject_of
from app.gallery.schemas import (
    FacesAdded,
    FaceView,
    NewFaces,
    NewPersonWithFaces,
    PersonAdded,
    PersonPatch,
    PersonView,
)
from app.gallery.services import Provided
from app.web.fields import Label, WholeText
from app.web.idempotency import IdempotencyKey, answer_once, ticket_for
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import (
    MANY_IMAGES,
    NO_IMAGES,
    OPTIONAL_IMAGES,
    Submission,
    Upload,
    described,
    submission,
)

router = room("persons", "/v1/collections/{collection_id}/persons")

FaceId = Annotated[
    WholeText, Path(ge=1, le=2**63 - 1, description="The face's number in its collection.")
]


@router.post(
    "",
    status_code=201,
    response_model=PersonAdded,
    responses=documented(404, 409, 415),
    openapi_extra=described(NewPersonWithFaces, OPTIONAL_IMAGES),
)
def create_person(
    collection_id: CollectionPath,
    caller: MayEnroll,
    body: Annotated[
        Submission[NewPersonWithFaces], Depends(submission(NewPersonWithFaces, OPTIONAL_IMAGES))
    ],
    services: Provided,
    idempotency_key: IdempotencyKey = None,
) -> Response | PersonAdded:
    """Enrol a person, with images or without; `rejected` lists the unusable images with reasons."""
    ticket = ticket_for(caller.id, idempotency_key, lambda: body.fingerprint)
    new, images = body.fields, _files(body.images)
    subject = subject_of(new.subject, images=len(images))
    return answer_once(
        services.receipts,
        ticket,
        lambda keep: services.persons.create(
            collection_id, new, images, keep, subject=subject, caller=caller
        ),
    )


@router.get("", responses=documented(404))
def list_persons(
    collection_id: CollectionPath,
    _caller: MaySeeEnrolled,
    services: Provided,
    paging: Paged,
    name: Annotated[Label | None, Query(description="Exactly this name.")] = None,
    external_id: Annotated[Label | None, Query(description="Exactly this external id.")] = None,
) -> Page[PersonView]:
    """The persons of a collection, oldest first."""
    return services.persons.find(collection_id, paging, name=name, external_id=external_id)


@router.get("/{person_id}", responses=documented(404))
def get_person(
    collection_id: CollectionPath,
    person_id: PersonPath,
    _caller: MaySeeEnrolled,
    services: Provided,
) -> PersonView:
    """One person."""
    return services.persons.get(collection_id, person_id)


@router.patch(
    "/{person_id}",
    responses=documented(404, 409, 415),
    openapi_extra=described(PersonPatch, NO_IMAGES),
)
def update_person(
    collection_id: CollectionPath,
    person_id: PersonPath,
    _caller: MayEnroll,
    body: Annotated[Submission[PersonPatch], Depends(submission(PersonPatch, NO_IMAGES))],
    services: Provided,
) -> PersonView:
    """Change what the body names; null empties a field."""
    return services.persons.update(collection_id, person_id, body.fields)


@router.delete("/{person_id}", status_code=204, responses=documented(404))
def delete_person(
    collection_id: CollectionPath, person_id: PersonPath, _caller: MayEnroll, services: Provided
) -> None:
    """Remove a person and all their faces. From this answer on, no decision names the person."""
    services.persons.delete(collection_id, person_id)


@router.post(
    "/{person_id}/faces",
    status_code=201,
    response_model=FacesAdded,
    responses=documented(404, 409, 415),
    openapi_extra=described(NewFaces, MANY_IMAGES),
)
def add_faces(
    collection_id: CollectionPath,
    person_id: PersonPath,
    caller: MayEnroll,
    body: Annotated[Submission[NewFaces], Depends(submission(NewFaces, MANY_IMAGES))],
    services: Provided,
    idempotency_key: IdempotencyKey = None,
) -> Response | FacesAdded:
    """Add faces to a person; partial success is success."""
    ticket = ticket_for(caller.id, idempotency_key, lambda: body.fingerprint)
    images = _files(body.images)
    subject = subject_of(body.fields.subject, images=len(images))
    return answer_once(
        services.receipts,
        ticket,
        lambda keep: services.persons.add_faces(
            collection_id, person_id, images, keep, subject=subject, caller=caller
        ),
    )


@router.get("/{person_id}/faces", responses=documented(404))
def list_faces(
    collection_id: CollectionPath,
    person_id: PersonPath,
    _caller: MaySeeEnrolled,
    services: Provided,
    paging: Paged,
) -> Page[FaceView]:
    """A person's faces, oldest first."""
    return services.persons.faces(collection_id, person_id, paging)


@router.delete("/{person_id}/faces/{face_id}", status_code=204, responses=documented(404))
def delete_face(
    collection_id: CollectionPath,
    person_id: PersonPath,
    face_id: FaceId,
    _caller: MayEnroll,
    services: Provided,
) -> None:
    """Remove one face. From this answer on, no decision uses it."""
    services.persons.delete_face(collection_id, person_id, face_id)


def _files(uploads: tuple[Upload, ...]) -> list[ImageFile]:
    return [ImageFile(upload.filename, upload.data) for upload in uploads]
