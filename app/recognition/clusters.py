"""Groups faces by person, and finds who of these persons is enrolled."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from app.core.reports import OneEach
from app.decision.calibration import Calibration
from app.decision.clusters import clusters, cohesion
from app.decision.rates import comparison_rate
from app.gallery.models import Collection
from app.gallery.rates import rates_in
from app.index.base import Vectors
from app.inference.analyser import Analyser
from app.recognition.bookkeeping import Records
from app.recognition.matches import FEWEST, judge, standing_of
from app.recognition.results import Group, GroupedFaces, RatedMatch
from app.recognition.schemas.clusters import ClusterOptions
from app.recognition.search import PersonSearch
from app.recognition.subject import TakenFace, take_faces, wrong_images


class ClusterService:
    """Groups faces by the calibrated distance. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        search: PersonSearch,
        records: Records,
        calibration: Calibration,
    ) -> None:
        self._analyser = analyser
        self._search = search
        self._records = records
        self._calibration = calibration
        self._reports = OneEach()  # of a thousand probes, a second of a core

    def group(
        self, collection_id: str, images: Sequence[tuple[str, bytes]], options: ClusterOptions
    ) -> GroupedFaces:
        """Group one face of each of 2 to 64 labelled images, or the collection's stored probes.

        ``NotReady`` where stored probes of the collection are being grouped already.
        """
        collection = self._search.collection(collection_id)
        if options.stored_probes == bool(images):
            raise wrong_images("send either images or stored_probes")
        if options.stored_probes:
            with self._reports.alone(collection.key):
                stored = self._records.probes(collection)
                return self._grouped(collection, stored.ids, stored.vectors, stored.seen, [])

        labels = [label for label, _ in images]
        faces = take_faces(self._analyser, images, options.subject)
        vectors = np.stack([vector for _, vector in faces])
        return self._grouped(collection, labels, vectors, None, [taken for taken, _ in faces])

    def _grouped(
        self,
        collection: Collection,
        labels: Sequence[str],
        vectors: Vectors,
        seen: Sequence[datetime] | None,
        taken: Sequence[TakenFace],
    ) -> GroupedFaces:
        """Join faces as near as a person must be to be named in a gallery of the others."""
        if not labels:
            return GroupedFaces((), collection.target_fpir, (), ())
        gallery, people = self._search.near(collection, vectors)
        rates = rates_in(self._calibration, collection, gallery)
        rate = comparison_rate(collection.target_fpir, len(labels) - 1)
        found = clusters(vectors, rates, rate, people=people)
        known = self._known(collection, [vectors[rows] for rows in found])
        groups = tuple(
            Group(
                rows=tuple(rows),
                cohesion=cohesion(vectors[rows]),
                first_seen=seen[rows[0]] if seen else None,
                last_seen=seen[rows[-1]] if seen else None,
                known=person,
            )
            for rows, person in zip(found, known, strict=True)
        )
        return GroupedFaces(tuple(labels), rate, groups, tuple(taken))

    def _known(self, collection: Collection, groups: list[Vectors]) -> list[RatedMatch | None]:
        """The enrolled person of each group's centroid, by the collection's target, or None."""
        sums = [group.sum(axis=0) for group in groups]
        centroids = np.array([each / max(float(np.linalg.norm(each)), 1e-12) for each in sums])
        probes = centroids.astype(np.float32)
        matches = self._search.nearest(collection, probes, FEWEST)
        rates = rates_in(self._calibration, collection, matches.gallery).of(probes)
        margin, target = self._calibration.ambiguity_margin, collection.target_fpir
        known: list[RatedMatch | None] = []
        for near, each in zip(matches.by_probe, rates, strict=True):
            own = each.judging(near.counted, target)
            limit, standing = own.limit(target), standing_of(near.matches, own)
            passed_over = standing.below(limit)
            winner = judge(near.matches, limit, margin=margin, passed_over=passed_over).winner
            fpirs = standing.fpirs(own.fpirs([match.similarity for match in near.matches]))
            rated = map(RatedMatch, near.matches, fpirs)
            known.append(next((person for person in rated if person.match is winner), None))
        return known
