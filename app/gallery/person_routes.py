"""``/v1/collections/{c}/persons``: enrolled persons and their faces."""

import re
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Path, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from app.auth.guard import MayEnroll, MaySeeEnrolled
from app.core.paging import Page
from app.errors import FieldError, InvalidRequest
from app.gallery.enrolment import ImageFile
from app.gallery.fields import CollectionPath, PersonPath, subject_of
from app.gallery.schemas import (
    FacesAdded,
    FaceView,
    MergeFields,
    NewFaces,
    NewPersonWithFaces,
    PersonAdded,
    PersonByExternalId,
    PersonMerged,
    PersonPatch,
    PersonView,
)
from app.gallery.services import Provided
from app.web.fields import WHOLE_TEXT, Label
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

SLASHES_ALLOWED: Final = re.compile(rb"PUT [^%]*/v1/collections/[^/%]+/persons/by-external-id/.+")
"""Paths that end with an external id, in which an encoded slash is a part of it."""

FaceId = Annotated[
    int, Path(ge=1, le=2**63 - 1, description="The face's number in its collection."), WHOLE_TEXT
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
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
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


_LABEL: Final = TypeAdapter(Label)


def _external_id(
    request: Request,
    _decoded: Annotated[
        Label,
        Path(
            alias="external_id",
            description="The person's external id, percent-encoded: `/` is `%2F`.",
        ),
    ],
) -> str:
    """The external id as the path has it: the router loses a line break at its end."""
    sent: bytes = request.scope["raw_path"].partition(b"/persons/by-external-id/")[2]
    try:
        return _LABEL.validate_python(unquote_to_bytes(sent).decode())
    except ValidationError as error:
        message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        field = FieldError("external_id", message)
        raise InvalidRequest(f"external_id: {message}.", errors=[field]) from None


@router.put(
    "/by-external-id/{external_id:path}",
    responses={
        201: {"description": "The person was made.", "model": PersonView},
        **documented(404, 409, 415),
    },
    openapi_extra=described(PersonByExternalId, NO_IMAGES),
)
def put_person_by_external_id(
    collection_id: CollectionPath,
    _caller: MayEnroll,
    external_id: Annotated[str, Depends(_external_id)],
    body: Annotated[
        Submission[PersonByExternalId], Depends(submission(PersonByExternalId, NO_IMAGES))
    ],
    services: Provided,
    response: Response,
) -> PersonView:
    """Change the person of this external id, or make one (201): a field left out stays as it is,
    or empty.
    """
    view, made = services.persons.put(collection_id, external_id, body.fields)
    response.status_code = 201 if made else 200
    return view


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
    "/{person_id}/merge",
    response_model=PersonMerged,
    responses=documented(404, 409, 415),
    openapi_extra=described(MergeFields, NO_IMAGES),
)
def merge_persons(
    collection_id: CollectionPath,
    person_id: PersonPath,
    caller: MayEnroll,
    body: Annotated[Submission[MergeFields], Depends(submission(MergeFields, NO_IMAGES))],
    services: Provided,
    idempotency_key: IdempotencyKey = None,
) -> Response | PersonMerged:
    """Merge another person, who is the same, into this one, and remove the other.

    This person keeps id, name, validity, groups and credentials, and gets the faces of the other.
    All else of the other goes, as when a person is removed: groups, feedback, sealed pictures. From
    this answer on, no decision names the other. The faces are not compared: that they are one
    person is your word. Refused (409) where an operator dismissed the two as two people, and where
    the other is suspended and this person is not.
    """
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
    return answer_once(
        services.receipts,
        ticket,
        lambda keep: services.merges.merge(collection_id, person_id, body.fields, keep),
        status=200,
    )


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
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
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
