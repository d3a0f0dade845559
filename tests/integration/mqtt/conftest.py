"""A service that publishes to a broker, below a prefix of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.support.brokers import Listener, Mosquitto, listening
from tests.support.client import client_of


@pytest.fixture
def publishing(settings: Settings, shared_broker: str, prefix: str) -> Settings:
    """Settings of a service whose broker is the shared one."""
    more = {
        "mqtt_url": shared_broker,
        "mqtt_prefix": prefix,
        "mqtt_discovery": f"{prefix}/ha",
        "egress_allow": "127.0.0.1",
    }
    return settings.model_copy(update=more)


@pytest.fixture
def heard(shared_broker: str, prefix: str) -> Iterator[Listener]:
    """Everything below the prefix."""
    with listening(shared_broker, f"{prefix}/#") as listener:
        yield listener


@pytest.fixture
def service(publishing: Settings, heard: Listener) -> Iterator[TestClient]:
    """The service, once it has said that it is online."""
    with client_of(build(publishing)) as client:
        heard.until(publishing.mqtt_prefix + "/status", b"online")
        yield client


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own."""
    broker = Mosquitto(tmp_path)
    broker.up()
    yield broker
    broker.down()
