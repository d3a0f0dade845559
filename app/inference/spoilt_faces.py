"""Embeds faces of photographs that were spoilt on purpose, as the pipeline finds them."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import AppError
from app.inference.analyser import Analyser
from app.inference.embedder import Embeddings
from app.inference.pipeline import Pipeline, Sample, Scene
from app.inference.subject import find_subject, sole_subject
from app.inference.walk import Photo
from app.vision.decode import decode_image
from app.vision.spoiling import KINDS, Spoil, elsewhere, portrait
from app.vision.types import RgbImage

ELSEWHERE: Final = "elsewhere"
"""The kind of what is no face at all."""
_PLACES: Final = 2  # of a photo that are taken for faces
_MOST_PEOPLE: Final = 400


@dataclass(frozen=True, slots=True)
class SpoiltFaces:
    """``embeddings`` (n, d) of faces, spoilt in the ways ``kinds`` (n,), of the people ``labels``
    (n,), and those of the ``same`` (n, d) photos as they were.
    """

    embeddings: Embeddings
    same: Embeddings
    kinds: NDArray[np.str_]
    labels: NDArray[np.str_]


def one_each(photos: Sequence[Photo], *, most: int = _MOST_PEOPLE) -> list[Photo]:
    """One photo each of at most ``most`` people, always the same ones."""
    first: dict[str, Photo] = {}
    for photo in photos:
        first.setdefault(photo.person, photo)
    chosen = sorted(first, key=lambda person: (zlib.crc32(person.encode()), person))[:most]
    return [first[person] for person in chosen]


def embed_spoilt(
    analyser: Analyser,
    photos: Sequence[Photo],
    *,
    threads: int,
    kinds: Mapping[str, Spoil] = KINDS,
    done: Callable[[], None] = lambda: None,
) -> SpoiltFaces:
    """Spoil the one face of each photo in every way of ``kinds``, and embed what the detector still
    takes for a face; and two places of the photo that it does not. ``done`` is called after each
    photo. Nothing of a photo that cannot be read, or in which the face is not clear.
    """
    rows: list[tuple[str, str, Embeddings, Embeddings]] = []
    with ThreadPoolExecutor(threads) as pool:
        for photo, found in pool.map(lambda p: (p, _embedded(analyser, p, kinds)), photos):
            done()
            rows += [(kind, photo.person, row, same) for kind, row, same in found]
    shape = (-1, analyser.pipeline.dimension)
    return SpoiltFaces(
        np.array([row for _, _, row, _ in rows], np.float32).reshape(shape),
        np.array([same for *_, same in rows], np.float32).reshape(shape),
        np.array([kind for kind, *_ in rows], np.str_),
        np.array([person for _, person, *_ in rows], np.str_),
    )


def _embedded(
    analyser: Analyser, photo: Photo, kinds: Mapping[str, Spoil]
) -> list[tuple[str, Embeddings, Embeddings]]:
    pipeline = analyser.pipeline
    try:
        content = photo.file.read_bytes()
        image = decode_image(content, analyser.limits)
    except (AppError, OSError):
        return []
    sample = sole_subject(pipeline.find(image))
    if sample is None or sample.landmarks is None:
        return []
    face = portrait(image, sample.landmarks)
    crops = []
    for kind, spoil in kinds.items():
        found = _face_in(pipeline, spoil(face, _chance(kind, content)))
        if found is not None:
            crops.append((kind, found.crop))
    rng = _chance(ELSEWHERE, content)
    crops += [(ELSEWHERE, elsewhere(image, rng)) for _ in range(_PLACES)]
    same, *rows = pipeline.embed([sample.crop, *(crop for _, crop in crops)])
    return [(kind, row, same) for (kind, _), row in zip(crops, rows, strict=True)]


def _face_in(pipeline: Pipeline, image: RgbImage) -> Sample | None:
    """The face nearest to the middle, where there is any."""
    scene = Scene(image.shape[1], image.shape[0], pipeline.find(np.ascontiguousarray(image)))
    face = find_subject(scene, "central")
    return None if isinstance(face, str) else face


def _chance(kind: str, content: bytes) -> np.random.Generator:
    """The same for the same kind and file, wherever it lies."""
    return np.random.default_rng((zlib.crc32(kind.encode()), zlib.crc32(content)))
