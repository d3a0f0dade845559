"""The distance matrix of images or persons: how they lie to each other in the embedding space."""

from collections.abc import Sequence

import numpy as np

from app.decision.fusion import fuse
from app.errors import Conflict, FieldError, InvalidRequest, NoFace
from app.inference.analyser import Analyser
from app.inference.embedder import Embeddings
from app.recognition.schemas import DistanceMatrix, DistanceOptions, Metric
from app.recognition.search import PersonSearch

MOST = 64


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
            raise _wrong("send either images or person_ids")
        if options.person_ids:
            labels = list(options.person_ids)
            vectors = [self._person(collection_id, person_id) for person_id in labels]
        else:
            if not 2 <= len(images) <= MOST:
                raise _wrong(f"2 to {MOST} images are compared, {len(images)} were sent")
            labels = [label for label, _ in images]
            vectors = [self._image(label, data) for label, data in images]
        distances = pairwise(np.array(vectors, np.float32), options.metric)
        return DistanceMatrix(labels=labels, metric=options.metric, matrix=distances.tolist())

    def _person(self, collection_id: str, person_id: str) -> Embeddings:
        _, _, templates = self._search.enrolled(collection_id, person_id)
        if not len(templates):
            raise Conflict(f"The person {person_id!r} has no faces to compare; add some.")
        return fuse(templates)

    def _image(self, label: str, data: bytes) -> Embeddings:
        analysis = self._analyser.analyse(data, lambda found: found[:1])
        if not analysis.chosen:
            raise NoFace(f"No face was found in {label}.")
        row: Embeddings = analysis.embeddings[0]
        return row


def pairwise(vectors: Embeddings, metric: Metric) -> Embeddings:
    """(n, n) distances of (n, d) unit rows; ``cosine`` is 1 - cosine; the diagonal is 0."""
    if metric == "cosine":
        distances = 1 - vectors @ vectors.T
    else:
        order = 2 if metric == "euclidean" else 1
        distances = np.linalg.norm(vectors[:, None] - vectors[None], ord=order, axis=2)
    np.fill_diagonal(distances, 0)
    return np.asarray(np.maximum(distances, 0).round(6), np.float32)


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(f"images: {message}.", errors=[FieldError("images", message)])
