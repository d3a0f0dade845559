"""The distance matrix of images or persons: how they lie to each other in the embedding space."""

from collections.abc import Sequence

import numpy as np

from app.decision.fusion import fuse
from app.errors import Conflict
from app.inference.analyser import Analyser
from app.inference.embedder import Embeddings
from app.recognition.faces import largest_faces, wrong_images
from app.recognition.schemas import DistanceMatrix, DistanceOptions, Metric
from app.recognition.search import PersonSearch


class DistanceService:
    """Measures distances between images, or between the persons of a collection."""

    def __init__(self, analyser: Analyser, search: PersonSearch) -> None:
        self._analyser = analyser
        self._search = search

    def matrix(
        self, collection_id: str, images: Sequence[tuple[str, bytes]], options: DistanceOptions
    ) -> DistanceMatrix:
        """The distances of 2 to 64 labelled images, or of the persons that the options name."""
        self._search.collection(collection_id)
        if bool(images) == bool(options.person_ids):
            raise wrong_images("send either images or person_ids")
        if options.person_ids:
            labels = list(options.person_ids)
            vectors = np.stack([self._person(collection_id, each) for each in labels])
        else:
            labels = [label for label, _ in images]
            vectors = largest_faces(self._analyser, images)
        distances = pairwise(vectors, options.metric)
        return DistanceMatrix(labels=labels, metric=options.metric, matrix=distances.tolist())

    def _person(self, collection_id: str, person_id: str) -> Embeddings:
        _, _, templates = self._search.enrolled(collection_id, person_id)
        if not len(templates):
            raise Conflict(f"The person {person_id!r} has no faces to compare; add some.")
        return fuse(templates)


def pairwise(vectors: Embeddings, metric: Metric) -> Embeddings:
    """(n, n) distances of (n, d) unit rows; ``cosine`` is 1 - cosine; the diagonal is 0."""
    if metric == "cosine":
        distances = 1 - vectors @ vectors.T
    else:
        order = 2 if metric == "euclidean" else 1
        distances = np.linalg.norm(vectors[:, None] - vectors[None], ord=order, axis=2)
    np.fill_diagonal(distances, 0)
    return np.asarray(np.maximum(distances, 0).round(6), np.float32)
