"""A broker that knows its users, speaks TLS and lets nobody write what they may not."""

import base64
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.bootstrap import build
from app.errors import StartError
from app.settings import Settings
from tests.api.support import made, make_collection
from tests.support.brokers import Mosquitto
from tests.support.client import client_of
from tests.support.waiting import wait_for

METRICS = "http://kith/metrics"


def hashed(password: str) -> str:
    """A password in the form of Mosquitto 2 (PBKDF2 with SHA-512)."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The certificate of localhost, which signs itself, and next to it its key."""
    place = tmp_path / "broker"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", f"{place}.key", "-out", f"{place}.crt"]
    subprocess.run([*command.split(), *named, *files], check=True, capture_output=True)
    place.with_suffix(".key").chmod(0o644)  # mosquitto takes another user than root
    return place.with_suffix(".crt")


@pytest.fixture
def secured(tmp_path: Path, certificate: Path, prefix: str) -> Iterator[Mosquitto]:
    """Kith may write all of its topics but those of the site."""
    (tmp_path / "users").write_text(f"kith:{hashed('right')}\n")
    rights = [f"topic deny {prefix}/site/#", f"topic write {prefix}/#"]
    (tmp_path / "rights").write_text("\n".join(["user kith", *rights, ""]))
    for each in (tmp_path, tmp_path / "users", tmp_path / "rights"):
        each.chmod(0o755 if each.is_dir() else 0o644)
    broker = Mosquitto(
        tmp_path,
        f"certfile {certificate}",
        f"keyfile {certificate.with_suffix('.key')}",
        f"password_file {tmp_path / 'users'}",
        f"acl_file {tmp_path / 'rights'}",
        "user root",
    )
    broker.up()
    yield broker
    broker.down()


@pytest.fixture
def settings_for(publishing: Settings, secured: Mosquitto, certificate: Path) -> Settings:
    url = f"mqtts://kith@localhost:{secured.port}"
    more = {"mqtt_url": url, "mqtt_ca": certificate, "egress_allow": "localhost"}
    return publishing.model_copy(update=more)


def test_what_the_broker_refuses_is_counted_and_holds_nothing_up(settings_for: Settings) -> None:
    settings = settings_for.model_copy(update={"mqtt_password": SecretStr("right")})
    with client_of(build(settings)) as client:
        wait_for(lambda: "kith_mqtt_connected 1.0" in client.get(METRICS).text)
        made(client.post("/keys", json={"scopes": ["read"]}))
        made(client.post(f"{make_collection(client)}/persons", json={"id": "p0"}))
        wait_for(lambda: "kith_mqtt_messages_total 3.0" in client.get(METRICS).text)
        wait_for(lambda: "kith_mqtt_lag_seconds 0.0" in client.get(METRICS).text)
        assert "kith_mqtt_refused_total 1.0" in client.get(METRICS).text


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mqtt_password": SecretStr("wrong")}, "Not authorized"),
        ({"mqtt_password": SecretStr("right"), "mqtt_ca": None}, "certificate verify failed"),
        ({"mqtt_password": SecretStr("right"), "egress_allow": ""}, "KITH_EGRESS_ALLOW"),
    ],
)
def test_a_broker_that_cannot_be_reached_is_named_with_the_reason(
    settings_for: Settings,
    changed: dict[str, object],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = ""

    def is_said() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return "mqtt.broker_lost" in said

    with client_of(build(settings_for.model_copy(update=changed))):
        wait_for(is_said)
    assert reason in said
    assert "wrong" not in said


def test_an_address_that_is_not_allowed_and_a_file_that_is_none_stop_the_start(
    publishing: Settings, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match=r"KITH_MQTT_URL: 127.0.0.1 .*KITH_EGRESS_ALLOW"):
        build(publishing.model_copy(update={"egress_allow": ""}))
    secured = publishing.model_copy(update={"mqtt_url": "mqtts://127.0.0.1"})
    for file in (tmp_path / "none.pem", Path(__file__)):
        with pytest.raises(StartError, match="KITH_MQTT_CA: the file"):
            build(secured.model_copy(update={"mqtt_ca": file}))
