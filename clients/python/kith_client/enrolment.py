"""Enrol many people: what is there already is not sent again, so a run goes on where one stopped.

The steps for one person are written once; a client runs a few people at a time.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Literal, TypeAlias

from kith_client.calls import UNSET, Flow, ask
from kith_client.errors import ApiError
from kith_client.images import Image, NamedBytes, as_file
from kith_client.model import Model
from kith_client.models import FacesAdded, PersonAdded, PersonView
from kith_client.operations import Operations
from kith_client.people import Person
from kith_client.problems import (
    AlreadyExists,
    InvalidImage,
    InvalidRequest,
    NoFace,
    NotFound,
    PayloadTooLarge,
    UnsupportedImage,
)

_MOST: Final = 16
_BYTES: Final = 16 * 1024 * 1024
"""Images of one request, and the bytes at which it is full; Kith takes 64 MiB."""
_OF_THIS_PERSON: Final = {
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Failures that are about one person. Any other failure ends the run."""
Outcome: TypeAlias = Literal["created", "changed", "unchanged", "refused"]
_File: TypeAlias = tuple[str, bytes]
Options: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Rejected:
    """An image that was not enrolled, with the reasons of the API; the client itself adds
    ``unreadable``.
    """

    file: str
    reasons: Sequence[str]
    detail: str


@dataclass
class Enrolled:
    """The result for one person."""

    person: Person
    outcome: Outcome = "unchanged"
    person_id: str | None = None
    added: int = 0
    already: int = 0
    """Images that the person is enrolled with already."""
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[Model] = field(default_factory=list)
    error: ApiError | None = None
    """The refusal of the person as a whole."""


def enrolment(collection_id: str, person: Person, options: Options) -> Flow[Enrolled]:
    """Make or change a person, and add the images that are not there; ``options``, such as a
    ``subject``, go with the images.
    """
    for last in (False, True):
        result = Enrolled(person)
        try:
            yield from _enrol(collection_id, result, options)
        except AlreadyExists as error:
            if last:
                result.outcome, result.error = "refused", error
            continue  # perhaps somebody else made the person just now: look again
        except ApiError as error:
            if error.status not in _OF_THIS_PERSON:
                raise
            result.outcome, result.error = "refused", error
        break
    return result


def _enrol(collection_id: str, result: Enrolled, options: Options) -> Flow[None]:
    person = result.person
    found = yield from _find(collection_id, person)
    if found and person.is_known_by_name and not _is_same(found.name, person.name):
        result.rejected.append(Rejected("", ["not_this_person"], _somebody_else(found, person)))
    else:
        if found:
            result.person_id = found.id
            yield from _change(collection_id, found, result)
        known = yield from _known(collection_id, found)
        for batch in _batches(result, known):
            yield from _add(collection_id, result, batch, options)
        if result.person_id is None and not person.images:
            yield from _create(collection_id, result, [], options)
    if result.person_id is None:
        result.outcome = "refused"


def _find(collection_id: str, person: Person) -> Flow[PersonView | None]:
    if known_id := person.known_id:
        try:
            return (yield from ask(Operations.get_person.call(collection_id, known_id)))
        except NotFound:
            return None
    listed = Operations.list_persons.call(collection_id, external_id=person.external_id)
    page = yield from ask(listed)
    return page.items[0] if page.items else None


def _change(collection_id: str, found: PersonView, result: Enrolled) -> Flow[None]:
    """Change the fields that differ. No credential can be read, so they are sent each time."""
    wanted = {
        name: value
        for name, value in result.person.fields().items()
        if name == "credentials" or not _is_same(getattr(found, name), value)
    }
    if wanted:
        changed = yield from ask(Operations.update_person.call(collection_id, found.id, **wanted))
        if changed.updated_at != found.updated_at:
            result.outcome = "changed"


