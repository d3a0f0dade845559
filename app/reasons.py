"""Why an image or a face is not taken, or should be looked at, or a door stays shut, although the
request is no error.

docs/errors.md explains each reason to clients, docs/doors.md those of doors; tests hold both
against this file. The errors themselves and their codes are in ``app.errors``.
"""

from enum import StrEnum
from typing import Literal


class Reason(StrEnum):
    """One reason, as answers and reports spell it. A reason keeps its spelling for good."""

    INVALID_IMAGE = "invalid_image"
    """The bytes cannot be read as an image."""
    NO_FACE = "no_face"
    """No face was found, or none in the box that the client gave."""
    MULTIPLE_FACES = "multiple_faces"
    """Several faces are of similar size, so the subject is not clear."""
    FACE_TOO_SMALL = "face_too_small"
    """The shorter side of the face's box has fewer pixels than ``KITH_MIN_FACE_SIZE``."""
    FACE_CUT_OFF = "face_cut_off"
    """More of the face lies outside of the image than ``KITH_MAX_CUT_OFF`` (0 to 1)."""
    LOW_DETECTION_SCORE = "low_detection_score"
    """The detector's score (0 to 1) is below ``KITH_MIN_DETECTION_SCORE``."""
    LOW_QUALITY = "low_quality"
    """The quality score (0 to 1) is below ``KITH_MIN_QUALITY``."""
    EXTREME_POSE = "extreme_pose"
    """The head is turned by more degrees than ``KITH_MAX_YAW``."""
    NOT_RECOGNISABLE = "not_recognisable"
    """The embedding is that of a face in which nobody can be recognised: its recognisability (0 to
    1) is below ``KITH_MIN_RECOGNISABILITY``."""
    DUPLICATE_IMAGE = "duplicate_image"
    """The person is enrolled with a file of the same SHA-256."""
    LOOKS_LIKE_ANOTHER_PERSON = "looks_like_another_person"
    """An identification would name another person for this face."""
    UNLIKE_THE_PERSON = "unlike_the_person"
    """The face is as unlike the person's other faces as a stranger's."""
    FACE_LIMIT_REACHED = "face_limit_reached"
    """The person has ``max_faces_per_person`` faces."""
    PERSON_NOT_VALID = "person_not_valid"
    """The person's validity has not begun, or is over."""
    IMAGE_TURNED = "image_turned"
    """The image was turned by a quarter, a half or three quarters to be upright: a warning, never a
    refusal."""
    SEVERAL_FACES = "several_faces"
    """Several faces were found and one was taken: a warning, never a refusal."""


NoSubject = Literal[Reason.NO_FACE, Reason.MULTIPLE_FACES]
"""Why no face of an image was taken."""
SampleReason = Literal[
    Reason.FACE_TOO_SMALL,
    Reason.FACE_CUT_OFF,
    Reason.LOW_DETECTION_SCORE,
    Reason.LOW_QUALITY,
    Reason.EXTREME_POSE,
    Reason.NOT_RECOGNISABLE,
]
"""Why the face that was taken cannot be used."""
RejectionReason = Literal[
    Reason.INVALID_IMAGE,
    NoSubject,
    SampleReason,
    Reason.DUPLICATE_IMAGE,
    Reason.LOOKS_LIKE_ANOTHER_PERSON,
    Reason.UNLIKE_THE_PERSON,
    Reason.FACE_LIMIT_REACHED,
]
"""Why an image was not enrolled."""
ProbeReason = Literal[NoSubject, SampleReason, Reason.PERSON_NOT_VALID]
"""Why a face was not recognised."""


class DoorReason(StrEnum):
    """The one reason of a decision at a door. Of several that apply it is the first in this order;
    ``granted`` is the last. A reason keeps its spelling for good.
    """

    SYSTEM_ERROR = "system_error"
    """A fault of Kith's own, or a rule that cannot be read."""
    DOOR_DISABLED = "door_disabled"
    """The door is switched off."""
    DOOR_LOCKED_DOWN = "door_locked_down"
    """Nothing is granted at this door, or in its zone, until that is lifted."""
    TEMPORARILY_BLOCKED = "temporarily_blocked"
    """There were several suspected spoofs at this door."""
    STALE_FRAMES = "stale_frames"
    """The frames are too old, or from the future."""
    TOO_FEW_FRAMES = "too_few_frames"
    """Fewer frames came than the door needs, or within too short a time."""
    NO_FACE = "no_face"
    """No face was found in enough frames."""
    LOW_QUALITY = "low_quality"
    """Too few frames show a face that can be recognised."""
    MULTIPLE_FACES = "multiple_faces"
    """A second face is nearly as large, and the door allows none."""
    FRAMES_DISAGREE = "frames_disagree"
    """Too few of the frames show the same person."""
    SPOOF_SUSPECTED = "spoof_suspected"
    """The face does not seem to be that of a living person."""
    UNKNOWN_PERSON = "unknown_person"
    """The face is of nobody enrolled."""
    AMBIGUOUS = "ambiguous"
    """Two persons are too close to each other to choose."""
    PERSON_NOT_YET_VALID = "person_not_yet_valid"
    """The person's ``valid_from`` has not come."""
    PERSON_EXPIRED = "person_expired"
    """The person's ``valid_until`` has passed."""
    PERSON_SUSPENDED = "person_suspended"
    """The person is suspended."""
    FACTOR_REQUIRED = "factor_required"
    """The door wants a card number or person id with the frames."""
    FACTOR_MISMATCH = "factor_mismatch"
    """The card number or person id is nobody's, or the face is of somebody else."""
    NOT_AUTHORISED = "not_authorised"
    """No rule lets any group of the person pass this door."""
    OUTSIDE_SCHEDULE = "outside_schedule"
    """A rule does, at other times."""
    COOLDOWN = "cooldown"
    """The person was granted here, or at another door, a moment ago."""
    GRANTED = "granted"
    """The person may pass."""
