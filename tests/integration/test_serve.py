"""Starting and stopping a real server."""

import errno
import http.client
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from app.bootstrap import Container, build
from app.bundles.bundle import Bundle
from app.cli import serve
from app.server.listening import bound_sockets, cannot_listen, url_of
from app.settings import Settings
from tests.support.commands import Command
from tests.support.fake_bundle import with_former_calibration
from tests.support.pictures import picture
from tests.support.server import ServerProcess

Start = Callable[..., ServerProcess]


def test_the_first_start_makes_an_admin_key_that_only_its_owner_can_read(server: Start) -> None:
    process = server(KITH_ADMIN_KEY="")
    file = process.data_dir / "admin.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with process.client(file.read_text().strip()) as client:
        assert client.get("/models").status_code == 200
    said = process.log.read_text()
    assert f"The admin key is in {file}" in said
    assert "curl -H" in said
    assert f"console: {process.url}/console)" in said
    assert file.read_text().strip() not in said


def test_a_second_start_keeps_the_key_and_the_gallery(server: Start) -> None:
    process = server(KITH_ADMIN_KEY="")
    key = (process.data_dir / "admin.key").read_text().strip()
    with process.client(key) as client:
        client.post("/collections", json={"id": "hq"})
    assert process.stop() == 0
    process.start()
    with process.client(key) as client:
        assert client.get("/collections/hq").status_code == 200


def test_a_start_with_the_bundle_in_place_touches_no_network(
    tmp_path: Path, fake_bundle: Path, server: Start
) -> None:
    shutil.copytree(fake_bundle, tmp_path / "server-0" / "models" / "face")
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "PIP_INDEX_URL": "http://127.0.0.1:9"}
    process = server(KITH_MODEL="", **nowhere)
    with process.client() as client:
        assert client.get("/models").json()["items"][0]["name"] == "fake"


def test_a_start_brings_the_calibration_of_the_release_before_up_to_date_without_a_network(
    tmp_path: Path, face_bundle: Path, server: Start
) -> None:
    folder = Path(shutil.copytree(face_bundle, tmp_path / "server-0" / "models" / "face"))
    before = Bundle.load(with_former_calibration(folder))
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "PIP_INDEX_URL": "http://127.0.0.1:9"}
    process = server(KITH_MODEL="", **nowhere)
    after = Bundle.load(folder)
    assert after.manifest.contract == before.manifest.contract
    assert (list(before.warnings), list(after.warnings)) == (["calibration_former"], [])
    said = process.log.read_text()
    assert "bundle.updated" in said
    assert "bundle.calibration_former" not in said
    with process.client() as client:
        (model,) = client.get("/models").json()["items"]
    assert model["manifest_sha256"] == after.manifest_sha256


