"""A client that hangs up: nobody works on for it, and nothing is left of its request."""

import threading
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from starlette.types import ASGIApp, Message

from app.bootstrap import Container, build
from app.core.attendance import ClientGone, check_client
from app.inference.pipeline import Pipeline, Sample
from app.settings import Settings
from app.vision.picture import Picture
from app.vision.types import RgbImage
from tests.api.support import enrol, files, identify, make_collection, ok
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY


class Leaving:
    """A client that hangs up as soon as its first image is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looked_at = 0
        self.sent: list[Message] = []
        self._gone = anyio.Event()
        self._find = Pipeline.find

        def look(pipeline: Pipeline, image: RgbImage | Picture, *, least: int = 0) -> list[Sample]:
            self.looked_at += 1
            anyio.from_thread.run_sync(self._gone.set)
            until_noticed()
            return self._find(pipeline, image, least=least)

        monkeypatch.setattr(Pipeline, "find", look)

    async def ask(self, app: ASGIApp, path: str, body: bytes, content_type: str) -> None:
        """Send the request, and hang up."""
        headers = {"content-type": content_type, "authorization": f"Bearer {ADMIN_KEY}"}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "server": ("kith", 80),
            "client": ("127.0.0.1", 1),
            "headers": [
                (b"host", b"kith"),
                *((name.encode(), value.encode()) for name, value in headers.items()),
            ],
        }
        coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if coming:
                return coming.pop()
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        await app(scope, receive, send)


def until_noticed() -> None:
    """Wait until the client's leaving has come to be known in this thread."""
    for _ in range(6000):
        try:
            check_client()
        except ClientGone:
            return
        threading.Event().wait(0.01)
    raise AssertionError("nobody noticed that the client is gone")


@pytest.fixture
def container(tmp_path: Path, fake_bundle: Path) -> Container:
    return build(
        Settings(data_dir=tmp_path, model=fake_bundle, admin_key=ADMIN_KEY, threads=1, queue=1)
    )


def form(field: str, images: Sequence[bytes], **texts: str) -> tuple[bytes, str]:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in texts.items()
    ]
    for image in images:
        head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="a"\r\n\r\n'
        parts.append(head.encode() + image + b"\r\n")
    return b"".join([*parts, b"--x--\r\n"]), "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("path", "field", "count"),
    [
        ("/collections/staff/identify", "image", 1),
        ("/collections/staff/distances", "images", 9),
        ("/collections/staff/clusters", "images", 9),
        ("/collections/staff/persons", "images", 9),
        ("/collections/staff/persons/ada/faces", "images", 9),
        ("/detect", "image", 1),
    ],
)
def test_nothing_is_done_for_a_client_that_is_gone(
    container: Container, monkeypatch: pytest.MonkeyPatch, path: str, field: str, count: int
) -> None:
    with client_of(container) as client:
        staff = make_collection(client)
        enrol(client, staff, "ada", picture(1))
        before = ok(client.get(staff))
        with monkeypatch.context() as patched:
            leaving = Leaving(patched)
            body, kind = form(field, [picture(seed) for seed in range(count)])
            assert client.portal is not None
            client.portal.call(leaving.ask, client.app, f"/v1{path}", body, kind)
        assert leaving.looked_at == 1
        assert leaving.sent == []
        assert ok(client.get(staff)) == before
        assert identify(client, staff, 1)["faces"]  # its turn and its place are free again
        ok(client.post(f"{staff}/distances", files=files(picture(1), picture(2))))
