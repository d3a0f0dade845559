"""Starting and stopping a real server."""

import http.client
import shutil
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

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
