"""Selects the one face that a request means, by the same rule for every route and command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final, Literal, get_args

from app.inference.pipeline import Sample, Scene
from app.reasons import NoSubject, Reason
from app.vision.types import Box

SubjectRule = Literal["only", "largest", "central", "main"]
Subject = SubjectRule | Box
"""``only``: the largest face, if no other is nearly as large. ``largest``. ``central``: the face
whose middle is nearest to the image's. ``main``: the face that is large and near the middle. A box
in the image as it was sent, its EXIF orientation applied: the face that overlaps it most.
"""

SUBJECT_RULES: Final[tuple[SubjectRule, ...]] = get_args(SubjectRule)
RIVAL: Final = 0.7
"""Share of the largest face's width from which another face makes the subject unclear."""
LEAST_OVERLAP: Final = 0.3
"""Least intersection over union of a client's box and the face that it means. A box with the same
middle that is 1.8 times as wide and as high still reaches it; a box around two faces does not."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The ``samples`` that a request means, largest first; ``found`` counts those in the image.

    ``missing`` is the reason for having none where the request means exactly one.
    """

    samples: Sequence[Sample]
    found: int
    missing: NoSubject | None = None


Select = Callable[[Scene], Selection]
"""Selects the samples of an image that are examined."""


def the_subject(subject: Subject) -> Select:
    """Select the one face that ``subject`` means; ``found`` counts all faces of the image."""

    def select(scene: Scene) -> Selection:
        face = find_subject(scene, subject)
        found = len(scene.samples)
        return Selection([], found, face) if isinstance(face, str) else Selection([face], found)

    return select


def largest_faces(number: int, *, min_face_size: int = 0) -> Select:
    """Select the ``number`` largest faces. Faces smaller than ``min_face_size`` pixels are neither
    selected nor counted as found. A sample that is a whole image is always large enough.
    """

    def select(scene: Scene) -> Selection:
        large = [
            sample
            for sample in scene.samples
            if sample.quality is None or sample.quality.face_size >= min_face_size
        ]
        return Selection(large[:number], len(large))

    return select


def find_subject(scene: Scene, subject: Subject) -> Sample | NoSubject:
    """The face that ``subject`` means, or the reason for none. Of equals the larger is taken."""
    if isinstance(subject, Box):
        return _in_box(scene, subject)
    if not scene.samples:
        return Reason.NO_FACE
    if subject == "main":
        return max(scene.samples, key=lambda sample: prominence(scene, sample.box))
    if subject == "central":
        return min(scene.samples, key=lambda sample: _from_middle(scene, sample.box))
    if subject == "only" and rivals(scene.samples):
        return Reason.MULTIPLE_FACES
    return scene.samples[0]


def rivals(samples: Sequence[Sample]) -> list[Sample]:
    """The faces of at least 0.7 of the largest one's width, which make the subject unclear."""
    return [sample for sample in samples[1:] if sample.box.width >= RIVAL * samples[0].box.width]


def sole_subject(samples: Sequence[Sample]) -> Sample | None:
    """The face of a photo of one person; None where it has no face, or another nearly as large."""
    return samples[0] if samples and not rivals(samples) else None


def prominence(scene: Scene, box: Box) -> float:
    """The area of a face in pixels^2, which fades to 0 from the middle of the image to its corners.

    Of portraits with several faces it takes the person's own where the largest is not theirs, and
    errs less than the distance alone where they stand off the middle (``make bench-subject``). Of
    people before a camera the nearest is the largest, wherever they stand.
    """
    return box.area * (1 - 2 * _from_middle(scene, box) / hypot(scene.width, scene.height))


def _in_box(scene: Scene, box: Box) -> Sample | NoSubject:
    sent = scene.width, scene.height
    box = box.turned(scene.turned_degrees, *(sent[::-1] if scene.turned_degrees % 180 else sent))
    best = max(scene.samples, key=lambda sample: box.overlap(sample.box), default=None)
    if best is None or box.overlap(best.box) < LEAST_OVERLAP:
        return Reason.NO_FACE
    return best


def _from_middle(scene: Scene, box: Box) -> float:
    """Distance of the box's middle from the image's, in pixels."""
    across = box.x + box.width / 2 - scene.width / 2
    down = box.y + box.height / 2 - scene.height / 2
    return hypot(across, down)
