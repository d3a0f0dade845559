"""A real server that answers CompreFace's clients, and two people in the public domain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image, ImageEnhance

from app.core.ids import new_id
from app.settings import SHIPPED
from tests.support.cameras import astronaut, jpeg
from tests.support.server import ServerProcess


@dataclass(frozen=True)
class Site:
    """A collection of its own at the server, and a key for it alone."""

    url: str
    server: ServerProcess
    collection: str
    key: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("compreface")
    running = ServerProcess(folder, SHIPPED / "face-mini", KITH_COMPREFACE="on").start()
    yield running
    running.kill()


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(server: ServerProcess) -> MakeSite:
    """Makes a collection, and a key for it with these scopes."""

    def make(*scopes: str, **key: object) -> Site:
        name = new_id("col")
        with server.client() as admin:
            admin.post("/collections", json={"id": name}).raise_for_status()
            wanted = {"scopes": scopes or ["identify", "enroll", "read"], "collections": [name]}
            made = admin.post("/keys", json={**wanted, **key}).raise_for_status().json()
        return Site(server.url, server, name, made["key"])

    return make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()


def collins(brightness: float = 1) -> bytes:
    """Eileen Collins, by NASA."""
    return jpeg(ImageEnhance.Brightness(astronaut()).enhance(brightness))


def hopper(brightness: float = 1) -> bytes:
    """Grace Hopper, by the United States Navy."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as image:
        return jpeg(ImageEnhance.Brightness(image.convert("RGB")).enhance(brightness))


def both() -> bytes:
    """The two next to each other; the face of Collins is a little larger."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as image:
        right = image.convert("RGB").resize((256, 300))
    whole = Image.new("RGB", (512 + 256, 512))
    whole.paste(astronaut(), (0, 0))
    whole.paste(right, (512, 0))
    return jpeg(whole)


def nobody() -> bytes:
    """A grey wall."""
    return jpeg(Image.new("RGB", (320, 240), (120, 120, 120)))
