"""Measures how well a collection identifies its own people and keeps strangers out. A measurement
is made when it is asked for, and kept for a while.

Nothing of it is written. People stand in it by their internal keys, and are looked up when it is
shown, so that it names nobody who was removed.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from app.bundles.manifest import Manifest
from app.core.clock import Clock
from app.core.db import Database
from app.core.reports import Reports
from app.decision.calibration import Calibration
from app.errors import InvalidRequest
from app.evaluation.document import Source
from app.evaluation.gallery import Gallery
from app.evaluation.measure import TEN, Evaluation, Measurement
from app.evaluation.operating import OperatingPoint
from app.gallery import evaluation_repository, repository
from app.gallery.kept_reports import Made, terms_of
from app.gallery.models import Collection
from app.gallery.rates import reports_of
from app.gallery.report_schemas import ReportedPerson
from app.index.packing import unpack

MOST_TEMPLATES: Final = 10
"""The largest number of faces a person that a measurement may enrol."""
_MOST_PEOPLE: Final = 5_000
_MOST_FACES: Final = 20_000
"""Larger collections are sampled: chance draws people up to these numbers. A measurement of that
size takes 4 seconds of a core and 220 MB (5,000 people of four random vectors, SFace's
calibration)."""
_KEPT: Final = 4
_HOUR: Final = 3600.0
"""Seconds for which a measurement is kept: people become valid, or cease to be, without a
change."""
_SPARE: Final = 5  # rows looked up for each that is shown, for some are of people removed since


@dataclass(frozen=True, slots=True)
class Measured:
    """The ``evaluation`` of a collection's people, of whom ``people`` are valid and have a face. It
    names persons by their internal keys, and images by the numbers of their faces.
    """

    made: Made
    source: Source
    evaluation: Evaluation
    people: int
    measurement: Measurement

    @property
    def is_drawn(self) -> bool:
        """Whether the people are a random sample; the larger gallery is then the collection."""
        return self.people > self.evaluation.size.persons

    def at(self, target: float) -> OperatingPoint:
        """The operating point at another target."""
        return self.measurement.at(target, self._factor)

    @property
    def _factor(self) -> float:
        return self.evaluation.at_target.larger.persons / self.evaluation.size.persons

    def fits(self, owner: Collection, now: float) -> bool:
        """Whether the measurement is still true of the collection."""
        return self.made.fits(owner, now) and now - self.made.made_at < _HOUR


class Evaluations:
    """Makes one measurement at a time, for all collections together. Thread-safe."""

    def __init__(
        self, database: Database, clock: Clock, manifest: Manifest, calibration: Calibration
    ) -> None:
        self._database = database
        self._clock = clock
        self._manifest = manifest
        self._calibration = calibration
        self._reports = Reports[Measured](_KEPT)

    def of(self, collection_id: str, templates: int | None = None) -> Measured:
        """The measurement of a collection's people, enrolled with at most ``templates`` faces.

        ``NotReady`` while it is made; ``InvalidRequest`` where there are too few faces for one.
        """
        if templates is not None and not 1 <= templates <= MOST_TEMPLATES:
            raise InvalidRequest(f"templates must be 1 to {MOST_TEMPLATES}; {templates} is not.")
        with self._database.read() as session:
            owner = repository.get_comparable(session, collection_id, self._manifest.contract_id)
        return self._reports.get(
            owner.key,
            templates,
            fits=lambda kept: kept.fits(owner, time.monotonic()),
            make=lambda: self._made(owner, templates),
        )

    def shown(
        self, found: Evaluation, most: int
    ) -> tuple[Evaluation, Mapping[str, ReportedPerson]]:
        """Cut the lists of the evaluation to at most ``most`` misses and lookalikes, of people who
        are still there. Also returns these people, by their names in the evaluation.
        """
        misses, alike = found.misses[: most * _SPARE], found.lookalikes[: most * _SPARE]
        named = {each.person for each in misses} | {each.first for each in misses}
        named |= {name for each in alike for name in (each.person, each.looks_like)}
        people = self._people(named)
        return replace(
            found,
            misses=[each for each in misses if {each.person, each.first} <= people.keys()][:most],
            lookalikes=[each for each in alike if {each.person, each.looks_like} <= people.keys()][
                :most
            ],
        ), people

    def forget(self, collection_key: int) -> None:
        """Drop the measurements of a deleted collection."""
        self._reports.forget(collection_key)

    def _people(self, names: Iterable[str]) -> dict[str, ReportedPerson]:
        with self._database.read() as session:
            return {
                str(row.key): ReportedPerson(
                    person_id=row.id, external_id=row.external_id, name=row.name
                )
                for row in repository.persons_with(session, set(map(int, names)))
            }

    def _made(self, owner: Collection, templates: int | None) -> Measured:
        began = time.monotonic()
        with self._database.read(long_running=True) as session:
            gallery, people = self._gallery(session, owner)
        gallery = replace(gallery, templates=templates)
        measurement = Measurement(gallery, self._calibration)
        drawn = measurement.rates.size.persons
        factor = people / drawn if people > drawn else TEN
        evaluation = measurement.report(gallery, owner.target_fpir, factor=factor)
        source = Source(
            kind="collection",
            name=owner.id,
            made_at=self._clock.now(),
            kith=version("kith"),
            model=f"{self._manifest.name} {self._manifest.version}",
            contract_id=owner.contract_id,
        )
        made_at = time.monotonic()
        made = Made(terms_of(owner), owner.revision, made_at, made_at - began, people)
        return Measured(made, source, evaluation, people, measurement)

    def _gallery(self, session: Session, owner: Collection) -> tuple[Gallery, int]:
        """The faces of people who are valid now, or of a random sample of them, and the number of
        all these people.
        """
        counts = evaluation_repository.face_counts(session, owner, self._clock.now())
        order = np.random.default_rng(0).permutation(len(counts))[:_MOST_PEOPLE]
        faces = np.cumsum([counts[place][1] for place in order])
        drawn = sorted(counts[place][0] for place in order[faces <= _MOST_FACES])
        rows = evaluation_repository.templates(session, owner, drawn)
        people = {row.key: str(row.key) for row in rows}
        number = {key: place for place, key in enumerate(people)}
        return Gallery(
            vectors=unpack([row.embedding for row in rows], self._manifest.dimension),
            owners=np.array([number[row.key] for row in rows], np.int64),
            images=[str(row.number) for row in rows],
            people=[*people.values()],
            titles=[*people.values()],
            refused=None,
            reports=reports_of(owner),
        ), len(counts)
