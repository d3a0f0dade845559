"""``make bench-templates``: better templates from the same photos, each idea against today's.

The protocol is that of ``bench.degraded``: 180 persons with three photos each, 500 other photos of
them and 700 of strangers as probes, clean and degraded, all of people never trained on. The photos
enrolled are clean; or one of each person's three is degraded, another way from person to person;
or one of three is a stranger's, of every tenth person. ``KITH_TEST_DATA`` names the photos.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.bundles.bundle import Bundle
from app.decision.own_faces import own_limits, unlike
from app.evaluation.rates import share
from app.inference.folders import photos_in
from app.inference.pipeline import Sample, build_pipeline
from app.vision.align import ARCFACE_112
from app.vision.decode import ImageLimits, decode_image
from app.vision.quality import measure_quality
from bench.degraded import DRAWS, FPIR, PHOTOS, Crops, Vectors, embedded, protocol, usable
from bench.degraded_views import CLEAN, VIEWS, seen
from bench.openset_data import central_face, never_trained_on
from training.evaluate.identification import Protocol, identify

_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)
_SPOILT: Final = [view for view in VIEWS if view != CLEAN]
_EVERY: Final = 10  # persons, of whom one has a stranger's photo
TODAY: Final = "centroid (today)"

Quality = NDArray[np.float64]
Gallery = tuple[Vectors, Vectors, Quality]
"""The embeddings of all rows, of their mirror images, and their quality scores."""
Fusion = Callable[[Gallery, NDArray[np.int64]], Vectors]
"""Gives the template (d,) of the ``rows`` of one person."""


def main() -> None:
    """Print a table for each kind of gallery."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("this bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    bundle = Bundle.load(Path(sys.argv[1] if len(sys.argv) > 1 else "data/models/face"))
    photos = [p for p in photos_in(Path(named) / "lfw-devtrain") if never_trained_on(p.person)]
    labels = np.unique([photo.person for photo in photos], return_inverse=True)[1]
    draws = [protocol(labels, seed) for seed in range(DRAWS)]
    pipeline, faces = build_pipeline(bundle), dict[int, Sample]()
    for row in track(sorted({int(r) for d in draws for part in _parts(d) for r in part}), "Faces"):
        face = central_face(pipeline, decode_image(photos[row].file.read_bytes(), _LIMITS))
        if face is not None:
            faces[row] = face
    crops = {row: face.crop for row, face in faces.items()}
    draws = [usable(draw, crops) for draw in draws]
    enrolled = np.unique(np.concatenate([draw.gallery for draw in draws]))
    data = _Data(bundle, faces, crops, labels, enrolled)
    fusions = _fusions(bundle)
    for name, spoil in _GALLERIES.items():
        gallery = [spoil(data, draw) for draw in draws]
        Console(width=150).print(_table(name, fusions, gallery, data, draws, labels))


class _Data:
    """Everything that was embedded, by view: of ``rows`` (m,); the others are zero. ``labels`` (n,)
    are the persons of all. Mirrored are the rows ``enrolled`` alone.
    """

    def __init__(
        self,
        bundle: Bundle,
        faces: Mapping[int, Sample],
        crops: Crops,
        labels: NDArray[np.int64],
        enrolled: NDArray[np.int64],
    ) -> None:
        self.rows, self.labels = np.array(sorted(crops)), labels
        known, rows = self.rows, len(labels)

        def whole(some: NDArray[np.int64], vectors: Vectors) -> Vectors:
            out = np.zeros((rows, bundle.manifest.dimension), np.float32)
            out[some] = vectors
            return out

        mirror = {row: np.ascontiguousarray(crop[:, ::-1]) for row, crop in crops.items()}
        self.views = {v: whole(known, embedded(bundle, known, crops, v)) for v in VIEWS}
        self.mirrored = {
            v: whole(enrolled, embedded(bundle, enrolled, mirror, v, name=f"mirror-{v}"))
            for v in VIEWS
        }
        self.quality = {view: np.zeros(rows) for view in VIEWS}
        for view, row in ((view, row) for view in VIEWS for row in known):
            shown = seen(crops[row], row, view)
            measured = measure_quality(faces[row].box, ARCFACE_112, shown)
            self.quality[view][row] = measured.score

    def of(self, view: str) -> Gallery:
        """All rows in this ``view``."""
        return self.views[view].copy(), self.mirrored[view].copy(), self.quality[view].copy()


