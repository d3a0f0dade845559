"""Embeds folders of photographs, one folder for each person."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import AppError
from app.inference.analyser import Analyser
from app.inference.embedder import Embeddings
from app.inference.pipeline import Sample, Scene
from app.inference.subject import Selection
from app.inference.walk import Photo, walk
from app.vision.again import seen_again


@dataclass(frozen=True, slots=True)
class EmbeddedFolder:
    """The usable photos of a folder tree: ``embeddings`` (n, d), ``again`` (n, d) of the same
    samples seen a second time, ``labels`` (n,); and those refused, with the reason.
    """

    embeddings: Embeddings
    again: Embeddings
    labels: NDArray[np.str_]
    photos: list[Photo]
    refused: list[tuple[Photo, str]]


def photos_in(folder: Path) -> list[Photo]:
    """The photos in the sub-folders of ``folder``, by person and name; see ``walk``."""
    return walk(folder).photos


def embed_photos(
    analyser: Analyser,
    photos: Iterable[Photo],
    *,
    threads: int,
    choose: Callable[[Sequence[Sample]], Sample | None],
    done: Callable[[], None],
) -> EmbeddedFolder:
    """Embed one face of each photo on ``threads`` threads; ``done`` is called after each photo."""
    kept: list[tuple[Photo, Embeddings]] = []
    refused: list[tuple[Photo, str]] = []
    with ThreadPoolExecutor(threads) as pool:
        for photo, rows, reason in pool.map(lambda p: _embed(analyser, p, choose), photos):
            done()
            if rows is None:
                refused.append((photo, reason))
            else:
                kept.append((photo, rows))
    shape = (len(kept), 2, analyser.pipeline.dimension)
    stacked = np.array([rows for _, rows in kept], np.float32).reshape(shape)
    labels = np.array([photo.person for photo, _ in kept], np.str_)
    return EmbeddedFolder(
        stacked[:, 0], stacked[:, 1], labels, [photo for photo, _ in kept], refused
    )


def _embed(
    analyser: Analyser, photo: Photo, choose: Callable[[Sequence[Sample]], Sample | None]
) -> tuple[Photo, Embeddings | None, str]:
    def select(scene: Scene) -> Selection:
        sample = choose(scene.samples)
        return Selection([] if sample is None else [sample], len(scene.samples))

    try:
        faces = analyser.analyse(photo.file.read_bytes(), select).faces
    except (AppError, OSError) as error:
        return photo, None, getattr(error, "detail", str(error))
    if not faces or faces[0].embedding is None:
        return photo, None, "not one face that the photo is of"
    sample = faces[0].sample
    again = seen_again(sample.crop, face=sample.landmarks is not None)
    return photo, np.stack([faces[0].embedding, *analyser.pipeline.embed([again])]), ""
