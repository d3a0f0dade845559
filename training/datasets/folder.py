"""Folders of images, one folder an identity: whole images, or faces found and aligned.

Reading, finding and aligning are the service's own. A file that cannot be used is skipped and
listed with the reason, never silently and never at the cost of the rest.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.progress import track

from app.bundles.bundle import Bundle
from app.core.files import whole_file
from app.errors import AppError
from app.inference.entries import HINTS
from app.inference.pipeline import Pipeline, build_pipeline
from app.inference.walk import Photo, fingerprint, walk
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
    photos, unread = photos_in_folder(folder)
    return read_images(folder, _pairs(photos), lambda image: fitted_rgb(image, how), unread)


def load_faces(folder: Path, face_bundle: Path, *, cache: Path) -> ImageSet:
    """Aligned 112 px crops (n, 112, 112, 3) RGB of the face nearest each image's centre.

    ``cache`` (an npz file) is used where it was made from this folder by this bundle's detector.
    """
    bundle = Bundle.load(face_bundle)
    detector = bundle.manifest.files["detector.onnx"].sha256
    photos, unread = photos_in_folder(folder)
    key = json.dumps([str(folder), fingerprint(photos), detector])
    if cache.is_file():
        with np.load(cache) as file:
            if str(file["key"]) == key:
                names, identities = (tuple(map(str, file[k])) for k in ("names", "identities"))
                skipped = tuple(map(str, file["skipped"]))
                return ImageSet(file["images"], file["labels"], identities, names, skipped)
    pipeline = build_pipeline(bundle)
    data = read_images(folder, _pairs(photos), lambda image: _face(pipeline, image), unread)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(cache) as stream:
        np.savez(
            stream, key=key, images=data.images, labels=data.labels, names=np.array(data.names),
            identities=np.array(data.identities), skipped=np.array(data.skipped, dtype=np.str_),
        )  # fmt: skip
    return data


def photos_in_folder(folder: Path) -> tuple[list[Photo], list[str]]:
    """Every image with its identity, and the files that are no image that can be read, with the
    reason; an empty or missing folder is refused in one line.
    """
    if not folder.is_dir():
        raise TrainingError(f"There is no folder {folder}.")
    people = walk(folder)
    if not people.photos:
        raise TrainingError(f"{folder} holds no images; it should hold one folder an identity.")
    unread = [f"{_name(folder, each.path)}: {HINTS[each.kind]}" for each in people.refused]
    return people.photos, unread


def _pairs(photos: list[Photo]) -> list[tuple[str, Path]]:
    return [(photo.person, photo.file) for photo in photos]


def _name(folder: Path, file: Path) -> str:
    """The way from the folder; a byte that is no UTF-8 is escaped."""
    return str(file.relative_to(folder)).encode("utf-8", "backslashreplace").decode()


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


def read_images(
    folder: Path, photos: list[tuple[str, Path]], sample: Sampled, unread: Sequence[str] = ()
) -> ImageSet:
    """The ``photos`` (identity, file) of ``folder``, each as ``sample`` makes it. ``unread`` are
    files that are known to be skipped.
    """
    images, people, names, skipped = [], [], [], list(unread)
    for person, file in track(photos, "reading images"):
        name = _name(folder, file)
        try:
            images.append(sample(decode_image(file.read_bytes(), _LIMITS)))
        except (AppError, OSError, _NoFace) as error:
            skipped.append(f"{name}: {error}")
            continue
        people.append(person)
        names.append(name)
    if not images:
        raise TrainingError(f"None of the {len(skipped)} images of {folder} could be used.")
    identities, labels = np.unique(people, return_inverse=True)
    known = tuple(map(str, identities))
    return ImageSet(np.stack(images), labels.astype(np.int64), known, tuple(names), tuple(skipped))
