"""The largest face of each of several images, for what compares images with each other."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from app.errors import FieldError, InvalidRequest, NoFace
from app.inference.analyser import Analyse, Analyser
from app.inference.embedder import Embeddings

MOST_IMAGES: Final = 64


def largest_faces(analyser: Analyser, images: Sequence[tuple[str, bytes]]) -> Embeddings:
    """Embeddings (n, d) of 2 to 64 labelled images; ``NoFace`` names the first without a face."""
    if not 2 <= len(images) <= MOST_IMAGES:
        raise wrong_images(f"2 to {MOST_IMAGES} images are needed, {len(images)} were sent")
    with analyser.batch(len(images)) as analyse:
        return np.stack([_largest_face(analyse, label, data) for label, data in images])


def wrong_images(message: str) -> InvalidRequest:
    """What is wrong with the images of a request."""
    return InvalidRequest(f"images: {message}.", errors=[FieldError("images", message)])


def _largest_face(analyse: Analyse, label: str, data: bytes) -> Embeddings:
    analysis = analyse(data, lambda found: found[:1])
    if not analysis.chosen:
        raise NoFace(f"No face was found in {label}.")
    row: Embeddings = analysis.embeddings[0]
    return row
