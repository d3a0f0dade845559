"""``make bench-climb``: how many questions it takes to be identified as a chosen person without a
photo of them, with a key that gets every score and with one that may only ask.

Needs photographs: ``KITH_TEST_DATA`` names the folder. The climber knows faces of strangers alone:
a picture is their mean and a sum of their eigenfaces. One eigenface after the other is tried with
more and with less of it; a change that does not look less like the chosen person is kept. If
the answer has only the decision there is no up and down, and the climber walks at random.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.auth.principal import Principal, Scope
from app.bootstrap import Container, build
from app.gallery.collection_schemas import NewCollection
from app.gallery.enrolment import ImageFile
from app.gallery.schemas import NewPerson
from app.observability.metrics import Metrics
from app.receipts.keeping import keep_nothing
from app.recognition import render
from app.recognition.schemas.identification import IdentifyOptions
from app.recognition.schemas.verification import VerifyOptions
from app.settings import Settings

PEOPLE: Final = 200
STRANGERS: Final = 500
EIGENFACES: Final = 120
MOST: Final = 400
_SIDE: Final = 96  # pixels of an eigenface; the picture sent has 250
_STEP: Final = 1.5  # deviations of an eigenface among the strangers
_BOUND: Final = 4.0
_COLLECTION: Final = "staff"
Image3 = NDArray[np.float64]
Score = Callable[[bytes], tuple[float, bool]]
"""Maps a picture to the similarity to the person that the answer gives, and to whether the picture
is identified as the person."""


@dataclass(frozen=True, slots=True)
class Faces:
    """The climber's knowledge: the ``mean`` (p,) of strangers' pictures, their eigenfaces (k, p),
    and how far strangers are from the mean along each (k,).
    """

    mean: Image3
    eigenfaces: Image3
    deviations: Image3

    def picture(self, weights: Image3) -> bytes:
        """The picture of ``weights`` (k,), which are in deviations, as a JPEG of 250 x 250."""
        pixels = self.mean + (weights * self.deviations) @ self.eigenfaces
        small = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8).reshape(_SIDE, _SIDE, 3))
        stream = BytesIO()
        small.resize((250, 250), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
        return stream.getvalue()


def main() -> None:
    """Climb, and print."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("make bench-climb needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    bundle = Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face"))
    targets = int(os.environ.get("KITH_BENCH_TARGETS", "8"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    photos = _photos(Path(named) / "lfw-devtrain")
    faces = _faces(photos[PEOPLE : PEOPLE + STRANGERS])
    with TemporaryDirectory() as folder:
        container = build(Settings(data_dir=Path(folder), model=bundle))
        container.open()
        people = _enrol(container, photos[:PEOPLE])
        out = Console()
        out.print(_table(container, faces, people[:targets]))
        container.close()


def _photos(folder: Path) -> list[Path]:
    """One of each person, in an order that says nothing of them."""
    people = sorted(each for each in folder.iterdir() if each.is_dir())
    order = np.random.default_rng(7).permutation(len(people))
    return [min(people[i].iterdir()) for i in order]


def _faces(photos: Sequence[Path]) -> Faces:
    rows = np.stack(
        [
            np.asarray(Image.open(each).convert("RGB").resize((_SIDE, _SIDE)), np.float64).ravel()
            for each in photos
        ]
    )
    mean = rows.mean(axis=0)
    _, singular, eigenfaces = np.linalg.svd(rows - mean, full_matrices=False)
    deviations = singular[:EIGENFACES] / np.sqrt(len(rows))
    return Faces(mean, eigenfaces[:EIGENFACES], deviations)


def _enrol(container: Container, photos: Sequence[Path]) -> list[str]:
    collections = container.services.collections
    persons = container.services.persons
    collections.create(NewCollection(id=_COLLECTION, lookalikes="off"), keep_nothing)
    enrolled = []
    for number, photo in enumerate(track(photos, "Enrolling", transient=True)):
        new = NewPerson(id=f"p{number}")
        try:
            persons.create(_COLLECTION, new, [ImageFile(None, photo.read_bytes())], keep_nothing)
        except Exception as error:  # noqa: BLE001 - a photo that cannot be enrolled is left out
            del error
            continue
        enrolled.append(new.id or "")
    return enrolled


def _table(container: Container, faces: Faces, people: Sequence[str]) -> Table:
    table = Table(
        "question", "key", "climbs that arrived", f"questions (at most {MOST})", "warnings"
    )
    metrics = container.services.metrics
    for question, ask in {"identify": _identifying, "verify": _verifying}.items():
        for scope in (Scope.READ, Scope.IDENTIFY):
            caller = Principal(f"{question}-{scope}", frozenset({Scope.IDENTIFY, scope}), None)
            before = _warnings(metrics)
            asked = [
                _climb(faces, ask(container, caller, person), seed=i)
                for i, person in enumerate(track(people, f"{question} {scope}", transient=True))
            ]
            arrived = sorted(each for each in asked if each is not None)
            scopes = "identify and read" if scope is Scope.READ else "identify"
            range_ = f"{arrived[0]} to {arrived[-1]}" if arrived else "-"
            warned = f"{_warnings(metrics) - before:g}"
            table.add_row(question, scopes, f"{len(arrived)} of {len(asked)}", range_, warned)
    return table


def _climb(faces: Faces, score: Score, *, seed: int) -> int | None:
    """After how many questions the picture is taken for the person; None where it never is."""
    rng = np.random.default_rng(seed)
    weights, asked = np.zeros(EIGENFACES), 1
    best, done = score(faces.picture(weights))
    while not done and asked < MOST:
        for component in rng.permutation(EIGENFACES):
            for sign in rng.permutation([-1.0, 1.0]):
                tried = weights.copy()
                tried[component] = np.clip(tried[component] + sign * _STEP, -_BOUND, _BOUND)
                found, done = score(faces.picture(tried))
                asked += 1
                if done or asked >= MOST:
                    return asked if done else None
                if found >= best:
                    better, best, weights = found > best, found, tried
                    if better:
                        break
    return asked if done else None


def _identifying(container: Container, caller: Principal, person: str) -> Score:
    recognition = container.services.identification
    options = IdentifyOptions(max_candidates=100, max_faces=1)

    def score(picture: bytes) -> tuple[float, bool]:
        decision = recognition.identify(
            _COLLECTION, picture, options, request_id="bench", caller=caller
        )
        answer = render.identification(decision)
        if not answer.faces:
            return -1.0, False
        (face,) = answer.faces
        if face.person_id == person:
            return 1.0, True
        shown = [each.similarity for each in face.candidates if each.person_id == person]
        return (shown[0] if shown else 0.0), False

    return score


def _verifying(container: Container, caller: Principal, person: str) -> Score:
    verification = container.services.verification

    def score(picture: bytes) -> tuple[float, bool]:
        decision = verification.verify(
            _COLLECTION, person, picture, VerifyOptions(), request_id="bench", caller=caller
        )
        answer = render.verification(decision)
        similarity = -1.0 if answer.similarity is None else answer.similarity
        return similarity, answer.decision == "match"

    return score


def _warnings(metrics: Metrics) -> float:
    lines = metrics.exposition().decode().splitlines()
    counted = [line for line in lines if line.startswith("kith_climbs_suspected_total{")]
    return sum(float(line.split()[-1]) for line in counted)


if __name__ == "__main__":
    main()
