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
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Draw:
    """The images that people are enrolled with, of n: ``enrolled`` (n,).

    To be a mated probe, an image must leave its person as many as they are enrolled with: ``mated``
    (n,) says of which that is so. ``instead`` (n,) is the image that takes the place of one that is
    enrolled; itself where none does.
    """

    enrolled: Flags
    mated: Flags
    instead: Keys


def drawn(owners: Keys, most: int | None) -> Draw:
    """At most ``most`` images of each of the ``owners`` (n,), by chance and always the same; None
    is all of them, and all but itself are then left to a probe.
    """
    rows, counts = np.arange(len(owners)), np.bincount(owners)[owners]
    if most is None:
        return Draw(np.ones(len(owners), np.bool_), counts > 1, rows)
    mixed = np.random.default_rng(0).permutation(len(owners))
    order = mixed[np.argsort(owners[mixed], kind="stable")]
    first = np.searchsorted(owners[order], owners[order])
    enrolled, mated, instead = rows - first < most, counts > most, rows.copy()
    instead[order] = order[np.where(enrolled & mated[order], first + most, rows)]
    return Draw(enrolled[np.argsort(order)], mated, instead)


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
    ``reports`` are what operators said of its answers. Nobody is enrolled with more images than
    ``templates``; None is all that they have.
    """

    vectors: Vectors
    owners: Keys
    images: Sequence[str]
    people: Sequence[str]
    titles: Sequence[str]
    refused: Sequence[Refusal] | None
    reports: Reports = NO_REPORTS
    templates: int | None = None

    def __post_init__(self) -> None:
        """``InvalidRequest`` where nothing can be measured: one person, or nobody who has an image
        more than they are enrolled with.
        """
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
        if self.templates is not None and counts.max() <= self.templates:
            raise InvalidRequest(
                f"Nobody here has more than {counts.max()} usable images; to measure people who "
                f"are enrolled with {self.templates}, somebody needs {self.templates + 1}, one of "
                "them to be recognised on."
            )

    @property
    def refused_owners(self) -> Keys:
        """(r,) the person's number for each of r refused images; empty if they are not known."""
        number = {person: i for i, person in enumerate(self.people)}
        return np.array([number[each.person] for each in self.refused or ()], np.int64)

    @property
    def draw(self) -> Draw:
        """The images that people are enrolled with."""
        return drawn(self.owners, self.templates)

    @property
    def fused(self) -> Fused:
        """One vector a person, as Kith enrols them."""
        enrolled = self.draw.enrolled
        return fuse_persons(self.vectors[enrolled], self.owners[enrolled])

    @property
    def cohort(self) -> Cohort:
        """The people whom every probe's scores are standardised by."""
        return Cohort.of(self.fused.vectors)
