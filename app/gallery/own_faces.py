"""Whether images are of the person for whom they are enrolled: asked before they become templates,
with no transaction open. Two requests for one person at the same instant do not see each other; the
report of odd faces finds what they leave.
"""

import numpy as np

from app.decision.own_faces import own_limits, unlike
from app.gallery.enrolment import Enroller, Template
from app.gallery.examined import Enrollee, Examined
from app.gallery.schemas import UnlikeWarning
from app.gallery.views import similarity_view
from app.reasons import Reason


def check_own_faces(
    enroller: Enroller,
    policy: str,
    seen: Examined,
    person: Enrollee,
    *,
    shows_scores: bool = True,
) -> None:
    """Warn of images that are unlike the person, or refuse them, as the ``policy`` says. The
    similarity is in the answer where ``shows_scores``.
    """
    if policy == "off" or not seen.templates:
        return
    faces = np.stack([template.embedding for template in seen.templates])
    limits = own_limits(enroller.calibration, len(faces) + len(person.faces))
    found = unlike(faces, person.faces, limits)
    strange = [(seen.templates[row], similarity) for row, similarity in found.items()]
    others = len(person.faces) > 0
    if policy == "warn":
        seen.warnings += [
            _warning(template, similarity if shows_scores else None, enrolled=others)
            for template, similarity in strange
        ]
        return
    seen.refuse(
        [
            enroller.rejection(
                template.origin,
                Reason.UNLIKE_THE_PERSON,
                alike=f" (similarity {similarity_view(similarity)})" if shows_scores else "",
            )
            for template, similarity in strange
        ]
    )


def _warning(template: Template, similarity: float | None, *, enrolled: bool) -> UnlikeWarning:
    origin = template.origin
    others = "the person's other faces" if enrolled else "the other images"
    return UnlikeWarning(
        index=origin.index,
        filename=origin.filename,
        image_sha256=origin.image_sha256,
        reason=Reason.UNLIKE_THE_PERSON,
        similarity=None if similarity is None else similarity_view(similarity),
        detail=f"Enrolled; the face is as unlike {others} as a stranger's. If it is somebody "
        "else's, delete the face; a child, a mask or an old photo may be right all the same.",
    )