def test_a_stop_finishes_the_requests_in_hand(server: Start) -> None:
    process = server(KITH_THREADS="1", KITH_QUEUE="200")
    images = [("images", (f"{i}.png", picture(i), "image/png")) for i in range(100)]
    with process.client() as client:
        client.post("/collections", json={"id": "hq", "max_faces_per_person": 100})
        path = "/collections/hq/persons"
        enrol = client.build_request("POST", path, data={"id": "ada"}, files=images)
    with closing(http.client.HTTPConnection(enrol.url.host, enrol.url.port, 60)) as connection:
        connection.putrequest("POST", enrol.url.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {**enrol.headers, "expect": "100-continue"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        # The service says so once it reads the body: from here on the request is in its hand.
        assert connection.sock.recv(1024).startswith(b"HTTP/1.1 100 ")
        process.send_signal(signal.SIGTERM)
        while _listens(enrol.url):
            time.sleep(0.02)
        connection.send(enrol.read())
        assert connection.getresponse().status == 201
    assert process.wait() == 0
    process.start()
    with process.client() as client:
        assert client.get("/collections/hq/persons/ada").json()["face_count"] == 100


def _listens(url: httpx.URL) -> bool:
    try:
        with socket.create_connection((url.host, url.port or 0)):
            return True
    except ConnectionRefusedError:
        return False


def test_a_full_queue_is_answered_at_once_with_retry_after(server: Start) -> None:
    process = server(KITH_THREADS="1", KITH_QUEUE="0")
    seen: list[httpx.Response] = []
    lock = threading.Lock()

    def ask() -> None:
        with process.client() as client:
            for i in range(30):
                answer = client.post("/collections/hq/identify", files={"image": picture(i)})
                with lock:
                    seen.append(answer)

    with process.client() as client:
        client.post("/collections", json={"id": "hq"})
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.status_code for answer in seen} == {200, 503}
    turned_away = next(answer for answer in seen if answer.status_code == 503)
    assert turned_away.json()["code"] == "overloaded"
    assert int(turned_away.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("KITH_MODEL", "/nowhere", "is no model bundle"),
        ("KITH_PORT", "99999", "KITH_PORT"),
        ("KITH_ADMIN_KEY", "short", "KITH_ADMIN_KEY"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    server: Start, setting: str, value: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said) as failed:
        server(**{setting: value})
    assert "Traceback" not in str(failed.value)


def test_what_is_printed_can_be_run_whatever_the_data_folder_is_called(
    tmp_path: Path, fake_bundle: Path
) -> None:
    """Also where the service listens everywhere, below a prefix, with HEAD asked by a browser."""
    data = tmp_path / "it's a [red]data[bold] folder? 100%41 #1 $HOME;& 北京"
    everywhere = "0.0.0.0"  # noqa: S104 - to be reached by this machine
    process = ServerProcess(
        data, fake_bundle, KITH_ADMIN_KEY="", KITH_HOST=everywhere, KITH_ROOT_PATH="/kith"
    )
    try:
        process.start()
        said = process.log.read_text()
        assert process.url.startswith("http://127.0.0.1:")
        assert f"The admin key is in {data / 'admin.key'}\n" in said
        command = said.partition("Try:")[2].strip().splitlines()[0]
        ran = subprocess.run(
            ["bash", "-euc", f"{command} --silent"], capture_output=True, text=True, check=True
        )
        assert json.loads(ran.stdout)["items"][0]["name"] == "fake"
        key = (data / "admin.key").read_text().strip()
        with process.client(key) as client:
            client.post("/collections", json={"id": "hq"}).raise_for_status()
            get, head = client.get("/collections/hq"), client.head("/collections/hq")
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == get.headers["content-length"]
            assert client.get(f"{process.url}/kith/v1/models").status_code == 200
    finally:
        stopped = process.stop()
    assert stopped == 0
    assert (data / "kith.db").is_file()
    assert {each.name for each in tmp_path.iterdir() if each.name != "fake"} == {data.name}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - a text
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:80"),
        ("kith.example.com", "http://kith.example.com:80"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(host: str, url: str) -> None:
    assert url_of(host, 80) == url


def test_every_address_of_a_name_gets_the_same_port() -> None:
    with bound_sockets("localhost", 0) as sockets:
        assert len({each.getsockname()[1] for each in sockets}) == 1


@pytest.mark.parametrize(
    ("number", "part"),
    [
        (errno.EACCES, "KITH_PORT to 1024 or higher"),
        (errno.EADDRINUSE, "in use by another program"),
        (errno.EADDRNOTAVAIL, "no address of this machine"),
        (errno.EINVAL, "cannot be had: Invalid argument"),
    ],
)
def test_why_a_port_cannot_be_had_is_reported(number: int, part: str) -> None:
    detail = cannot_listen("127.0.0.1", 80, OSError(number, os.strerror(number))).detail
    assert "127.0.0.1" in detail
    assert part in detail


def test_a_port_that_another_takes_while_the_service_starts_is_reported(
    tmp_path: Path, fake_bundle: Path, kith_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two can bind a port that neither listens on yet; the second to listen finds it taken."""
    taken: list[socket.socket] = []

    def built(settings: Settings) -> Container:
        port = sockets[0].getsockname()[1]
        taken.append(socket.create_server(("127.0.0.1", port)))
        return build(settings)

    sockets: list[socket.socket] = []

    @contextmanager
    def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
        with bound_sockets(host, port) as found:
            sockets.extend(found)
            yield found

    monkeypatch.setattr(serve, "bound_sockets", bound)
    monkeypatch.setattr(serve, "build", built)
    said = kith_command(
        "serve", KITH_DATA_DIR=tmp_path / "data", KITH_MODEL=fake_bundle, KITH_PORT=0
    )
    for each in taken:
        each.close()
    assert said.status == 1
    assert "is in use by another program" in said.err
    assert "Traceback" not in said.err
