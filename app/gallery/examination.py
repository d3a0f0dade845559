"""Examines images before any transaction: finds templates, refusals, and the other persons whom the
service would name for a face.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.orm import Session

from app.gallery import crops, repository
from app.gallery.enrolment import Enroller, ImageFile, Rejection, Template, several_faces_warnings
from app.gallery.models import Collection, Person
from app.gallery.resemblance import Resemblance, Resemblances
from app.gallery.schemas import EnrolmentWarning, LookalikeWarning
from app.gallery.views import rate_view, similarity_view
from app.inference.subject import Subject
from app.reasons import Reason


@dataclass(slots=True)
class Examined:
    """The result of an examination: the images that can be enrolled, with warnings, those that
    cannot, and by an image's index the key of the person whom the answer names for it.
    """

    templates: list[Template]
    rejected: list[Rejection]
    warnings: list[EnrolmentWarning] = field(default_factory=list)
    others: dict[int, int] = field(default_factory=dict)

    @property
    def warnings_of_enrolled(self) -> list[EnrolmentWarning]:
        """The warnings of images that were enrolled in the end, in the images' order."""
        refused = {each.origin.index for each in self.rejected}
        kept = [warning for warning in self.warnings if warning.index not in refused]
        return sorted(kept, key=lambda warning: warning.index)


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a trial: the images that would be refused, the warnings of the others, and the
    number of faces that the person has ``room`` for.
    """

    rejected: list[Rejection]
    warnings: list[EnrolmentWarning]
    room: int


class Examiner:
    """Examines images and writes nothing."""

    def __init__(self, enroller: Enroller, resemblances: Resemblances) -> None:
        self._enroller = enroller
        self._resemblances = resemblances

    def examine(
        self,
        owner: Collection,
        images: Sequence[ImageFile],
        subject: Subject,
        *,
        person_key: int | None,
    ) -> Examined:
        """Refuse lookalikes or warn of them, as the collection says. ``person_key`` is the person's
        to whom the images belong, None where that person is new.
        """
        seen = Examined(*self._enroller.examine(images, subject))
        seen.templates = crops.with_png(owner, seen.templates)
        seen.warnings = several_faces_warnings(seen.templates)
        if owner.lookalikes == "off" or not seen.templates:
            return seen
        faces = np.stack([template.embedding for template in seen.templates])
        found = self._resemblances.of(owner, faces, but=person_key)
        alike = [(t, other) for t, other in zip(seen.templates, found, strict=True) if other]
        seen.others = {template.origin.index: other.person_key for template, other in alike}
        if owner.lookalikes == "warn":
            seen.warnings += [_lookalike(*each) for each in alike]
            return seen
        seen.rejected += [
            self._enroller.rejection(
                template.origin, Reason.LOOKS_LIKE_ANOTHER_PERSON, other=repr(other.person_id)
            )
            for template, other in alike
        ]
        seen.rejected.sort(key=lambda each: each.origin.index)
        seen.templates = [t for t in seen.templates if t.origin.index not in seen.others]
        return seen

    def others(self, session: Session, seen: Examined) -> Sequence[Person]:
        """The other persons whom the answer names; those who were removed since the images were
        examined are not among them, and the answer does not name them either.
        """
        there = repository.persons_with(session, set(seen.others.values()))
        keys = {person.key for person in there}
        gone = {index for index, key in seen.others.items() if key not in keys}
        seen.warnings = [
            each
            for each in seen.warnings
            if each.index not in gone or not isinstance(each, LookalikeWarning)
        ]
        seen.rejected = [
            self._enroller.rejection(each.origin, *each.reasons)
            if each.origin.index in gone
            else each
            for each in seen.rejected
        ]
        return there


def _lookalike(template: Template, other: Resemblance) -> LookalikeWarning:
    origin = template.origin
    return LookalikeWarning(
        index=origin.index,
        filename=origin.filename,
        image_sha256=origin.image_sha256,
        reason=Reason.LOOKS_LIKE_ANOTHER_PERSON,
        person_id=other.person_id,
        similarity=similarity_view(other.similarity),
        fpir=rate_view(other.fpir),
        detail=f"Enrolled; the service would have named {other.person_id!r} for this face. Are "
        "they one person? See the collection's lookalikes.",
    )
