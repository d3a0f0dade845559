"""A client of Kith, which names the people it knows and says unknown of everyone else.

``Kith`` waits for each answer, ``AsyncKith`` awaits it. Both have a method for each route.
"""

from kith_client.calls import UNSET, Call, Unset
from kith_client.client import AsyncKith, Kith
from kith_client.errors import ApiError, ConnectionFailed, FieldError, KithError, UnexpectedAnswer
from kith_client.images import Image
from kith_client.model import Model, OtherEvent, OtherWarning, Page, as_json
from kith_client.models import Event
from kith_client.version import __version__

__all__ = [
    "UNSET",
    "ApiError",
    "AsyncKith",
    "Call",
    "ConnectionFailed",
    "Event",
    "FieldError",
    "Image",
    "Kith",
    "KithError",
    "Model",
    "OtherEvent",
    "OtherWarning",
    "Page",
    "UnexpectedAnswer",
    "Unset",
    "__version__",
    "as_json",
]
