"""The results of an examination of images, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.bundles.contract import Contract
from app.gallery.enrolment import Rejection, Template
from app.gallery.schemas import EnrolmentWarning
from app.index.base import Vectors
from app.index.packing import unpack


@dataclass(slots=True)
class Examined:
    """The result of an examination: the images that can be enrolled, with warnings, those that
    cannot, and by an image's index the key of the person whom the answer names for it.
    """

    templates: list[Template]
    rejected: list[Rejection]
    warnings: list[EnrolmentWarning] = field(default_factory=list)
    others: dict[int, int] = field(default_factory=dict)

    def refuse(self, rejections: list[Rejection]) -> None:
        """Take the images of ``rejections`` out of those that can be enrolled."""
        out = {each.origin.index for each in rejections}
        self.templates = [each for each in self.templates if each.origin.index not in out]
        self.rejected = sorted([*self.rejected, *rejections], key=lambda each: each.origin.index)

    @property
    def warnings_of_enrolled(self) -> list[EnrolmentWarning]:
        """The warnings of images that were enrolled in the end, in the images' order."""
        refused = {each.origin.index for each in self.rejected}
        kept = [warning for warning in self.warnings if warning.index not in refused]
        return sorted(kept, key=lambda warning: warning.index)


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a trial: the images that would be refused, the others with their warnings, and
    the number of faces that the person has ``room`` for.
    """

    templates: list[Template]
    rejected: list[Rejection]
    warnings: list[EnrolmentWarning]
    room: int


@dataclass(frozen=True, slots=True)
class Enrollee:
    """The person to whom images belong: the internal key, None of somebody new, and the embeddings
    (k, d) of the faces so far.
    """

    key: int | None
    faces: Vectors

    @classmethod
    def of(
        cls,
        key: int | None,
        contract: Contract,
        stored: Sequence[bytes] = (),
        tried: Sequence[Vectors] = (),
    ) -> "Enrollee":
        """With the templates ``stored`` in SQL, and embeddings (d,) that were only ``tried``."""
        faces = [unpack(stored, contract.dimension), *(each[None] for each in tried)]
        return cls(key, np.concatenate(faces))
