"""Enrols photos of people who are known only by name, for example by the names of folders.

The whole name identifies a person. The id is made from it (``id_of_name``) and only finds the row:
a person with another stored name is somebody else, whatever the id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import ValidationError

from app.auth.principal import INSIDE, Principal
from app.core.ids import former_ids_of_name, id_of_name
from app.core.names import one_spelling, printable
from app.errors import (
    AlreadyExists,
    AppError,
    ContractMismatch,
    InvalidRequest,
    NotFound,
    Unavailable,
)
from app.gallery.collection_schemas import NewCollection
from app.gallery.enrolment import Enroller, ImageFile, refusal
from app.gallery.examined import Enrollee, Examined, Tried
from app.gallery.image_warnings import image_warnings
from app.gallery.own_faces import check_own_faces
from app.gallery.person_service import PersonService
from app.gallery.schemas import EnrolmentWarning, NewPerson
from app.index.base import Vectors
from app.inference.subject import Subject
from app.reasons import Reason
from app.receipts.keeping import keep_nothing


class NotThisPerson(InvalidRequest):
    """The name cannot be stored, or the id that it leads to is somebody else's."""


@dataclass(frozen=True, slots=True)
class Whose:
    """The id that a name leads to, and whether the person is enrolled."""

    person_id: str
    known: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one photo."""

    what: Literal["enrolled", "already", "refused"]
    person_id: str | None
    reasons: Sequence[str] = ()
    detail: str = ""
    warnings: Sequence[EnrolmentWarning] = ()


class Recipient(Protocol):
    """The destination of photos: the gallery, or a rehearsal that writes nothing.

    ``make`` and ``add`` raise an ``AppError`` where the photo is refused.
    """

    def names(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        """The names of those of ``ids`` who are enrolled."""
        ...

    def has(self, person_id: str, image: ImageFile) -> bool:
        """Whether the person is enrolled with exactly this image."""
        ...

    def make(self, new: NewPerson, image: ImageFile) -> list[EnrolmentWarning]:
        """Enrol somebody with a first photo."""
        ...

    def add(self, person_id: str, image: ImageFile) -> list[EnrolmentWarning]:
        """Enrol one more photo of somebody."""
        ...


def whose(people: Recipient, name: str) -> Whose:
    """The person of this name, enrolled or to be; ``NotThisPerson`` where that can be nobody.

    People whom an earlier Kith enrolled are continued under the id that they got then.
    """
    name, made = one_spelling(name), id_of_name(name)
    ids = [made, *former_ids_of_name(name)]
    known = people.names(ids)
    for each in ids:
        stored = known.get(each)
        if stored is not None and one_spelling(stored) == name:
            return Whose(each, known=True)
    if made in known:
        raise NotThisPerson(_somebody_else(made, name, known[made]))
    _new(made, name)
    return Whose(made, known=False)


def enrol_photo(people: Recipient, name: str, image: ImageFile, *, again: bool = True) -> Outcome:
    """Enrol a photo of the person of this name; a photo that is refused makes nobody.

    Where somebody else makes or removes the person at this moment, it looks ``again``.
    ``Unavailable``, ``ContractMismatch`` and ``NotFound`` are of the whole gallery, and raised.
    """
    try:
        person = whose(people, name)
    except NotThisPerson as error:
        return Outcome("refused", None, reasons_of(error), error.detail)
    try:
        return _enrol(people, person, name, image)
    except (Unavailable, ContractMismatch):
        raise
    except AppError as error:
        if again and isinstance(error, NotFound | AlreadyExists):
            return enrol_photo(people, name, image, again=False)
        return Outcome("refused", person.person_id, reasons_of(error), error.detail)


def add_photo(people: Recipient, person_id: str, image: ImageFile) -> Outcome:
    """Enrol a photo of a person who is enrolled, whatever their name; it raises as ``enrol_photo``
    does.
    """
    try:
        return _enrol(people, Whose(person_id, known=True), "", image)
    except (Unavailable, ContractMismatch):
        raise
    except AppError as error:
        return Outcome("refused", person_id, reasons_of(error), error.detail)


def reasons_of(error: AppError) -> list[str]:
    """Why an image was refused, in the words of the API's ``reasons``; else the error's code."""
    if isinstance(error, NotThisPerson):
        return ["not_this_person"]
    if error.errors:
        return error.errors[0].message.partition(":")[0].split(", ")
    return [error.code]


def _enrol(people: Recipient, person: Whose, name: str, image: ImageFile) -> Outcome:
    if not person.known:
        warnings = people.make(_new(person.person_id, name), image)
    elif people.has(person.person_id, image):
        return Outcome("already", person.person_id)
    else:
        warnings = people.add(person.person_id, image)
    return Outcome("enrolled", person.person_id, warnings=warnings)


def _new(person_id: str, name: str) -> NewPerson:
    try:
        return NewPerson(id=person_id, name=name)
    except ValidationError as error:
        why = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise NotThisPerson(f"The name {why}. Rename the folder or subject.") from None


def _somebody_else(person_id: str, name: str, stored: str | None) -> str:
    called = "has no name" if stored is None else f"is called {printable(stored)!r}"
    return (
        f"The person {person_id!r} {called}. If that is {printable(name)!r}, give the person this "
        "name; if not, rename the folder or subject."
    )


class InGallery:
    """The people of one collection; of several faces in a photo it takes the ``subject``. The
    warnings have the numbers that the ``caller`` may see.
    """

    def __init__(
        self,
        persons: PersonService,
        collection_id: str,
        subject: Subject = "only",
        caller: Principal = INSIDE,
    ) -> None:
        self._persons = persons
        self._collection_id = collection_id
        self._subject: Subject = subject
        self._caller = caller

    def names(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        """The names of ``ids`` that SQL has now."""
        return self._persons.names(self._collection_id, ids)

    def has(self, person_id: str, image: ImageFile) -> bool:
        """Compare the SHA-256 of the bytes; nothing is decoded."""
        return self._persons.has_image(self._collection_id, person_id, image)

    def make(self, new: NewPerson, image: ImageFile) -> list[EnrolmentWarning]:
        """Make the person and the face in one transaction, so nobody is made without a photo."""
        return self._persons.create(
            *(self._collection_id, new, [image], keep_nothing),
            subject=self._subject,
            caller=self._caller,
        ).warnings

    def add(self, person_id: str, image: ImageFile) -> list[EnrolmentWarning]:
        """Add the face in one transaction."""
        return self._persons.add_faces(
            *(self._collection_id, person_id, [image], keep_nothing),
            subject=self._subject,
            caller=self._caller,
        ).warnings


class Rehearsal:
    """Decides as ``InGallery`` would and remembers it, but writes nothing. Of each photo it keeps
    the embedding alone: there may be 100,000 of them, with 40 KB of pixels each.

    ``gallery`` is the service and the collection, or None where there is no such collection yet.
    People who are new in one rehearsal are not compared with each other.
    """

    def __init__(
        self,
        enroller: Enroller,
        gallery: tuple[PersonService, str] | None,
        subject: Subject = "only",
        caller: Principal = INSIDE,
    ) -> None:
        self._enroller = enroller
        self._gallery = gallery
        self._subject: Subject = subject
        self._caller = caller
        self._made: dict[str, str | None] = {}
        self._taken: dict[str, dict[str, Vectors]] = {}

    def names(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        """Those enrolled, and those that this rehearsal would have made."""
        made = {each: self._made[each] for each in ids if each in self._made}
        if self._gallery is None:
            return made
        persons, collection_id = self._gallery
        return {**persons.names(collection_id, ids), **made}

    def has(self, person_id: str, image: ImageFile) -> bool:
        """Enrolled before, or by this rehearsal."""
        if image.sha256 in self._taken.get(person_id, ()):
            return True
        if self._gallery is None or person_id in self._made:
            return False
        persons, collection_id = self._gallery
        return persons.has_image(collection_id, person_id, image)

    def make(self, new: NewPerson, image: ImageFile) -> list[EnrolmentWarning]:
        """Add somebody whom ``names`` will list."""
        person_id = str(new.id)
        warnings = self._examine(None, person_id, image)
        self._made[person_id] = new.name
        return warnings

    def expect(self, person_id: str) -> None:
        """Make somebody without a photo, who is then enrolled."""
        self._made[person_id] = None

    def add(self, person_id: str, image: ImageFile) -> list[EnrolmentWarning]:
        """Add one face, up to the collection's limit."""
        return self._examine(None if person_id in self._made else person_id, person_id, image)

    def _examine(
        self, enrolled: str | None, person_id: str, image: ImageFile
    ) -> list[EnrolmentWarning]:
        taken = self._taken.setdefault(person_id, {})
        tried = self._tried(enrolled, image, list(taken.values()))
        if tried.rejected:
            raise refusal(tried.rejected)
        if len(taken) >= tried.room:
            limit = self._enroller.rejection(image.origin(), Reason.FACE_LIMIT_REACHED)
            raise refusal([limit])
        (template,) = tried.templates
        taken[image.sha256] = template.embedding
        return tried.warnings

    def _tried(self, person_id: str | None, image: ImageFile, taken: list[Vectors]) -> Tried:
        if self._gallery is not None:
            persons, collection_id = self._gallery
            return persons.try_images(
                *(collection_id, person_id, [image]),
                subject=self._subject,
                tried=taken,
                caller=self._caller,
            )
        seen, new = Examined(*self._enroller.examine([image], self._subject)), NewCollection()
        seen.warnings = image_warnings(seen.templates)
        person = Enrollee.of(None, self._enroller.contract, tried=taken)
        check_own_faces(self._enroller, new.unlike, seen, person)
        return Tried(seen.templates, seen.rejected, seen.warnings, room=new.max_faces_per_person)
