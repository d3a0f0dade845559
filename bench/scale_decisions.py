"""``python -m bench.scale_decisions``: whether decisions by codes are those by all vectors.

A million people sampled around the real ones of LFW, and probes of some of them whose similarity
lies between the threshold - 0.1 and + 0.1. Each probe is searched by codes, and whom the large
index proposes is compared in float32, as the service does with the templates of SQL; and everybody
is compared in float32. Both are decided. Needs photographs: ``KITH_TEST_DATA`` names the folder
with ``lfw-devtrain``. ``KITH_BENCH_PEOPLE`` and ``KITH_BENCH_PROBES`` say how many; with another
``KITH_BENCH_SEED`` they are others.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from app.bundles.bundle import Bundle
from app.decision.cohort import CohortSums
from app.decision.fusion import Vectors, fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.open_set import decide
from app.decision.rates import GallerySize
from app.index.base import Keys, Neighbours
from app.index.flat import FlatIndex
from app.index.large import LargeIndex
from app.inference.folders import photos_in
from app.inference.pipeline import Pipeline, build_pipeline
from app.inference.walk import Photo, fingerprint
from app.vision.decode import ImageLimits, decode_image
from bench.openset_data import central_face

_TARGET: Final = 0.001
_NEAREST: Final = 5
_BLOCK: Final = 100_000
_PROBES: Final = 500  # searched at once
_OWN: Final = 0.45  # what a sampled person has of a real one
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)


def main() -> None:
    """Sample, search both ways, and print how many decisions differ."""
    named = os.environ.get("KITH_TEST_DATA")
    if named is None:
        sys.exit("this bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    people = int(os.environ.get("KITH_BENCH_PEOPLE", "1000000"))
    probes = int(os.environ.get("KITH_BENCH_PROBES", "100000"))
    bundle = Bundle.load(Path("data/models/face"))
    real = _real(Path(named) / "lfw-devtrain", build_pipeline(bundle), Path("data/cache"))
    seed = int(os.environ.get("KITH_BENCH_SEED", "1"))
    strangers, rng = Strangers(real), np.random.default_rng(seed)
    index, flat = LargeIndex(real.shape[1], large_from=1000), FlatIndex(real.shape[1])
    sums = CohortSums(real.shape[1])
    for start in track(range(0, people, _BLOCK), "Enrolling"):
        some = strangers.sample(min(_BLOCK, people - start), rng)
        for each in (index, flat):
            each.put(np.arange(start, start + len(some)), some)
        sums.add(some)
    while index.tend():
        pass
    rates = GalleryRates(bundle.calibration, sums.cohort(), GallerySize(people, people))
    threshold, margin = rates.typical.limit(_TARGET), bundle.calibration.ambiguity_margin
    differ, named_by_all = 0, 0
    for _ in track(range(0, probes, _PROBES), "Probing"):
        near = flat.get(rng.choice(people, _PROBES, replace=False))
        asked = _at(near, strangers.sample(_PROBES, rng), threshold, rng)
        proposed = _confirmed(index.search(asked, _NEAREST).keys, asked, flat)
        by_codes = _decided(proposed, threshold, margin)
        by_all = _decided(flat.search(asked, _NEAREST), threshold, margin)
        differ += sum(one != other for one, other in zip(by_codes, by_all, strict=True))
        named_by_all += sum(winner is not None for _, winner in by_all)
    sys.stdout.write(
        f"{people:,} people, threshold {threshold:.3f}; {probes:,} probes, of which "
        f"{named_by_all:,} are named: {differ} decisions differ; searches {index.searches}\n"
    )


class Strangers:
    """Samples people around real ones (n, d): their place among them, and directions with the
    covariance of all.
    """

    def __init__(self, real: Vectors) -> None:
        self._real, self._mean = real, real.mean(axis=0)
        spread = np.cov(real.T) + 1e-9 * np.eye(real.shape[1])
        self._root = np.linalg.cholesky(spread).astype(np.float32)

    def sample(self, count: int, rng: np.random.Generator) -> Vectors:
        """``count`` people (count, d)."""
        own = self._real[rng.integers(0, len(self._real), count)] - self._mean
        other = rng.standard_normal(own.shape, np.float32) @ self._root.T
        return _unit(_OWN * own + np.sqrt(1 - _OWN**2) * other + self._mean)


def _at(people: Vectors, others: Vectors, threshold: float, rng: np.random.Generator) -> Vectors:
    """Probes (n, d) of ``people`` (n, d), whose similarity to them is the threshold +- 0.1, turned
    away from them towards ``others`` (n, d).
    """
    away = others - np.einsum("nd,nd->n", others, people)[:, None] * people
    similarity = rng.uniform(threshold - 0.1, threshold + 0.1, (len(people), 1))
    return _unit(similarity * people + np.sqrt(1 - similarity**2) * _unit(away))


def _confirmed(keys: Keys, probes: Vectors, people: FlatIndex) -> Neighbours:
    """The people of ``keys`` (b, k), compared with their ``probes`` (b, d): best first."""
    vectors = people.get(keys.ravel()).reshape(*keys.shape, -1)
    similarities = np.einsum("bkd,bd->bk", vectors, probes)
    order = np.argsort(-similarities, axis=1, kind="stable")
    return Neighbours(
        np.take_along_axis(keys, order, axis=1), np.take_along_axis(similarities, order, axis=1)
    )


def _decided(found: Neighbours, threshold: float, margin: float) -> list[tuple[str, int | None]]:
    """The outcome for each probe, and the key of the person named."""
    decided = []
    for keys, similarities in zip(found.keys, found.similarities, strict=True):
        decision = decide(similarities.tolist(), threshold, margin=margin)
        winner = None if decision.winner is None else int(keys[decision.winner])
        decided.append((decision.outcome.value, winner))
    return decided


def _real(folder: Path, pipeline: Pipeline, cache: Path) -> Vectors:
    """The fused templates (n, d) of the people of ``folder``."""
    photos = photos_in(folder)
    file = cache / f"scale-{pipeline.contract_id}-{fingerprint(photos)[:16]}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, **_embedded(photos, pipeline))
        part.rename(file)
    with np.load(file) as kept:
        return fuse_persons(kept["embeddings"], kept["owners"]).vectors


def _embedded(photos: list[Photo], pipeline: Pipeline) -> dict[str, Any]:
    def embed(photo: Photo) -> Vectors | None:
        sample = central_face(pipeline, decode_image(photo.file.read_bytes(), _LIMITS))
        return None if sample is None else pipeline.embed([sample.crop])[0]

    with ThreadPoolExecutor(2) as pool:
        found = list(track(pool.map(embed, photos), "Embedding", len(photos)))
    rows = [(photo.person, each) for photo, each in zip(photos, found, strict=True)]
    kept = [(person, each) for person, each in rows if each is not None]
    _, owners = np.unique([person for person, _ in kept], return_inverse=True)
    return {"embeddings": np.stack([each for _, each in kept]), "owners": owners.astype(np.int64)}


def _unit(rows: NDArray[np.floating]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    main()
