"""One real service for all of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kith_client import Kith
from tests.support.server import ADMIN_KEY, ServerProcess


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("service"), fake_bundle).start()
    yield running
    running.kill()


@pytest.fixture
def client(service: ServerProcess) -> Iterator[Kith]:
    with Kith(service.url, ADMIN_KEY) as kith:
        yield kith


@pytest.fixture
def collection(client: Kith) -> str:
    """A collection of the test's own."""
    return client.create_collection().id
