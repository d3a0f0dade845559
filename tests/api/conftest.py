"""Fixtures of the HTTP edge's tests."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.core import reports
from app.settings import Settings
from tests.api.support import FakeClock, client_of, make_collection


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, a small report is there in time."""
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 60)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(settings: Settings, clock: FakeClock) -> Iterator[TestClient]:
    """The service on ``clock``."""
    with client_of(build(settings, clock)) as client:
        yield client


@pytest.fixture
def staff(client: TestClient) -> str:
    """The path of a collection with nobody in it."""
    return make_collection(client)
