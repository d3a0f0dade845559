"""Two settings that are parts of web addresses, strictly read.

Each function gives the value, or raises ``ValueError`` with what the value must be: the message
follows the name of the setting and the value that it had.
"""

import re
from typing import Final

_OWN_PATHS: Final = frozenset(
    {
        *("v1", "console", "docs", "metrics", "openapi.json", "asyncapi.json", "schemas"),
        "static-offline-docs",
    }
)
"""The first parts of the service's own paths; a prefix of this name would be ambiguous."""
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~-]+")
_ORIGIN: Final = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_ALL: Final = "*"


def checked_root_path(value: str) -> str:
    """``value`` as a path such as ``/kith`` or ``/apps/kith``; the empty one is none."""
    if not value:
        return value
    if not value.startswith("/"):
        raise ValueError("it must begin with /, as in /kith")
    if value.endswith("/"):
        raise ValueError("it must not end with /; leave it unset where the service is at /")
    segments = value[1:].split("/")
    if not all(_SEGMENT.fullmatch(each) and each.strip(".") for each in segments):
        raise ValueError(
            "it must be a path alone, such as /kith: letters, digits and . _ ~ - between single "
            "slashes, without a host, a query or a fragment"
        )
    if segments[0] in _OWN_PATHS:
        raise ValueError(f"it must not begin with /{segments[0]}, which is a path of the service")
    return value


def split_origins(value: object) -> tuple[str, ...]:
    """A text with commas as the origins in it, as browsers send them; ``*`` stands alone."""
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list | tuple) else ()
    found = tuple(dict.fromkeys(each.strip().lower() for each in value.split(",")))
    if found == (_ALL,):
        return found
    for each in found:
        _check_origin(each)
    return found


def _check_origin(origin: str) -> None:
    if origin == _ALL:
        raise ValueError("it must be * alone, or origins without *")
    parts = _ORIGIN.fullmatch(origin)
    if parts is None or int(parts[3] or 1) > 65535:
        raise ValueError(
            "it must be origins with commas between them, each as a browser sends it: "
            f"https://desk.example.com or http://10.0.0.5:8080, without a path; {origin!r} is none"
        )
    if parts[3] == _DEFAULT_PORTS[parts[1]]:
        raise ValueError(
            f"it must leave out :{parts[3]} in {origin!r}: browsers do not send it for {parts[1]}"
        )
