"""Whether the promise holds for each part of a gallery that is not one population.

Half of the people, drawn again for each gallery, are enrolled and probed by one camera and half by
another; or half in profile and half from the front. Each part's strangers are counted by
themselves, by Kith's rule and with one threshold for all probes.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from rich.table import Table

from app.decision.calibration import Calibration
from app.decision.fusion import fuse_persons
from app.inference.folders import photos_in
from app.inference.pipeline import Pipeline
from app.vision.decode import ImageLimits, decode_image
from bench.openset_data import WEB, Photographs, central_face
from bench.openset_draw import Half, beyond, calibrated, halves, rates_in

Vectors = NDArray[np.float32]
_GALLERIES: Final = ((20, 1, 60), (20, 3, 60), (50, 3, 40), (200, 1, 12), (200, 3, 12), (400, 1, 8))
"""People, photos of each (of most: as many as there are, and one is left to probe with), draws."""
_TARGETS: Final = (0.1, 0.01)
_RULES: Final = ("one threshold", "Kith")
_LEFT: Final = 100  # strangers, at least
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Two kinds of pictures: of each person the embeddings (k, d) of the one, and of the other."""

    name: str
    parts: tuple[str, str]
    people: Mapping[str, tuple[Vectors, Vectors]]


def mixtures_table(data: Photographs, rows: NDArray[np.int64], further: list[Mixture]) -> Table:
    """Observed over stated rate, and people found, by part; calibrated on other people."""
    fitting, reporting = halves(data.persons, 0)
    half = calibrated(data, Half(data.persons, rows, fitting), 0)
    whole = calibrated(data, Half(data.persons, rows, np.unique(data.persons)), 0)
    cameras = [
        _cameras(data, np.intersect1d(rows, data.retaken), reporting, name) for name in data.cameras
    ]
    columns = [f"{rule}, {target:.0%}" for target in _TARGETS for rule in _RULES]
    table = Table(
        "gallery", "persons", "photos", "strangers", *columns, title="Observed / stated (found)"
    )
    for mixture, calibration in [(each, half) for each in cameras] + [
        (each, whole) for each in further
    ]:
        for persons, photos, draws in _GALLERIES:
            if persons + _LEFT > len(mixture.people):
                continue
            counts = _counted(calibration, mixture, persons, photos, draws)
            for part, name in enumerate(mixture.parts):
                cells = [
                    _cell(counts[target, rule, part], target)
                    for target in _TARGETS
                    for rule in _RULES
                ]
                table.add_row(mixture.name, str(persons), str(photos), name, *cells)
    return table


def turned_heads(folder: Path, pipeline: Pipeline, *, cache: Path) -> Mixture:
    """Frontal and profile photographs of the same people (CFP: files ``frontal_*``, ``profile_*``),
    from ``cache`` where it has them.
    """
    file = cache / f"turned-{pipeline.contract_id}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        found: dict[str, list[object]] = defaultdict(list)
        for photo in track(photos_in(folder), "Turned heads"):
            face = central_face(pipeline, decode_image(photo.file.read_bytes(), _LIMITS))
            if face is not None:
                found["persons"].append(photo.person)
                found["profile"].append(photo.file.stem.startswith("profile"))
                found["embeddings"].append(pipeline.embed([face.crop])[0])
        columns = {name: np.array(column) for name, column in found.items()}
        np.savez(file, **columns)  # type: ignore[arg-type]
    with np.load(file) as kept:
        persons, profile, vectors = kept["persons"], kept["profile"], kept["embeddings"]
    people = {
        person: (vectors[(persons == person) & ~profile], vectors[(persons == person) & profile])
        for person in np.unique(persons).tolist()
    }
    return Mixture("frontal and profile", ("frontal", "profile"), people)


def _cameras(
    data: Photographs, rows: NDArray[np.int64], people: NDArray[np.str_], camera: str
) -> Mixture:
    place = np.full(len(data.persons), -1)
    place[data.retaken] = np.arange(len(data.retaken))
    own = {person: rows[data.persons[rows] == person] for person in people}
    again = data.cameras[camera]
    return Mixture(
        f"{WEB} and {camera}",
        (WEB, camera),
        {
            person: (data.embeddings[mine], again[place[mine]])
            for person, mine in own.items()
            if len(mine)
        },
    )


def _counted(
    calibration: Calibration, mixture: Mixture, persons: int, photos: int, draws: int
) -> Mapping[tuple[float, str, int], NDArray[np.float64]]:
    """By target, rule and part: strangers named, strangers, people found, people."""
    rng = np.random.default_rng(persons * 10 + photos)
    counts: dict[tuple[float, str, int], NDArray[np.float64]] = defaultdict(lambda: np.zeros(4))
    for _ in range(draws):
        part = {person: int(rng.integers(2)) for person in mixture.people}
        seen = {
            person: rng.permutation(own[part[person]]) for person, own in mixture.people.items()
        }
        order = [person for person in rng.permutation(list(seen)) if len(seen[person])]
        order.sort(key=lambda person: -min(len(seen[person]), photos + 1))
        chosen, others = order[:persons], order[persons:]
        enrolled = [seen[person][: min(photos, max(len(seen[person]) - 1, 1))] for person in chosen]
        owners = np.repeat(np.arange(persons), [len(each) for each in enrolled])
        fused = fuse_persons(np.concatenate(enrolled), owners)
        rates = rates_in(calibration, fused)
        mated = [row for row, person in enumerate(chosen) if len(seen[person]) > 1]
        probes = np.stack(
            [seen[person][0] for person in others] + [seen[chosen[row]][-1] for row in mated]
        )
        scores = probes @ fused.vectors.T
        top, strange = scores.max(axis=1), np.arange(len(probes)) < len(others)
        right = scores.argmax(axis=1)[~strange] == mated
        of = np.array([part[person] for person in others] + [part[chosen[row]] for row in mated])
        for target in _TARGETS:
            one = top >= rates.typical.limit(target)
            each_its_own = beyond(rates, probes, scores, target) >= 0
            for rule, reached in zip(_RULES, (one, each_its_own), strict=True):
                for each in (0, 1):
                    here, there = strange & (of == each), (of == each)[~strange]
                    counts[target, rule, each] += [
                        reached[here].sum(),
                        here.sum(),
                        (reached[~strange] & right & there).sum(),
                        there.sum(),
                    ]
    return counts


def _cell(counts: NDArray[np.float64], target: float) -> str:
    named, strangers, found, mated = counts
    return f"{named / strangers / target:.2f} ({found / mated:.3f})"
