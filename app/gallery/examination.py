"""Examines images before any transaction: finds templates, refusals, and the other persons whom the
service would name for a face.
"""

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from app.auth.principal import INSIDE, Principal
from app.gallery import crops, repository
from app.gallery.disclosure import Disclosure, to_step
from app.gallery.enrolment import Enroller, ImageFile, Template
from app.gallery.examined import Enrollee, Examined
from app.gallery.image_warnings import image_warnings
from app.gallery.models import Collection, Person
from app.gallery.own_faces import check_own_faces
from app.gallery.resemblance import Resemblance, Resemblances
from app.gallery.schemas import LookalikeWarning
from app.gallery.views import rate_view, similarity_view
from app.index.base import Vectors
from app.inference.subject import Subject
from app.reasons import Reason


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
        person: Enrollee | None = None,
        caller: Principal = INSIDE,
    ) -> Examined:
        """Refuse images that look like another person, or are unlike the ``person`` to whom they
        belong, or warn of them, as the collection says. ``person`` is None where that is somebody
        new. The ``caller`` gets the warnings, with the numbers that they may see.
        """
        person = person or Enrollee.of(None, self._enroller.contract)
        seen = Examined(*self._enroller.examine(images, subject))
        seen.templates = crops.with_png(owner, seen.templates)
        seen.warnings = image_warnings(seen.templates)
        shows_scores = Disclosure.of(caller, owner).scores
        self._check_lookalikes(owner, seen, person, shows_scores=shows_scores)
        check_own_faces(self._enroller, owner.unlike, seen, person, shows_scores=shows_scores)
        return seen

    def enrollee(
        self,
        session: Session,
        owner: Collection,
        person_id: str | None,
        tried: Sequence[Vectors] = (),
    ) -> Enrollee:
        """The person, None for somebody new, with the embeddings (d,) ``tried`` before."""
        contract = self._enroller.contract
        if person_id is None:
            return Enrollee.of(None, contract, tried=tried)
        key = repository.person(session, owner, person_id).key
        return Enrollee.of(key, contract, repository.embeddings(session, key), tried)

    def _check_lookalikes(
        self, owner: Collection, seen: Examined, person: Enrollee, *, shows_scores: bool
    ) -> None:
        if owner.lookalikes == "off" or not seen.templates:
            return
        faces = np.stack([template.embedding for template in seen.templates])
        found = self._resemblances.of(owner, faces, but=person.key)
        alike = [(t, other) for t, other in zip(seen.templates, found, strict=True) if other]
        seen.others = {template.origin.index: other.person_key for template, other in alike}
        if owner.lookalikes == "warn":
            seen.warnings += [_lookalike(*each, shows_scores=shows_scores) for each in alike]
            return
        seen.refuse(
            [
                self._enroller.rejection(
                    template.origin, Reason.LOOKS_LIKE_ANOTHER_PERSON, other=repr(other.person_id)
                )
                for template, other in alike
            ]
        )

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


def _lookalike(template: Template, other: Resemblance, *, shows_scores: bool) -> LookalikeWarning:
    origin = template.origin
    similarity = similarity_view(other.similarity)
    return LookalikeWarning(
        index=origin.index,
        filename=origin.filename,
        image_sha256=origin.image_sha256,
        reason=Reason.LOOKS_LIKE_ANOTHER_PERSON,
        person_id=other.person_id,
        similarity=similarity if shows_scores else to_step(similarity),
        fpir=rate_view(other.fpir) if shows_scores else None,
        detail=f"Enrolled; the service would have named {other.person_id!r} for this face. Are "
        "they one person? See the collection's lookalikes.",
    )
