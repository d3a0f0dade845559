"""``make bench-degraded``: what degraded probes cost, with plain SFace and with SFace adapted.

180 persons of Labeled Faces in the Wild are enrolled with three clean photos each (one centroid a
person); 500 other photos of them and 700 of strangers are the probes, each as it is and as a worse
camera would have taken it. All are people whom the adaptation never saw
(``training/runs/face-adapt.toml``: the number that follows from their name is below a half). The
galleries are drawn ``DRAWS`` times; intervals are of 95 %, in closed form, at the thresholds
found, and count people: all probes of one person go together. ``KITH_TEST_DATA`` names the photos.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.bundles.bundle import Bundle
from app.evaluation.rates import share
from app.inference.embedder import OnnxEmbedder
from app.inference.folders import photos_in
from app.inference.pipeline import build_pipeline
from app.vision.decode import ImageLimits, decode_image
from bench import degraded_views
from bench.degraded_views import CLEAN, VIEWS, seen
from bench.openset_data import central_face, never_trained_on
from training.evaluate.identification import OpenSet, Protocol, identify

PERSONS, PHOTOS, MATED, STRANGERS = 180, 3, 500, 700
DRAWS: Final = 3
FPIR: Final = 0.01
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)

Crops = Mapping[int, NDArray[np.uint8]]
Results = dict[str, list[OpenSet]]
Vectors = NDArray[np.float32]


def main() -> None:
    """Measure two bundles (by default SFace plain and adapted) and print one table."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("this bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    folders = [Path(name) for name in sys.argv[1:]] or [Path("data/models/sface"),
                                                         Path("data/models/cameras")]  # fmt: skip
    bundles = [Bundle.load(folder) for folder in folders]
    photos = [p for p in photos_in(Path(named) / "lfw-devtrain") if never_trained_on(p.person)]
    labels = np.unique([photo.person for photo in photos], return_inverse=True)[1]
    draws = [protocol(labels, seed) for seed in range(DRAWS)]
    rows = sorted({int(r) for d in draws for r in (*d.gallery, *d.mated, *d.strangers)})
    pipeline = build_pipeline(bundles[0])
    crops = {}
    for row in track(rows, "Finding faces"):
        face = central_face(pipeline, decode_image(photos[row].file.read_bytes(), _LIMITS))
        if face is not None:
            crops[row] = face.crop
    draws = [usable(draw, crops) for draw in draws]
    measured = [_measured(bundle, draws, crops, labels) for bundle in bundles]
    Console(width=120).print(table(folders, *measured))


def protocol(labels: NDArray[np.int64], seed: int) -> Protocol:
    """A random protocol: the enrolled persons with their rows, and the rows of the probes."""
    rng = np.random.default_rng(seed)
    found, counts = np.unique(labels, return_counts=True)
    able = found[counts > PHOTOS]
    if len(able) < PERSONS or len(found) - PERSONS < STRANGERS:
        sys.exit(f"{len(able)} people with {PHOTOS + 1} photos, {len(found)} in all: too few.")
    enrolled = rng.choice(able, PERSONS, replace=False)
    own = [rng.permutation(np.flatnonzero(labels == person)) for person in enrolled]
    others = rng.choice(np.setdiff1d(found, enrolled), STRANGERS, replace=False)
    return Protocol(
        np.concatenate([rows[:PHOTOS] for rows in own]),
        rng.permutation(np.concatenate([rows[PHOTOS:] for rows in own]))[:MATED],
        np.array([rng.choice(np.flatnonzero(labels == person)) for person in others]),
    )


def usable(draw: Protocol, crops: Crops) -> Protocol:
    """Without the rows in which no face was found."""

    def kept(rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return rows[[int(row) in crops for row in rows]]

    return Protocol(kept(draw.gallery), kept(draw.mated), kept(draw.strangers))


def _measured(
    bundle: Bundle, draws: list[Protocol], crops: Crops, labels: NDArray[np.int64]
) -> Results:
    everything = np.array(sorted(crops))
    probes = np.unique(np.concatenate([[*draw.mated, *draw.strangers] for draw in draws]))

    def all_rows(view: str) -> Vectors:
        rows = everything if view == CLEAN else probes
        out = np.zeros((len(labels), bundle.manifest.dimension), np.float32)
        out[rows] = embedded(bundle, rows, crops, view)
        return out

    clean = all_rows(CLEAN)
    return {
        view: [identify(clean, z, labels, draw) for draw in draws]
        for view, z in ((view, clean if view == CLEAN else all_rows(view)) for view in VIEWS)
    }


def embedded(
    bundle: Bundle, rows: NDArray[np.int64], crops: Crops, view: str, *, name: str = ""
) -> Vectors:
    """``rows`` as ``view`` shows them (n, d); what was asked before by this ``name`` is in
    ``data/cache``.
    """
    views = Path(degraded_views.__file__).read_bytes()
    asked = hashlib.sha256(views + (name or view).encode() + rows.tobytes()).hexdigest()[:16]
    file = Path("data/cache") / f"degraded-{bundle.manifest.contract_id}-{asked}.npy"
    if not file.exists():
        embedder = OnnxEmbedder(bundle)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(lambda r: embedder.embed([seen(crops[r], r, view)])[0], rows.tolist())
            z = np.stack(list(track(made, f"{bundle.folder.name}: {view}", len(rows))))
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, z)
    kept: Vectors = np.load(file)
    return kept


def table(folders: list[Path], first: Results, second: Results) -> Table:
    """DIR of both, and the second's FNIR over the first's; 95 % intervals that count people."""
    out = Table("probes", *(f"DIR {folder.name}" for folder in folders), "FNIR ratio",
                title=f"DIR at FPIR {FPIR:.0%}, {PERSONS} persons x {PHOTOS} clean photos, "
                f"{DRAWS} draws")  # fmt: skip
    spoilt = [view for view in VIEWS if view != CLEAN]
    for name, views in [*((view, [view]) for view in VIEWS), ("all but clean", spoilt)]:
        both = [[draw for view in views for draw in results[view]] for results in (first, second)]
        owner = np.concatenate([draw.owner for draw in both[0]])
        hits = [np.concatenate([draw.hits(FPIR) for draw in draws]) for draws in both]
        rates = [share(each, owner) for each in hits]
        out.add_row(
            name,
            *(f"{each.rate:.4f} ({each.low:.3f} to {each.high:.3f})" for each in rates),
            _ratio(*(np.bincount(owner[~each], minlength=owner.max() + 1) for each in hits)),
        )
    return out


def _ratio(first: NDArray[np.int64], second: NDArray[np.int64]) -> str:
    """The misses of ``second`` over those of ``first``, both (p,) by person, with the 95 % interval
    that the delta method gives the logarithm; the probes are the same, so chance is shared.
    """
    if not first.any() or not second.any():
        return "no misses"
    ratio = second.sum() / first.sum()
    error = np.sqrt(((second / second.sum() - first / first.sum()) ** 2).sum())
    low, high = ratio * np.exp(1.96 * error * np.array([-1, 1]))
    return f"{ratio:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
