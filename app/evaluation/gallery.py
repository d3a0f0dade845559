"""The input of an evaluation: the templates of people, by name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.decision.cohort import Cohort
from app.decision.fusion import Fused, fuse_persons
from app.decision.reports import NO_REPORTS, Reports
from app.errors import InvalidRequest

Vectors = NDArray[np.float32]
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An image that could not be enrolled, and why."""

    person: str
    image: str
    reasons: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Unit ``vectors`` (n, d), one an image, of ``owners`` (n,): positions in ``people``.

    ``people`` are ids, ``titles`` the same people as they are shown; both also have those of whom
    no image could be used. ``images`` are the n images' names. ``refused`` are the images that gave
    no template; None where nothing is known of them.
    ``reports`` are what operators said of its answers.
    """

    vectors: Vectors
    owners: Keys
    images: Sequence[str]
    people: Sequence[str]
    titles: Sequence[str]
    refused: Sequence[Refusal] | None
    reports: Reports = NO_REPORTS

    def __post_init__(self) -> None:
        """``InvalidRequest`` where nothing can be measured: one person, or no second image."""
        counts = np.bincount(self.owners, minlength=len(self.people))
        with_any = int((counts > 0).sum())
        if with_any < 2:
            raise InvalidRequest(
                f"{with_any} of {len(self.people)} people here have a usable image; at least two "
                "are needed, for each is the others' stranger."
            )
        if counts.max() < 2:
            raise InvalidRequest(
                f"None of the {with_any} people has two usable images; somebody needs one to be "
                "enrolled with and one to be recognised on."
            )

    @property
    def refused_owners(self) -> Keys:
        """(r,) the person's number for each of r refused images; empty if they are not known."""
        number = {person: i for i, person in enumerate(self.people)}
        return np.array([number[each.person] for each in self.refused or ()], np.int64)

    @property
    def fused(self) -> Fused:
        """One vector a person, as Kith enrols them with all their images."""
        return fuse_persons(self.vectors, self.owners)

    @property
    def cohort(self) -> Cohort:
        """The people whom every probe's scores are standardised by."""
        return Cohort.of(self.fused.vectors)
