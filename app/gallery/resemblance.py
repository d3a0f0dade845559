"""Whether a face to be enrolled looks like somebody else who is: asked before it becomes a
template, with no transaction open. Two who are enrolled at the same instant do not see each other;
the lookalike report finds them afterwards.
"""

from dataclasses import dataclass

from app.core.clock import Clock
from app.core.db import Database
from app.decision.sites import SiteCalibrations
from app.gallery import repository
from app.gallery.evidence import evidence_of
from app.gallery.models import Collection
from app.index.base import Vectors
from app.replication.reader import GalleryReaders


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Another person whom the service would have named for this face: their internal key and id,
    the similarity, and how often a stranger looks as much like somebody in this gallery.
    """

    person_key: int
    person_id: str
    similarity: float
    fpir: float


class Resemblances:
    """Finds whom a face would be taken for. Thread-safe."""

    def __init__(
        self,
        database: Database,
        replicas: GalleryReaders,
        clock: Clock,
        calibrations: SiteCalibrations,
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._clock = clock
        self._calibrations = calibrations

    def of(self, owner: Collection, faces: Vectors, *, but: int | None) -> list[Resemblance | None]:
        """The person whom each of ``faces`` (n, d) would be taken for, valid now or not; ``but`` is
        the key of the person whose faces they are, who is left out.
        """
        replica = self._replicas.of(owner.key, owner.epoch)
        found = replica.search(faces, 2, revision=owner.revision, now=self._clock.now())
        gallery, near = found.gallery, found.neighbours
        evidence = evidence_of(owner, gallery)
        threshold = self._calibrations.threshold(
            evidence, owner.target_fpir, gallery.size
        ).similarity
        others = [
            next(((key, each) for key, each in zip(*row, strict=True) if key != but), None)
            for row in zip(near.keys.tolist(), near.similarities.tolist(), strict=True)
        ]
        alike = [pair if pair and pair[1] >= threshold else None for pair in others]
        ids = self._ids({pair[0] for pair in alike if pair})
        calibration = self._calibrations.at(evidence)
        return [
            Resemblance(pair[0], ids[pair[0]], pair[1], calibration.fpir(pair[1], gallery.size))
            if pair and pair[0] in ids
            else None
            for pair in alike
        ]

    def _ids(self, keys: set[int]) -> dict[int, str]:
        """The ids of ``keys`` that are still in SQL, which decides."""
        if not keys:
            return {}
        with self._database.read() as session:
            return {row.key: row.id for row in repository.persons_with(session, keys)}
