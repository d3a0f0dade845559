"""Computes the distance matrix of images or persons in the embedding space."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import fuse
from app.errors import Conflict
from app.inference.analyser import Analyser
from app.inference.embedder import Embeddings
from app.recognition.image_results import MeasuredDistances, Metric
from app.recognition.schemas.distances import DistanceOptions
from app.recognition.search import PersonSearch
from app.recognition.subject import TakenFace, take_faces, wrong_images

_TINY: Final = 1e-12


class DistanceService:
    """Measures distances between images, or between the persons of a collection."""

    def __init__(self, analyser: Analyser, search: PersonSearch) -> None:
        self._analyser = analyser
        self._search = search

    def matrix(
        self, collection_id: str, images: Sequence[tuple[str, bytes]], options: DistanceOptions
    ) -> MeasuredDistances:
        """The distances of 2 to 64 labelled images, or of the persons that the options name."""
        self._search.collection(collection_id)
        if bool(images) == bool(options.person_ids):
            raise wrong_images("send either images or person_ids")
        taken: tuple[TakenFace, ...] = ()
        if options.person_ids:
            labels = list(options.person_ids)
            vectors = np.stack([self._person(collection_id, each) for each in labels])
        else:
            labels = [label for label, _ in images]
            faces = take_faces(self._analyser, images, options.subject)
            vectors = np.stack([vector for _, vector in faces])
            taken = tuple(face for face, _ in faces)
        matrix = _pairwise(vectors, options.metric)
        return MeasuredDistances(tuple(labels), options.metric, matrix, taken)

    def _person(self, collection_id: str, person_id: str) -> Embeddings:
        _, _, templates = self._search.enrolled(collection_id, person_id)
        if not len(templates):
            raise Conflict(f"The person {person_id!r} has no faces to compare; add some.")
        return fuse(templates)


def _pairwise(vectors: Embeddings, metric: Metric) -> NDArray[np.float64]:
    """(n, n) distances of the directions of (n, d) rows, symmetric and 0 between equal ones;
    ``cosine`` is 1 - cosine.

    In 64 bits, of rows that are made exactly of unit length: with 32 bits the distance of a face
    from itself came out below 0 or above.
    """
    rows = vectors.astype(np.float64)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _TINY)
    if metric == "cosine":
        # Of unit rows 1 - cosine is half the square of their distance, which is 0 for equal ones.
        distances = np.array([np.square(rows - row).sum(axis=1) / 2 for row in rows])
    else:
        order = 2 if metric == "euclidean" else 1
        distances = np.array([np.linalg.norm(rows - row, ord=order, axis=1) for row in rows])
    return distances
