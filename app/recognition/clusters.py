"""Groups faces by person, and finds who of these persons is enrolled."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from app.core.reports import OneEach
from app.decision.clusters import clusters, cohesion, of_fused_probes
from app.decision.resemblance import stranger_rate
from app.decision.sites import SiteCalibrations
from app.gallery.evidence import evidence_of
from app.gallery.models import Collection
from app.index.base import Vectors
from app.inference.analyser import Analyser
from app.recognition.bookkeeping import Records
from app.recognition.matches import judge
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
        calibrations: SiteCalibrations,
    ) -> None:
        self._analyser = analyser
        self._search = search
        self._records = records
        self._calibrations = calibrations
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
        evidence = evidence_of(collection, self._search.gallery(collection))
        rate = stranger_rate(collection.target_fpir, len(labels) - 1)
        found = clusters(vectors, self._calibrations.at(evidence), rate)
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
        if not groups:
            return []
        matches = self._search.nearest(collection, centroids.astype(np.float32), 2)
        calibration = self._calibrations.at(evidence_of(collection, matches.gallery))
        margin = calibration.ambiguity_margin
        known: list[RatedMatch | None] = []
        for group, near in zip(groups, matches.by_probe, strict=True):
            fused = of_fused_probes(calibration, len(group))
            threshold = fused.threshold(collection.target_fpir, matches.gallery.size).similarity
            winner = judge(near.matches, threshold, margin=margin).winner
            rate = fused.fpir(winner.similarity, matches.gallery.size) if winner else 0.0
            known.append(RatedMatch(winner, rate) if winner else None)
        return known
