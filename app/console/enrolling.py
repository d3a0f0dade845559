"""Enrols the photos of a form one after the other, and gives the result of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.auth.principal import INSIDE
from app.console.sent import Sent, checked
from app.console.services import ConsoleServices
from app.console.visits import Visit
from app.console.words import reasons_in
from app.errors import AppError
from app.gallery.enrolment import ImageFile
from app.gallery.schemas import EnrolmentWarning, FacesAdded, NewFaces, NewPerson
from app.inference.subject import Subject
from app.receipts.keeping import keep_nothing

_OF_THE_PHOTO: Final = frozenset({413, 415, 422})
"""Statuses of errors that are about one photo; any other ends the enrolment."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo, and the face in it to enrol."""

    image: ImageFile
    subject: Subject = "only"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a photo: enrolled, perhaps with warnings, or refused for ``reasons``."""

    name: str
    enrolled: bool
    reasons: Sequence[str] = ()
    detail: str = ""
    warnings: Sequence[EnrolmentWarning] = ()


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The results of all photos, and the id of the person; None where nobody was made."""

    person_id: str | None
    results: Sequence[Result]


def shots_of(sent: Sent) -> list[Shot]:
    """The photos of a form, each with the face that was chosen in it."""
    return [
        Shot(image, subject_of(sent.text(f"subject-{place}")))
        for place, image in enumerate(sent.images("images"))
    ]


def subject_of(text: str) -> Subject:
    """The face that a form means: a box as ``x,y,width,height``, or the only one."""
    return checked(NewFaces, {"subject": text or "only"}).subject


class Enrolment:
    """Enrols photos of one person; the person is made with the first photo that can be used."""

    def __init__(self, services: ConsoleServices, visit: Visit, collection_id: str) -> None:
        self._persons = services.persons
        self._caller = visit.caller or INSIDE
        self._collection_id = collection_id

    def make(self, new: NewPerson, shots: Sequence[Shot]) -> Enrolled:
        """Make a person; with photos of which none can be used, make nobody."""
        if not shots:
            made = self._persons.create(
                self._collection_id, new, [], keep_nothing, caller=self._caller
            )
            return Enrolled(made.person.id, [])
        person_id: str | None = None
        results = []
        for shot in shots:
            if person_id is None:
                person_id, result = self._first(new, shot)
            else:
                result = self._further(person_id, shot)
            results.append(result)
        return Enrolled(person_id, results)

    def add(self, person_id: str, shots: Sequence[Shot]) -> Enrolled:
        """Add photos to a person who is there."""
        return Enrolled(person_id, [self._further(person_id, shot) for shot in shots])

    def _first(self, new: NewPerson, shot: Shot) -> tuple[str | None, Result]:
        try:
            made = self._persons.create(
                self._collection_id,
                new,
                [shot.image],
                keep_nothing,
                subject=shot.subject,
                caller=self._caller,
            )
        except AppError as error:
            return None, _refused(shot, error)
        return made.person.id, _enrolled(shot, made)

    def _further(self, person_id: str, shot: Shot) -> Result:
        try:
            added = self._persons.add_faces(
                self._collection_id,
                person_id,
                [shot.image],
                keep_nothing,
                subject=shot.subject,
                caller=self._caller,
            )
        except AppError as error:
            return _refused(shot, error)
        return _enrolled(shot, added)


def _enrolled(shot: Shot, added: FacesAdded) -> Result:
    return Result(shot.image.filename or "", enrolled=True, warnings=added.warnings)


def _refused(shot: Shot, error: AppError) -> Result:
    if error.status not in _OF_THE_PHOTO:
        raise error
    refused = Result(shot.image.filename or "", enrolled=False, detail=error.detail)
    for each in error.errors:
        return replace(refused, reasons=reasons_in(each.message))
    return refused
