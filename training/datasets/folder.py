"""Folders of images, one folder an identity: whole images, or faces found and aligned.

Reading, finding and aligning are the service's own. A file that cannot be used is skipped and
listed with the reason, never silently and never at the cost of the rest.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.progress import track

from app.errors import AppError
from app.inference.bundle import Bundle
from app.inference.folders import photos_in
from app.inference.pipeline import Pipeline, build_pipeline
from app.vision.decode import ImageLimits, decode_image
from app.vision.types import Box, RgbImage
from training.datasets.base import ImageSet
from training.datasets.whole import fitted_rgb, grey
from training.errors import TrainingError

_LIMITS = ImageLimits(max_bytes=50_000_000, max_pixels=100_000_000)
Sampled = Callable[[RgbImage], RgbImage]


def load(folder: Path, size: int) -> ImageSet:
    """Whole grey images, one folder an identity."""
    how = grey(size)
    photos = photos_in_folder(folder)
    return read_images(folder, photos, lambda image: fitted_rgb(image, how))


def load_faces(folder: Path, face_bundle: Path, *, cache: Path) -> ImageSet:
    """Aligned 112 px crops (n, 112, 112, 3) RGB of the face nearest each image's centre.

    ``cache`` (an npz file) is used where it was made from this folder by this bundle's detector.
    """
    bundle = Bundle.load(face_bundle)
    detector = bundle.manifest.files["detector.onnx"].sha256
    key = json.dumps([str(folder), len(photos_in_folder(folder)), detector])
    if cache.is_file():
        with np.load(cache) as file:
            if str(file["key"]) == key:
                names, identities = (tuple(map(str, file[k])) for k in ("names", "identities"))
                skipped = tuple(map(str, file["skipped"]))
                return ImageSet(file["images"], file["labels"], identities, names, skipped)
    pipeline = build_pipeline(bundle)
    data = read_images(folder, photos_in_folder(folder), lambda image: _face(pipeline, image))
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        cache, key=key, images=data.images, labels=data.labels, names=np.array(data.names),
        identities=np.array(data.identities), skipped=np.array(data.skipped, dtype=np.str_),
    )  # fmt: skip
    return data


def photos_in_folder(folder: Path) -> list[tuple[str, Path]]:
    """(identity, file) of every image; an empty or missing folder is refused in one line."""
    if not folder.is_dir():
        raise TrainingError(f"There is no folder {folder}.")
    photos = [(photo.person, photo.file) for photo in photos_in(folder)]
    if not photos:
        raise TrainingError(f"{folder} holds no images; it should hold one folder an identity.")
    return photos


def _face(pipeline: Pipeline, image: RgbImage) -> RgbImage:
    middle = (image.shape[1] / 2, image.shape[0] / 2)
    face = min(pipeline.find(image), key=lambda s: _distance(s.box, middle), default=None)
    if face is None:
        raise _NoFace
    return face.crop


def _distance(box: Box, point: tuple[float, float]) -> float:
    return math.hypot(box.x + box.width / 2 - point[0], box.y + box.height / 2 - point[1])


class _NoFace(Exception):
    def __str__(self) -> str:
        return "no face was found"


def read_images(folder: Path, photos: list[tuple[str, Path]], sample: Sampled) -> ImageSet:
    """The ``photos`` (identity, file) of ``folder``, each as ``sample`` makes it."""
    images, people, names, skipped = [], [], [], []
    for person, file in track(photos, "reading images"):
        name = str(file.relative_to(folder))
        try:
            images.append(sample(decode_image(file.read_bytes(), _LIMITS)))
        except (AppError, _NoFace) as error:
            skipped.append(f"{name}: {error}")
            continue
        people.append(person)
        names.append(name)
    if not images:
        raise TrainingError(f"None of the {len(skipped)} images of {folder} could be used.")
    identities, labels = np.unique(people, return_inverse=True)
    known = tuple(map(str, identities))
    return ImageSet(np.stack(images), labels.astype(np.int64), known, tuple(names), tuple(skipped))
