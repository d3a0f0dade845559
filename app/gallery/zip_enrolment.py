"""Enrols the photos of a ZIP. A folder is somebody's external id, or else a name."""

from collections.abc import Iterator, Mapping
from functools import cache

from app.auth.principal import Principal
from app.core.names import printable
from app.core.paging import Paging
from app.errors import AppError
from app.gallery.enrolment import ImageFile
from app.gallery.people_by_name import (
    InGallery,
    Outcome,
    Recipient,
    Rehearsal,
    add_photo,
    enrol_photo,
    reasons_of,
)
from app.gallery.person_service import PersonService
from app.inference.entries import HINTS
from app.inference.subject import Subject
from app.inference.zipped import ZippedPeople, ZippedPhoto

_NOBODY = "The folder is no external id of the list of people, and the name of no one line of it."
_GONE = "The person was removed while the photos were enrolled."


class ZipEnrolment:
    """Enrols the photos of a ZIP one after the other; with ``dry_run`` it gives the outcome that
    each would have, and writes nothing.

    ``listed`` is the external id that each folder means, where a list of people was sent as well:
    other folders are refused. The warnings have the numbers that the ``caller`` may see.
    """

    def __init__(
        self,
        persons: PersonService,
        collection_id: str,
        people: ZippedPeople,
        *,
        listed: Mapping[str, str] | None,
        subject: Subject,
        dry_run: bool,
        caller: Principal,
    ) -> None:
        self._persons = persons
        self._collection_id = collection_id
        self._people = people
        self._listed = listed
        self._recipient: Recipient
        if dry_run:
            gallery = persons, collection_id
            self._recipient = Rehearsal(persons.enroller, gallery, subject, caller)
        else:
            self._recipient = InGallery(persons, collection_id, subject, caller)
        self._known = cache(self._found)  # photos of a folder come one after the other

    def results(self) -> Iterator[tuple[ZippedPhoto, Outcome]]:
        """Each photo with its outcome. ``Unavailable``, ``ContractMismatch`` and ``NotFound`` are
        of the whole gallery, and raised; another run goes on where this one ended.
        """
        for photo in self._people.photos:
            yield photo, self._enrol(photo)

    def _enrol(self, photo: ZippedPhoto) -> Outcome:
        if photo.kind is not None:
            return Outcome("refused", None, [photo.kind.value], f"{HINTS[photo.kind]}.")
        folder = photo.person if self._listed is None else self._listed.get(photo.person)
        if folder is None:
            return Outcome("refused", None, ["not_this_person"], _NOBODY)
        try:
            data = self._people.read(photo, self._persons.enroller.max_bytes)
        except AppError as error:
            return Outcome("refused", None, reasons_of(error), error.detail)
        image = ImageFile(printable(photo.path), data)
        person_id = self._known(folder)
        if person_id is not None:
            return add_photo(self._recipient, person_id, image)
        if self._listed is not None:
            return Outcome("refused", None, ["not_found"], _GONE)
        return enrol_photo(self._recipient, folder, image)

    def _found(self, external_id: str) -> str | None:
        found = self._persons.find(self._collection_id, Paging(1, 0), external_id=external_id)
        known = next((each.id for each in found.items), None)
        if known is None and self._listed is not None and isinstance(self._recipient, Rehearsal):
            known = f"of the list: {external_id}"  # the list would make them, under a new id
            self._recipient.expect(known)
        return known
