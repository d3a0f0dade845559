"""Fixtures of the HTTP edge's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.core import reports
from app.settings import Settings
from tests.api.bad_images import PNG, STAFF
from tests.api.console import Visitor
from tests.api.support import FakeClock, enrol, make_collection
from tests.support.client import client_of
from tests.support.server import ADMIN_KEY


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, a small report is there in time."""
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 60)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def container(settings: Settings, clock: FakeClock) -> Container:
    """The parts of the service on ``clock``."""
    return build(settings, clock)


@pytest.fixture
def timed(container: Container) -> Iterator[TestClient]:
    """The service on ``clock``."""
    with client_of(container) as client:
        yield client


@pytest.fixture
def staff(client: TestClient) -> str:
    """The path of a collection with nobody in it."""
    return make_collection(client)


@pytest.fixture
def visitor(client: TestClient) -> Visitor:
    """A browser at a console with one collection; it is not signed in."""
    make_collection(client)
    return Visitor(client)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[TestClient]:
    """One service for all of a file of bad input; its images may have 1 MiB."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("bad-input"),
        model=fake_bundle,
        admin_key=ADMIN_KEY,
        max_image_bytes=1024 * 1024,
    )
    with client_of(build(settings)) as client:
        make_collection(client)
        enrol(client, STAFF, "ada", PNG)
        yield client
