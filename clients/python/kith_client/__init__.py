"""A client of Kith, which names the people it knows and says unknown of everyone else.

``Kith`` waits for each answer, ``AsyncKith`` awaits it. Both have a method for each route.
"""

from kith_client.bursts import Burst, Frame
from kith_client.calls import UNSET, Call, Unset
from kith_client.client import AsyncKith, Kith
from kith_client.doors import AsyncDoor, Decision, Door, FramesTooOld
from kith_client.enrolment import Enrolled, Rejected
from kith_client.errors import ApiError, ConnectionFailed, FieldError, KithError, UnexpectedAnswer
from kith_client.images import Image
from kith_client.model import Model, OtherEvent, OtherWarning, Page, as_json
from kith_client.models import Event
from kith_client.people import Person, people_in_csv, people_in_folder
from kith_client.version import __version__

__all__ = [
    "UNSET",
    "ApiError",
    "AsyncDoor",
    "AsyncKith",
    "Burst",
    "Call",
    "ConnectionFailed",
    "Decision",
    "Door",
    "Enrolled",
    "Event",
    "FieldError",
    "Frame",
    "FramesTooOld",
    "Image",
    "Kith",
    "KithError",
    "Model",
    "OtherEvent",
    "OtherWarning",
    "Page",
    "Person",
    "Rejected",
    "UnexpectedAnswer",
    "Unset",
    "__version__",
    "as_json",
    "people_in_csv",
    "people_in_folder",
]
