"""The photographs of the open-set bench, through the service's own pipeline, and kept.

Embedding takes six minutes on two cores, so what came out lies in ``data/cache`` by the
contract id and the photographs' fingerprint: another model, alignment or folder is another file.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from app.inference.folders import photos_in
from app.inference.pipeline import Pipeline, Sample
from app.inference.walk import Photo, fingerprint
from app.vision.decode import ImageLimits, decode_image
from app.vision.types import RgbImage
from bench.openset_cameras import CAMERAS, through
from training.datasets.base import number_of

Vectors = NDArray[np.float32]
Keys = NDArray[np.int64]

WEB: Final = "web photographs"
_PER_PERSON: Final = 4  # images that each camera takes again: three templates and a probe
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)
_NEVER_TRAINED_ON: Final = 0.5  # training/runs/face-adapt.toml: `unseen`


@dataclass(frozen=True, slots=True)
class Photographs:
    """``names`` (n,) of the files and ``persons`` (n,) whose they are; ``embeddings`` (n, d),
    ``mirrored`` (n, d) the same faces in the mirror, ``quality`` (n,) from 0 to 1. ``retaken`` are
    the rows that the ``cameras`` took again, each as (m, d).
    """

    names: NDArray[np.str_]
    persons: NDArray[np.str_]
    embeddings: Vectors
    mirrored: Vectors
    quality: NDArray[np.float32]
    retaken: Keys
    cameras: Mapping[str, Vectors]

    def of(self, rows: NDArray[np.bool_]) -> "Photographs":
        """Only those of ``rows`` (n,)."""
        again = rows[self.retaken]
        return Photographs(
            self.names[rows],
            self.persons[rows],
            self.embeddings[rows],
            self.mirrored[rows],
            self.quality[rows],
            (np.cumsum(rows) - 1)[self.retaken[again]],
            {name: vectors[again] for name, vectors in self.cameras.items()},
        )


def photographs(folder: Path, pipeline: Pipeline, *, cache: Path, threads: int) -> Photographs:
    """The photographs of ``folder``, one folder a person, from ``cache`` where it has them."""
    photos = photos_in(folder)
    file = cache / f"openset-{pipeline.contract_id}-{fingerprint(photos)[:16]}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, **_embedded(photos, pipeline, threads))
        part.rename(file)
    with np.load(file) as kept:
        columns = {name: kept[name] for name in kept.files}
    cameras = {name: columns.pop(name) for name in CAMERAS}
    return Photographs(**columns, cameras=cameras)


def never_trained_on(person: str) -> bool:
    """Whether no bundle that Kith trained has seen this person; half of the people."""
    return number_of(person) < _NEVER_TRAINED_ON


def _embedded(photos: list[Photo], pipeline: Pipeline, threads: int) -> dict[str, Any]:
    with ThreadPoolExecutor(threads) as pool:
        faces = pool.map(lambda photo: _face_of(pipeline, photo), photos)
        found = list(track(faces, "Finding faces", len(photos)))
        kept = [(p, s) for p, s in zip(photos, found, strict=True) if s is not None]
        crops = np.stack([sample.crop for _, sample in kept])
        persons = np.array([photo.person for photo, _ in kept])
        retaken = np.flatnonzero(_rank(persons) < _PER_PERSON)

        def embed(images: NDArray[np.uint8], what: str) -> Vectors:
            rows = pool.map(lambda crop: pipeline.embed([crop])[0], images)
            return np.stack(list(track(rows, what, len(images))))

        return {
            "names": np.array([photo.file.stem for photo, _ in kept]),
            "persons": persons,
            "quality": np.array([_score(sample) for _, sample in kept], np.float32),
            "embeddings": embed(crops, WEB),
            "mirrored": embed(np.ascontiguousarray(crops[:, :, ::-1]), "in the mirror"),
            "retaken": retaken,
            **{
                name: embed(through(camera, crops[retaken]), name)
                for name, camera in CAMERAS.items()
            },
        }


def _face_of(pipeline: Pipeline, photo: Photo) -> Sample | None:
    return central_face(pipeline, decode_image(photo.file.read_bytes(), _LIMITS))


def central_face(pipeline: Pipeline, image: RgbImage) -> Sample | None:
    """LFW means the person at the centre, who is not always the largest."""
    middle = np.array(image.shape[1::-1]) / 2

    def away(sample: Sample) -> float:
        centre = (sample.box.x + sample.box.width / 2, sample.box.y + sample.box.height / 2)
        return float(np.linalg.norm(np.array(centre) - middle))

    return min(pipeline.find(image), key=away, default=None)


def _score(sample: Sample) -> float:
    return 1.0 if sample.quality is None else sample.quality.score


def _rank(persons: NDArray[np.str_]) -> Keys:
    """Each image's place among those of its person, in a fixed random order."""
    order = np.random.default_rng(0).permutation(len(persons))
    _, identity = np.unique(persons, return_inverse=True)
    by_person = order[np.argsort(identity[order], kind="stable")]
    rank = np.empty(len(persons), np.int64)
    ordered = identity[by_person]
    rank[by_person] = np.arange(len(persons)) - np.searchsorted(ordered, ordered)
    return rank
