"""``/api/v1/recognition/faces`` and ``/subjects``: who is enrolled, in CompreFace's form."""

import re
from typing import Final

from fastapi import Request, Response

from app.compreface import schemas
from app.compreface.bodies import ImageIds, NamedSubject, OneImage
from app.compreface.client import MayChange, MayList
from app.compreface.failures import PATH, reasons_in
from app.compreface.options import (
    AnySubject,
    ImageOptions,
    OneSubject,
    Options,
    Paged,
    SubjectOfPath,
    the_subject,
)
from app.compreface.routes import seen_faces
from app.compreface.services import CompreFaceServices, Provided
from app.compreface.subjects import EnrolledFace
from app.errors import InvalidRequest
from app.gallery.enrolment import ImageFile
from app.gallery.schemas import FacesAdded
from app.inference.subject import Subject
from app.reasons import Reason
from app.receipts.service import Stored
from app.web.idempotency import REPLAYED, IdempotencyKey, ticket_for
from app.web.rooms import room
from app.web.uploads import NoFields, Upload, asked, fingerprint

router = room("compreface", f"{PATH}/recognition")

SLASHES_ALLOWED: Final = re.compile(
    rb"(?:PUT|DELETE) [^%]*" + f"{PATH}/recognition/subjects/.+".encode()
)
"""Paths that end with a subject, in which an encoded slash is a part of it."""
_NO_FIELDS: Final = NoFields()


@router.post("/faces", status_code=201, include_in_schema=False)
def add_face(
    client: MayChange,
    subject: OneSubject,
    options: ImageOptions,
    images: OneImage,
    services: Provided,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> schemas.NamedFace:
    """Enrol a face of a subject, who is made if there is none. The same image again is the same
    face.
    """
    (image,) = images
    file = ImageFile(image.filename, image.data)
    which = f"{asked(request)}?{request.url.query}"
    ticket = ticket_for(
        client.caller, idempotency_key, lambda: fingerprint(which, _NO_FIELDS, images)
    )
    try:
        added = services.receipts.once(
            ticket,
            lambda keep: services.subjects.enrol(
                client.collection_id,
                subject,
                file,
                keep,
                which=_meant(services, image, options),
                caller=client.caller,
            ),
        )
    except InvalidRequest as error:
        same = None
        if reasons_in(error) == [Reason.DUPLICATE_IMAGE]:
            same = services.subjects.same_image(client.collection_id, subject, file)
        if same is None:
            raise
        return schemas.NamedFace(image_id=same, subject=subject)
    if isinstance(added, Stored):
        response.headers[REPLAYED] = "true"
        added = FacesAdded.model_validate_json(added.answer)
    number = added.faces[0].id
    found = services.subjects.image_id(client.collection_id, number)
    return schemas.NamedFace(image_id=found, subject=subject)


@router.get("/faces", include_in_schema=False)
def list_faces(
    client: MayList, subject: AnySubject, paged: Paged, services: Provided
) -> schemas.FacePage:
    """The faces of the collection, or of a subject, oldest first."""
    faces, total = services.subjects.faces(
        client.collection_id, subject, skip=paged.page * paged.size, limit=paged.size
    )
    return schemas.FacePage(
        faces=[_named(each) for each in faces],
        page_number=paged.page,
        page_size=paged.size,
        total_pages=-(-total // paged.size),
        total_elements=total,
    )


@router.delete("/faces", include_in_schema=False)
def delete_faces(client: MayChange, subject: AnySubject, services: Provided) -> schemas.Deleted:
    """Remove all faces of a subject, or of everybody; the subjects stay."""
    deleted = services.subjects.delete_faces(client.collection_id, subject)
    return schemas.Deleted(deleted=deleted)


@router.post("/faces/delete", include_in_schema=False)
def delete_listed_faces(
    client: MayChange, ids: ImageIds, services: Provided
) -> list[schemas.NamedFace]:
    """Remove the faces of these ids; the answer has those that were there."""
    return [_named(each) for each in services.subjects.delete_listed(client.collection_id, ids)]


@router.delete("/faces/{image_id}", include_in_schema=False)
def delete_face(image_id: str, client: MayChange, services: Provided) -> schemas.NamedFace:
    """Remove one face."""
    return _named(services.subjects.delete_face(client.collection_id, image_id))


@router.get("/subjects", include_in_schema=False)
def list_subjects(client: MayList, services: Provided) -> schemas.Subjects:
    """The subjects of the collection, oldest first."""
    return schemas.Subjects(subjects=services.subjects.names(client.collection_id))


@router.post("/subjects", status_code=201, include_in_schema=False)
def add_subject(
    client: MayChange,
    named: NamedSubject,
    services: Provided,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> schemas.NamedSubject:
    """Make a subject without a face."""
    subject = the_subject(named)
    body = schemas.NamedSubject(subject=subject)
    ticket = ticket_for(client.caller, idempotency_key, lambda: fingerprint(asked(request), body))
    made = services.receipts.once(
        ticket, lambda keep: services.subjects.add(client.collection_id, subject, keep)
    )
    if isinstance(made, Stored):
        response.headers[REPLAYED] = "true"
    return body


@router.put("/subjects/{subject:path}", include_in_schema=False)
def rename_subject(
    subject: SubjectOfPath, client: MayChange, named: NamedSubject, services: Provided
) -> schemas.Updated:
    """Give a subject another name; the person and the faces stay the same."""
    updated = services.subjects.rename(client.collection_id, subject, the_subject(named))
    return schemas.Updated(updated=updated)


@router.delete("/subjects/{subject:path}", include_in_schema=False)
def delete_subject(
    subject: SubjectOfPath, client: MayChange, services: Provided
) -> schemas.NamedSubject:
    """Remove a subject and all faces."""
    services.subjects.delete(client.collection_id, subject)
    return schemas.NamedSubject(subject=subject)


@router.delete("/subjects", include_in_schema=False)
def delete_subjects(client: MayChange, services: Provided) -> schemas.Deleted:
    """Remove every subject of the collection."""
    return schemas.Deleted(deleted=services.subjects.delete_all(client.collection_id))


def _meant(services: CompreFaceServices, image: Upload, options: Options) -> Subject:
    """The face of an image to enrol. Where the client asks for a least confidence of the detector,
    it is the only face that has it.
    """
    if not options.least:
        return "only"
    faces = seen_faces(services, image.data, options)
    return faces[0].box if len(faces) == 1 else "only"


def _named(face: EnrolledFace) -> schemas.NamedFace:
    return schemas.NamedFace(image_id=face.image_id, subject=face.subject)
