"""Reasons and rates in plain words, for people who have not read the documentation."""

from collections.abc import Iterable, Mapping
from math import floor, log10
from typing import Final

from app.console.languages import N_, Language
from app.reasons import DoorReason, Reason

_REASONS: Final = {
    Reason.INVALID_IMAGE: N_("This file cannot be read as a photo."),
    Reason.NO_FACE: N_("No face is seen. Face the camera, in more light."),
    Reason.MULTIPLE_FACES: N_("Several faces are alike in size. Say which one is meant."),
    Reason.FACE_TOO_SMALL: N_("The face is too small. Come closer."),
    Reason.FACE_CUT_OFF: N_("The face is cut off. Move into the middle."),
    Reason.LOW_DETECTION_SCORE: N_("The face is hard to see. Take away what covers it."),
    Reason.LOW_QUALITY: N_("The photo is too dark, too bright or not sharp."),
    Reason.EXTREME_POSE: N_("The face is turned away. Look into the camera."),
    Reason.NOT_RECOGNISABLE: N_("Nobody could be recognised in this photo. Take a sharper one."),
    Reason.DUPLICATE_IMAGE: N_("This photo is enrolled already."),
    Reason.LOOKS_LIKE_ANOTHER_PERSON: N_("This looks like somebody else who is enrolled."),
    Reason.UNLIKE_THE_PERSON: N_("This is unlike the other photos of this person."),
    Reason.FACE_LIMIT_REACHED: N_("This person has as many faces as are allowed."),
    Reason.PERSON_NOT_VALID: N_("The person is not valid now."),
    Reason.IMAGE_TURNED: N_("The photo lay on its side and was turned."),
    Reason.SEVERAL_FACES: N_("Several faces were found, and one was taken."),
}
_DOOR_REASONS: Final = {
    DoorReason.SYSTEM_ERROR: N_("Something is wrong in the service"),
    DoorReason.DOOR_DISABLED: N_("The door is switched off"),
    DoorReason.DOOR_LOCKED_DOWN: N_("The door is locked down"),
    DoorReason.TEMPORARILY_BLOCKED: N_("Blocked for a moment after suspected spoofs"),
    DoorReason.STALE_FRAMES: N_("The pictures are too old"),
    DoorReason.TOO_FEW_FRAMES: N_("Too few pictures"),
    DoorReason.NO_FACE: N_("No face was seen"),
    DoorReason.LOW_QUALITY: N_("The face could not be seen well enough"),
    DoorReason.MULTIPLE_FACES: N_("More than one person is at the door"),
    DoorReason.FRAMES_DISAGREE: N_("The pictures do not show the same person"),
    DoorReason.SPOOF_SUSPECTED: N_("It may be no living person"),
    DoorReason.UNKNOWN_PERSON: N_("Nobody who is enrolled"),
    DoorReason.AMBIGUOUS: N_("Two people are too alike to choose"),
    DoorReason.PERSON_NOT_YET_VALID: N_("The person is not valid yet"),
    DoorReason.PERSON_EXPIRED: N_("The person is not valid any more"),
    DoorReason.PERSON_SUSPENDED: N_("The person is suspended"),
    DoorReason.FACTOR_REQUIRED: N_("A card or an id is needed too"),
    DoorReason.FACTOR_MISMATCH: N_("The card or id is of somebody else"),
    DoorReason.NOT_AUTHORISED: N_("No rule lets the person in here"),
    DoorReason.OUTSIDE_SCHEDULE: N_("Not at this time"),
    DoorReason.COOLDOWN: N_("The person was let in a moment ago"),
    DoorReason.GRANTED: N_("May pass"),
}
DECISIONS: Final = {
    "identified": N_("Known"),
    "unknown": N_("Unknown: nobody who is enrolled"),
    "ambiguous": N_("Two people are too alike to choose"),
    "rejected": N_("This face cannot be compared"),
}
"""The decision of an identification."""
MODES: Final = {
    "advise": N_("the access control system decides"),
    "verify": N_("the access control system decides, by a card too"),
    "decide": N_("Kith decides, by rules"),
}
"""The system that controls the door's lock."""

HEALTH: Final = {
    "ok": N_("Its camera gives pictures."),
    "no_picture": N_("Its camera gives no picture."),
    "stale_pictures": N_("Its pictures come too late."),
    "silent": N_("It reports no more."),
    "unknown": N_("Nothing reports how its camera is."),
}
"""How the client of a door says that it is."""
REPLICA_STATES: Final = {
    "unloaded": N_("nothing was read yet"),
    "building": N_("the whole gallery is being read"),
    "ready": N_("up to date"),
    "behind": N_("a later change is known"),
    "failed": N_("the last attempt to read failed"),
}
"""The states of the gallery in the memory of a process."""


def reason(spoken: Language, code: str) -> str:
    """The meaning of a reason, and what to do."""
    return spoken.say(_REASONS[Reason(code)])


def door_reason(spoken: Language, code: str) -> str:
    """The reason of a door's decision."""
    return spoken.say(_DOOR_REASONS[DoorReason(code)])


def reasons_in(message: str) -> list[str]:
    """The reasons at the start of a refused image's error: ``no_face, low_quality: ...``."""
    return known_reasons(message.partition(":")[0].split(", "))


def known_reasons(codes: Iterable[str]) -> list[str]:
    """Those of the codes that are reasons with words for them."""
    known = set(Reason)
    return [each for each in codes if each in known]


def all_said(spoken: Language, codes: Iterable[str]) -> list[str]:
    """Each reason in words."""
    return [reason(spoken, each) for each in codes]


def tries(fpir: float) -> int:
    """How many strangers come, on average, for each one that is as similar to somebody here: 1 over
    the rate, to two significant digits. At least 1; 0 where the rate is 0.
    """
    if fpir <= 0:
        return 0
    whole = 1 / fpir
    step = int(10 ** max(floor(log10(whole)) - 1, 0))
    return max(1, round(whole / step) * step)


def said(spoken: Language, texts: Mapping[str, str]) -> dict[str, str]:
    """Each of the texts in a language."""
    return {code: spoken.say(text) for code, text in texts.items()}
