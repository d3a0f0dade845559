"""``make bench-subject``: which face of several is the one that a picture is of, by each rule.

Portraits: the photographs of Labeled Faces in the Wild in which several faces are found. The person
is known; theirs is the face that resembles their photographs of one face, where it does so by
SFace's published threshold and no other face does. The rules also take the faces of LFW's 2,200
development pairs. A blend's constant is chosen on half of the people; the figures are of the other
half, with 95 % intervals from drawing people again.

Doors: frames of 1920 x 1080 pixels put together of those portraits, through the detector. The
nearest person stands somewhere in the frame, one to three others behind; the rule should take the
nearest. ``KITH_TEST_DATA`` names the photographs.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.bundles.bundle import Bundle
from app.inference.pipeline import build_pipeline
from app.inference.subject import RIVAL
from bench.openset_data import never_trained_on
from bench.subject_data import Chosen, Faces, Frame, all_faces, door_frames, off_middle

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Weigh = Callable[[Frame], Floats]
"""A weight for each face of a picture; the heaviest is taken."""

_SAME_PERSON: Final = 0.363  # cosine; published with SFace's weights
_WINDOWS, _FRAMES, _DRAWS = 10, 300, 2000
_TOLERATED: Final = 0.001
"""Share of portraits that a blend may take wrongly on the half where its constant is chosen; of
those that keep to it the best at doors is taken."""
_POWERS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_SPREADS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)


def area(frame: Frame) -> Floats:
    """In square pixels."""
    return frame.boxes[:, 2] * frame.boxes[:, 3]


def away(frame: Frame) -> Floats:
    """From the middle of the picture, in halves of its diagonal."""
    middles = frame.boxes[:, :2] + frame.boxes[:, 2:] / 2
    half = np.array([frame.width, frame.height], float) / 2
    return np.asarray(np.linalg.norm(middles - half, axis=1) / np.linalg.norm(half))


def faded(power: float) -> Weigh:
    """Width, less with the distance from the middle."""
    return lambda frame: np.sqrt(area(frame)) * (1 - away(frame)) ** power


def bell(spread: float) -> Weigh:
    """Area under a bell curve of the distance from the middle."""
    return lambda frame: area(frame) * np.exp(-((away(frame) / spread) ** 2) / 2)


PLAIN: Final[Mapping[str, Weigh]] = {
    "largest": area,
    "central": lambda frame: -away(frame),
    "detector's score": lambda frame: frame.scores,
    "area x score": lambda frame: area(frame) * frame.scores,
}
BLENDS: Final[Mapping[str, Mapping[str, Weigh]]] = {
    "width": {f"width x (1 - d)^{power:g}": faded(power) for power in _POWERS},
    "bell": {f"area x bell(d / {spread:g})": bell(spread) for spread in _SPREADS},
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures of several faces, and the person (n,) whose each is."""

    name: str
    chosen: Sequence[Chosen]
    persons: NDArray[np.str_]

    def right(self, weigh: Weigh) -> Flags:
        """In which pictures (n,) the heaviest face is the one meant."""
        return np.array([weigh(each.frame).argmax() == each.meant for each in self.chosen])

    def half(self, *, reported: bool) -> "Pictures":
        """Those of one half of the people."""
        rows = [i for i, p in enumerate(self.persons) if never_trained_on(str(p)) is reported]
        return Pictures(self.name, [self.chosen[i] for i in rows], self.persons[rows])


