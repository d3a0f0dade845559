"""Parts of several answers. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NotRequired, TypeAlias, TypedDict

from kith_client.model import Model


class BoxView(Model):
    """The face's box in pixels of the upright image; only its visible part where the border
    cuts it.

    x: Pixels from the image's left edge to the box.
    y: Pixels from the image's top edge to the box.
    width: Pixels.
    height: Pixels.
    """

    x: int
    y: int
    width: int
    height: int


class CredentialField(TypedDict):
    """The number, id or address by which another system knows a person.

    system: The system that knows the person by it, such as `acs` or `2n`.
    type: `card`: a number; `user_id`: the person's id in that system; `email`.
    format: How the system writes it, such as `WIEGAND26`; null: unsaid.
    value: The number, id or address, exactly as the system has it. A secret: no error and no
        log repeats it, and no answer but that of a grant at a door which reveals it.
    """

    system: str
    type: Literal["card", "user_id", "email"]
    format: NotRequired[str | None]
    value: str


class DismissalView(Model):
    """An operator's word that two persons who look alike are two people.

    key_id: Id of the key that said so; null for a command.
    created_at: Time of creation, UTC.
    """

    key_id: str | None
    created_at: datetime


DoorReason: TypeAlias = (
    Literal[
        "system_error",
        "door_disabled",
        "door_locked_down",
        "temporarily_blocked",
        "stale_frames",
        "too_few_frames",
        "no_face",
        "low_quality",
        "multiple_faces",
        "frames_disagree",
        "spoof_suspected",
        "unknown_person",
        "ambiguous",
        "person_not_yet_valid",
        "person_expired",
        "person_suspended",
        "factor_required",
        "factor_mismatch",
        "not_authorised",
        "outside_schedule",
        "cooldown",
        "granted",
    ]
    | str
)


class QualityView(Model):
    """How usable the sample is.

    score: Overall quality, 0 (useless) to 1 (nothing wrong).
    face_size: Pixels of the shorter side of the face's box.
    sharpness: 0 (no detail at all) to 1.
    brightness: 0 (black) to 1 (white).
    yaw: Degrees; positive when the face is turned towards the image's right edge.
    pitch: Degrees; positive when the face looks up.
    roll: Degrees; positive when the head is tilted clockwise in the image.
    recognisability: 0 to 1: of as many whole faces as spoilt ones, the share of whole ones
        among those like this. Null where the face was not embedded, as by `detect`, or the
        bundle has not learned it.
    """

    score: float
    face_size: int
    sharpness: float
    brightness: float
    yaw: float
    pitch: float
    roll: float
    recognisability: float | None


class TlsField(TypedDict):
    """Certificates to trust in place of the authorities of the machine.

    ca: Certificates in PEM that may sign the device's; null: none.
    sha256: SHA-256 of the device's own certificate in DER; null: none.
    """

    ca: NotRequired[str | None]
    sha256: NotRequired[str | None]
