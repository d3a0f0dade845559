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
from app.decision.fusion import Vectors
from app.decision.numbers import Floats

OWN_FMR: Final = 0.004
"""How often a stranger's photo is near enough to one photo of a person. Measured with plain SFace
on 1,114 people of LFW whom the person had 1, 2, 3 and 5 photos of: right photos that were unlike
0.43, 0.25, 0.1 to 0.4 and 0.1 %, strangers' that were not 0.38, 0.17, 0.12 and 0.12 %."""


def own_limits(calibration: Calibration, most: int) -> Floats:
    """The least similarity of a face to the centroid of 1, 2, ... ``most`` templates of its person:
    (most,).

    It rises with them as the similarity of right faces does.
    """
    templates = np.arange(1, most + 1)
    right = calibration.same_person(np.ones_like(templates), templates)
    alone = calibration.typical_rates.verification_threshold(OWN_FMR).similarity
    return np.asarray(alone * (right / right[0] if right[0] > 0 else 1.0), np.float64)


def unlike(faces: Vectors, known: Vectors, limits: Floats) -> dict[int, float]:
    """The rows of ``faces`` (n, d) that are unlike their person, who has the faces ``known``
    (k, d), each with its similarity to the faces that it should be like. ``limits`` are
    ``own_limits`` of n + k templates or more.
    """
    if len(faces) + len(known) < 2:
        return {}
    inside = np.zeros(len(faces), np.bool_)
    total = known.sum(axis=0, dtype=np.float64)
    if not len(known):
        inside[np.argmax((faces @ faces.T).sum(axis=1))] = True
        total = total + faces[inside][0]
    while not inside.all():
        near = np.where(inside, -np.inf, faces @ _unit(total))
        if near.max() < limits[len(known) + inside.sum() - 1]:
            break
        nearest = np.argmax(near)
        inside[nearest] = True
        total = total + faces[nearest]
    if inside.all():
        return {}
    if not len(known) and 2 * inside.sum() <= len(faces):
        others = faces.sum(axis=0, dtype=np.float64) - faces
        return {row: float(faces[row] @ _unit(others[row])) for row in range(len(faces))}
    return {int(row): float(near[row]) for row in np.flatnonzero(~inside)}


def _unit(total: Floats) -> Floats:
    """The direction of a sum of templates; those that cancel out are near nothing."""
    length = np.linalg.norm(total)
    return total / length if length > 0 else total