def main() -> None:
    """Choose the constants, and print the table."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("this bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    folder, threads = Path(named) / "lfw-devtrain", os.cpu_count() or 1
    pipeline = build_pipeline(Bundle.load(Path("data/models/sface")))
    faces = all_faces(folder, pipeline, cache=Path("data/cache"), threads=threads)
    alone = portraits(faces)
    off = windows(alone)
    frames = door_frames(folder, faces, pipeline, number=_FRAMES, threads=threads)
    doors = Pictures("doors", frames, np.array([str(i) for i in range(len(frames))]))
    several, sure = int((faces.count > 1).sum()), len(alone.chosen)
    console = Console(width=140)
    console.print(
        f"{len(faces.count):,} photographs, {several:,} with several faces; of {sure:,} it is sure "
        f"which is the person's. `only` takes none in {_refused(alone):.1%} of these, and a wrong "
        f"one in {_wrong(alone)}; off the middle {_refused(off):.1%} and {_wrong(off)}."
    )
    rules = {**PLAIN, **dict(chosen(each, alone, off, doors) for each in BLENDS.values())}
    console.print(table(rules, faces, Path(named) / "pairsDevTrain.txt", alone, off, doors))


def portraits(faces: Faces) -> Pictures:
    """The photographs of several faces of which it is sure whose each is."""
    found: list[tuple[Chosen, str]] = []
    for person, rows in faces.by_person():
        single = faces.first[[row for row in rows if faces.count[row] == 1]]
        for row in rows[faces.count[rows] > 1] if len(single) else ():
            alike = np.median(
                faces.embeddings[faces.rows(row)] @ faces.embeddings[single].T, axis=1
            )
            second, best = np.sort(alike)[-2:]
            if second < _SAME_PERSON <= best:
                found.append((Chosen(faces.frame(row), int(alike.argmax())), person))
    return Pictures("portraits", [c for c, _ in found], np.array([person for _, person in found]))


def windows(alone: Pictures) -> Pictures:
    """Windows of the portraits, in which the person is anywhere."""
    rng = np.random.default_rng(0)
    found = [
        (window, person)
        for each, person in zip(alone.chosen, alone.persons, strict=True)
        for _ in range(_WINDOWS)
        if (window := off_middle(each.frame, each.meant, rng)) is not None
    ]
    return Pictures("off the middle", [c for c, _ in found], np.array([p for _, p in found]))


def chosen(blends: Mapping[str, Weigh], *pictures: Pictures) -> tuple[str, Weigh]:
    """The blend whose constant is best on the half of the people that is not reported."""
    alone, off, doors = (each.half(reported=False) for each in pictures)

    def worth(weigh: Weigh) -> tuple[float, float]:
        missed = max(1 - each.right(weigh).mean() for each in (alone, off))
        return -max(float(missed), _TOLERATED), float(doors.right(weigh).mean())

    return max(blends.items(), key=lambda blend: worth(blend[1]))


def table(rules: Mapping[str, Weigh], faces: Faces, pairs: Path, *pictures: Pictures) -> Table:
    """The share of pictures in which each rule takes the face meant, on the half reported."""
    kept = [each.half(reported=True) for each in pictures]
    out = Table(
        "face taken",
        *(f"{each.name} ({len(each.chosen):,})" for each in kept),
        "pairs judged right",
        title="Share of pictures whose face is taken, %, with 95 % intervals by people",
    )
    for name, weigh in rules.items():
        cells = [_cell(each.right(weigh), each.persons) for each in kept]
        out.add_row(name, *cells, _cell(*judged_right(weigh, faces, pairs)))
    return out


def judged_right(weigh: Weigh, faces: Faces, pairs: Path) -> tuple[Flags, NDArray[np.str_]]:
    """Whether each of LFW's pairs lies on the right side of the threshold, and its first person."""
    place = {str(name): row for row, name in enumerate(faces.names)}
    lines = [line.split() for line in pairs.read_text().splitlines()[1:]]
    right, persons = [], []
    for first, number, *rest in lines:
        if not never_trained_on(first):
            continue
        other, last = rest if len(rest) > 1 else (first, rest[0])
        one, two = (
            faces.embeddings[faces.first[row] + weigh(faces.frame(row)).argmax()]
            for row in (place[f"{first}_{int(number):04}"], place[f"{other}_{int(last):04}"])
        )
        right.append((float(one @ two) >= _SAME_PERSON) is (len(rest) == 1))
        persons.append(first)
    return np.array(right), np.array(persons)


def _refused(pictures: Pictures) -> float:
    return float(np.mean([_has_rival(each) for each in pictures.chosen]))


def _wrong(pictures: Pictures) -> int:
    return sum(
        not _has_rival(each) and area(each.frame).argmax() != each.meant for each in pictures.chosen
    )


def _has_rival(each: Chosen) -> bool:
    widths = each.frame.boxes[:, 2]
    largest = area(each.frame).argmax()
    return bool((np.delete(widths, largest) >= RIVAL * widths[largest]).any())


def _cell(right: Flags, persons: NDArray[np.str_]) -> str:
    """The share in percent, with its interval: drawing people again, or, where all are right, the
    rule of three.
    """
    _, of = np.unique(persons, return_inverse=True)
    trials, hits = np.bincount(of), np.bincount(of, right)
    drawn = np.random.default_rng(0).integers(0, len(trials), (_DRAWS, len(trials)))
    low, high = np.quantile(hits[drawn].sum(1) / trials[drawn].sum(1), (0.025, 0.975))
    low = 1 - 3 / len(trials) if right.all() else low
    return f"{right.mean():.2%} ({low:.2%} to {high:.2%})".replace("%", "")


if __name__ == "__main__":
    main()
