"""The forms of ``--source``, and the camera for each of them."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.agent.addresses import HttpAddress, http_address, shown, trusted
from app.agent.cameras import Camera, Seen
from app.agent.folder import FolderCamera, ReplayedFolder
from app.agent.polled import NoSinglePicture, PolledCamera
from app.agent.stream import StreamAddress, StreamCamera
from app.core.clock import Clock
from app.errors import InvalidRequest

FORMS: Final = (
    "rtsp://..., rtsps://..., http://..., https://..., dir:FOLDER, file:FILE, /dev/video0"
)


def camera_of(
    source: str, clock: Clock, *, rate: float, replay: bool = False, ca: Path | None = None
) -> Camera:
    """The camera at ``source``; ``InvalidRequest`` where there is none for it. ``rate``: pictures a
    second that are asked for at an address, or shown of a replayed folder. ``ca``: a file with the
    only certificates that it may have or be signed by.
    """
    kind, _, rest = source.partition(":")
    kind = kind.lower()
    authority = None if ca is None else _authority(ca, kind)
    if replay and kind != "dir":
        raise InvalidRequest("--replay shows the pictures of a folder: --source dir:FOLDER.")
    if source.startswith("/dev/"):
        return StreamCamera(StreamAddress(source, source, format="v4l2"), clock)
    if kind in ("dir", "file") and not rest:
        raise InvalidRequest(f"--source {kind}: names nothing after the colon.")
    if kind == "dir":
        folder = Path(rest)
        return ReplayedFolder(folder, clock, rate=rate) if replay else FolderCamera(folder, clock)
    if kind == "file":
        return StreamCamera(StreamAddress(rest, source, is_file=True), clock)
    if kind in ("rtsp", "rtsps"):
        return StreamCamera(StreamAddress(source, shown(source), ca=authority), clock)
    if kind in ("http", "https"):
        address = replace(http_address(source), ca=authority)
        return WebCamera(source, address, clock, rate=rate)
    raise InvalidRequest(f"--source is none of {FORMS}.")


class WebCamera:
    """An address of HTTP: its first answer says whether it is a picture or a stream."""

    decides_what_moved = False

    def __init__(self, source: str, address: HttpAddress, clock: Clock, *, rate: float) -> None:
        self.shown = address.shown
        self._camera: Camera = PolledCamera(address, clock, rate=rate)
        self._stream = StreamCamera(StreamAddress(source, address.shown, ca=address.ca), clock)

    def frames(self) -> Generator[Seen, None, None]:
        """Give the frames of the picture's address or of the stream."""
        try:
            yield from self._camera.frames()
        except NoSinglePicture:
            self._camera = self._stream
            yield from self._camera.frames()


def _authority(ca: Path, kind: str) -> str:
    """The file, which can be read, for an address that has a certificate."""
    if kind not in ("https", "rtsps"):
        raise InvalidRequest("--camera-ca is for a --source at https:// or rtsps://.")
    trusted(str(ca))
    return str(ca)