def _is_same(stored: object, wanted: object) -> bool:
    if isinstance(stored, datetime):
        return isinstance(wanted, str) and datetime.fromisoformat(wanted) == stored
    if isinstance(stored, str) and isinstance(wanted, str):
        return stored == unicodedata.normalize("NFC", wanted)
    return stored == wanted


def _known(collection_id: str, found: PersonView | None) -> Flow[set[str]]:
    """The SHA-256 of each image that the person is enrolled with."""
    known: set[str] = set()
    if found is None or not found.face_count:
        return known
    call = Operations.list_faces.call(collection_id, found.id, limit=1000)
    page = yield from ask(call)
    known.update(face.image_sha256 for face in page.items)
    while page.next_cursor:
        page = yield from ask(call.at(page.next_cursor))
        known.update(face.image_sha256 for face in page.items)
    return known


def _batches(result: Enrolled, known: set[str]) -> Iterator[list[_File]]:
    """New images in groups that a request can take; no more than one group is in memory."""
    batch: list[_File] = []
    for number, image in enumerate(result.person.images):
        try:
            file = as_file(image, f"image-{number}")
        except OSError as error:
            result.rejected.append(Rejected(str(image), ["unreadable"], str(error)))
            continue
        if hashlib.sha256(file[1]).hexdigest() in known:
            result.already += 1
            continue
        if batch and sum(len(data) for _, data in batch) + len(file[1]) > _BYTES:
            yield batch
            batch = []
        batch.append(file)
        if len(batch) == _MOST:
            yield batch
            batch = []
    if batch:
        yield batch


def _add(collection_id: str, result: Enrolled, batch: list[_File], options: Options) -> Flow[None]:
    """Enrol some images. Where the whole group is refused, send each alone, to find the bad one."""
    step = _create if result.person_id is None else _more
    try:
        yield from step(collection_id, result, batch, options)
    except (InvalidRequest, UnsupportedImage, InvalidImage, NoFace, PayloadTooLarge) as error:
        if len(batch) > 1:
            for each in batch:
                yield from _add(collection_id, result, [each], options)
            return
        if result.person_id is None and not _is_of_image(error):
            raise
        ((name, _),) = batch
        reasons = _reasons(error)
        result.rejected.append(Rejected(name, reasons, error.detail))


def _is_of_image(error: ApiError) -> bool:
    """Whether the image was refused, and not a field of the person, such as a name."""
    return not error.errors or error.errors[0].field.startswith("images")


def _reasons(error: ApiError) -> list[str]:
    if error.errors:
        return error.errors[0].message.partition(":")[0].split(", ")
    return [error.code]


def _create(
    collection_id: str, result: Enrolled, batch: list[_File], options: Options
) -> Flow[None]:
    call = Operations.create_person.call(
        collection_id,
        id=result.person.known_id,
        images=_named(batch) if batch else UNSET,
        **result.person.fields(),
        **(options if batch else {}),
    )
    made = yield from ask(call)
    result.person_id, result.outcome = made.person.id, "created"
    _note(result, batch, made)


def _more(collection_id: str, result: Enrolled, batch: list[_File], options: Options) -> Flow[None]:
    assert result.person_id  # noqa: S101 - else it would be created
    call = Operations.add_faces.call(collection_id, result.person_id, _named(batch), **options)
    made = yield from ask(call)
    if made.faces and result.outcome == "unchanged":
        result.outcome = "changed"
    _note(result, batch, made)


def _note(result: Enrolled, batch: list[_File], made: FacesAdded | PersonAdded) -> None:
    result.added += len(made.faces)
    result.warnings += made.warnings
    for each in made.rejected:
        result.rejected.append(Rejected(batch[each.index][0], each.reasons, each.detail))


def _named(batch: list[_File]) -> list[Image]:
    """The files under their own names, so that refusals name them."""
    return [NamedBytes(data, name) for name, data in batch]


def _somebody_else(found: PersonView, person: Person) -> str:
    return (
        f"the id {found.id!r} of {person.name!r} is that of somebody named {found.name!r}; give "
        "this person an id of its own"
    )
