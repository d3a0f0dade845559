"""The warnings about images that were enrolled, by what was found in them alone."""

from collections.abc import Sequence

from app.gallery.enrolment import Template
from app.gallery.schemas import EnrolmentWarning, SeveralFacesWarning, TurnedWarning
from app.gallery.views import several_faces
from app.reasons import Reason


def image_warnings(templates: Sequence[Template]) -> list[EnrolmentWarning]:
    """The warnings for templates of images that have several faces, or were turned."""
    several = [_several_faces(each) for each in templates if each.faces_found > 1]
    return [*several, *(_turned(each) for each in templates if each.turned_degrees)]


def _several_faces(template: Template) -> SeveralFacesWarning:
    origin = template.origin
    return SeveralFacesWarning(
        **dict(several_faces(origin.index, template.sample.box, found=template.faces_found)),
        filename=origin.filename,
        image_sha256=origin.image_sha256,
    )


def _turned(template: Template) -> TurnedWarning:
    origin, degrees = template.origin, template.turned_degrees
    return TurnedWarning(
        index=origin.index,
        filename=origin.filename,
        image_sha256=origin.image_sha256,
        reason=Reason.IMAGE_TURNED,
        turned_degrees=degrees,
        detail=f"Enrolled; the image was turned by {degrees} degrees clockwise, since its face was "
        "not upright. If that is wrong, delete the face and send another photo.",
    )
