"""CompreFace's own Python SDK, unmodified, and the requests of clients that do not run here."""

import sys
from types import ModuleType

# The SDK wants requests-toolbelt 0.9.1, which loads a part for Google's App Engine that urllib3 2
# has no more, and uses nothing of it elsewhere.
_GONE = ModuleType("urllib3.contrib.appengine")
sys.modules.setdefault(_GONE.__name__, _GONE)

from compreface import CompreFace as CompreFace  # noqa: E402
from compreface.service import RecognitionService as RecognitionService  # noqa: E402

BOUNDARY = "--------------------------515890814546601021194782"
"""A boundary as axios and form-data make it."""


def sdk(url: str, **options: object) -> CompreFace:
    """The SDK for a service at ``url``."""
    domain, _, port = url.rpartition(":")
    return CompreFace(domain, port, options)


def form(*files: tuple[str, str, bytes]) -> bytes:
    """Field, file name and bytes of each file as form-data writes them, byte for byte."""
    parts = [
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + data
        + b"\r\n"
        for field, name, data in files
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