def _clean(data: _Data, draw: Protocol) -> Gallery:
    del draw
    return data.of(CLEAN)


def _one_degraded(data: _Data, draw: Protocol) -> Gallery:
    embeddings, mirrored, quality = data.of(CLEAN)
    for person, row in enumerate(draw.gallery[::PHOTOS]):
        view = _SPOILT[person % len(_SPOILT)]
        embeddings[row], mirrored[row] = data.views[view][row], data.mirrored[view][row]
        quality[row] = data.quality[view][row]
    return embeddings, mirrored, quality


def _some_strangers(data: _Data, draw: Protocol) -> Gallery:
    rows = draw.gallery[:: PHOTOS * _EVERY]
    known = np.concatenate([draw.gallery, draw.strangers])
    others = data.rows[~np.isin(data.labels[data.rows], data.labels[known])][: len(rows)]
    embeddings, mirrored, quality = data.of(CLEAN)
    embeddings[rows] = mirrored[rows] = embeddings[others]  # theirs are not mirrored
    quality[rows] = quality[others]
    return embeddings, mirrored, quality


_GALLERIES: Final[Mapping[str, Callable[[_Data, Protocol], Gallery]]] = {
    "three clean photos": _clean,
    "one of three photos degraded": _one_degraded,
    "one of three photos a stranger's, of every tenth person": _some_strangers,
}


def _fusions(bundle: Bundle) -> dict[str, Fusion]:
    limits = own_limits(bundle.calibration, PHOTOS)

    def without_odd(gallery: Gallery, rows: NDArray[np.int64]) -> Vectors:
        faces = gallery[0][rows]
        odd = unlike(faces, faces[:0], limits)
        belong = [row for row in range(len(rows)) if row not in odd]
        return np.asarray(faces[belong or slice(None)].sum(axis=0), np.float32)

    return {
        TODAY: lambda gallery, rows: gallery[0][rows].sum(axis=0),
        "with its mirror image": lambda gallery, rows: np.stack(
            [_unit(gallery[0][row] + gallery[1][row]) for row in rows]
        ).sum(axis=0),
        "weighted by quality": lambda gallery, rows: (
            gallery[2][rows, None].astype(np.float32) * gallery[0][rows]
        ).sum(axis=0),
        "without odd faces": without_odd,
    }


def _table(
    name: str,
    fusions: Mapping[str, Fusion],
    galleries: list[Gallery],
    data: _Data,
    draws: list[Protocol],
    labels: NDArray[np.int64],
) -> Table:
    out = Table("template", *VIEWS, title=f"DIR at FPIR {FPIR:.0%}: {name} ({DRAWS} draws)")
    for fusion, fuse in fusions.items():
        cells = list[str]()
        for view in VIEWS:
            hits, owners = [], []
            for gallery, draw in zip(galleries, draws, strict=True):
                templates = _fused(fuse, gallery, draw.gallery, labels)
                result = identify(templates, data.views[view], labels, draw)
                hits.append(result.hits(FPIR))
                owners.append(result.owner)
            rate = share(np.concatenate(hits), np.concatenate(owners))
            cells.append(f"{rate.rate:.4f} ±{(rate.high - rate.low) / 2:.3f}")
        out.add_row(fusion, *cells)
    return out


def _fused(
    fuse: Fusion, gallery: Gallery, rows: NDArray[np.int64], labels: NDArray[np.int64]
) -> Vectors:
    """Each of ``rows`` as the template of its person; other rows as they are."""
    out = gallery[0].copy()
    for person in np.unique(labels[rows]):
        own = rows[labels[rows] == person]
        out[own] = _unit(fuse(gallery, own))
    return out


def _unit(row: Vectors) -> Vectors:
    return np.asarray(row / np.linalg.norm(row), np.float32)


def _parts(draw: Protocol) -> tuple[NDArray[np.int64], ...]:
    return draw.gallery, draw.mated, draw.strangers


if __name__ == "__main__":
    main()
