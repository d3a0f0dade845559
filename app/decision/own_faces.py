"""Which faces are unlike the person whom they are said to be of.

A face is compared with the centroid of those that belong together: the faces that the person has,
and of the new ones, the nearest first, all that are near enough. So several photos of one stranger
do not speak for each other. Where the person has no faces yet, the one that is nearest to all
others begins; and where no more than half of them belong together, nobody can say who is the
stranger, and all are unlike.
"""

from typing import Final

import numpy as np

from app.decision.calibration import Calibration
from app.decision.fusion import Vectors, fuse
from app.decision.numbers import Floats

OWN_FMR: Final = 0.004
"""How often a stranger's photo is near enough to one photo of a person. Measured with plain SFace
on 1,114 people of LFW whom the person had 1, 2, 3 and 5 photos of: right photos that were unlike
0.43, 0.25, 0.1 and 0.1 %, strangers' that were not 0.38, 0.17, 0.12 and 0.12 %."""


def own_limit(calibration: Calibration, templates: int) -> float:
    """The least similarity of a face to the centroid of so many ``templates`` of its person.

    It rises with them as the similarity of right faces does.
    """
    one, several = (
        float(calibration.same_person(np.array([1]), np.array([n]))[0]) for n in (1, templates)
    )
    alone = calibration.typical_rates.verification_threshold(OWN_FMR).similarity
    return alone * several / one if one > 0 else alone


def unlike(faces: Vectors, known: Vectors, calibration: Calibration) -> dict[int, float]:
    """The rows of ``faces`` (n, d) that are unlike their person, who has the faces ``known``
    (k, d), each with its similarity to the faces that it should be like.
    """
    inside = np.zeros(len(faces), np.bool_)
    if len(faces) + len(known) < 2:
        return {}
    if not len(known):
        inside[np.argmax((faces @ faces.T).sum(axis=1))] = True
    while not inside.all():
        belong = np.concatenate([known, faces[inside]])
        near = np.where(inside, -np.inf, faces @ fuse(belong))
        if near.max() < own_limit(calibration, len(belong)):
            break
        inside[np.argmax(near)] = True
    if inside.all():
        return {}
    if not len(known) and 2 * inside.sum() <= len(faces):
        return dict(enumerate(_to_the_others(faces).tolist()))
    return {int(row): float(near[row]) for row in np.flatnonzero(~inside)}


def _to_the_others(faces: Vectors) -> Floats:
    """The similarity (n,) of each of ``faces`` (n, d) to the centroid of all others."""
    rows = range(len(faces))
    return np.array([faces[row] @ fuse(np.delete(faces, row, axis=0)) for row in rows])
