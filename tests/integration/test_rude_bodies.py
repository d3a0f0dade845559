"""Bodies that are sent to do harm, at a real server with little of everything and much patience:
there is room in time because a client that lags gives way, and strangers are refused from the head.
"""

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.api.sites import PLACES
from tests.api.support import ok
from tests.support.memory import MEBIBYTE
from tests.support.rude import (
    FILE,
    FORM,
    JSON,
    SECONDS,
    connect,
    head,
    identified,
    rest,
    small_server,
    until,
)
from tests.support.server import ServerProcess

CONNECTIONS, BODIES = 24, 16 * MEBIBYTE
PATIENCE = 300
NOBODY = "a-key-that-nobody-has-0123456789"


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """One server for all of this file."""
    with small_server(
        tmp_path_factory.mktemp("rude-bodies"),
        fake_bundle,
        KITH_MAX_CONNECTIONS=CONNECTIONS,
        KITH_MAX_REQUEST_BYTES=8 * MEBIBYTE,
        KITH_MAX_BODIES_BYTES=BODIES,
        KITH_REQUEST_SECONDS=PATIENCE,
    ) as server:
        yield server


def answer(one: socket.socket) -> bytes:
    """The head of the next answer, while the request's body is still missing."""
    said = b""
    while b"\r\n\r\n" not in said:
        more = one.recv(65536)
        assert more, said
        said += more
    return said


def answers(clients: list[socket.socket]) -> bytes:
    """The first answer that one of ``clients`` gets."""
    answered, _, _ = select.select(clients, [], [], SECONDS)
    return rest(answered[0])


def with_bodies(server: ServerProcess) -> Iterator[tuple[str, str]]:
    """Method and path of every operation that takes a body."""
    with server.client() as client:
        document = ok(client.get(f"{server.url}/openapi.json"))
    places = {"collection_id": "hq", "person_id": "ada", "external_id": "x", **PLACES}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "requestBody" in operation:
                yield method.upper(), path.removeprefix("/v1").format_map(places)


@pytest.mark.parametrize(
    "length", ["Content-Length: 90", "Content-Length: 4000000", "Transfer-Encoding: chunked"]
)
def test_a_stranger_is_refused_before_a_byte_of_any_body(
    patient: ServerProcess, length: str
) -> None:
    asked = list(with_bodies(patient))
    assert len(asked) >= 14
    for method, path in asked:
        for kind in (JSON, FORM):
            with connect(patient) as one:
                one.sendall(head(path, kind, length, method=method, key=NOBODY))
                assert answer(one).startswith(b"HTTP/1.1 401 "), (method, path)


def test_strangers_with_half_a_body_keep_nobody_out(patient: ServerProcess) -> None:
    with ExitStack() as stack:
        for number in range(4 * CONNECTIONS):
            one = stack.enter_context(connect(patient))
            path = ("/collections", "/keys", "/detect")[number % 3]
            one.sendall(head(path, JSON, "Content-Length: 90", key=NOBODY) + b'{"id"')
            if number % 8 == 0:
                assert identified(patient) == 200


def test_half_sent_bodies_give_way_to_others(patient: ServerProcess) -> None:
    with ExitStack() as stack:
        halves = [stack.enter_context(connect(patient)) for _ in range(CONNECTIONS)]
        for one in halves:
            one.sendall(head("/collections", JSON, "Content-Length: 90") + b'{"id"')
        _until_served(lambda: identified(patient), {200, 503})
        said = answers(halves)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"


def test_drips_give_way_too(patient: ServerProcess) -> None:
    over = threading.Event()

    def drip(one: socket.socket) -> None:
        try:
            while not over.wait(0.2):
                one.sendall(b" ")
        except OSError:
            return

    with ExitStack() as stack:
        halves = [stack.enter_context(connect(patient)) for _ in range(CONNECTIONS)]
        for one in halves:
            one.sendall(head("/detect", JSON, "Content-Length: 4000000"))
        threads = [threading.Thread(target=drip, args=(one,)) for one in halves]
        for each in threads:
            each.start()
        _until_served(lambda: identified(patient), {200, 503})
        over.set()
        for each in threads:
            each.join()


def test_large_bodies_that_stop_give_their_memory_to_others(patient: ServerProcess) -> None:
    with ExitStack() as stack:
        stopped = [stack.enter_context(connect(patient)) for _ in range(2)]
        for one in stopped:
            one.sendall(head("/detect", FORM, "Content-Length: 7900000") + FILE)
            one.sendall(bytes(6 * MEBIBYTE))
        assert identified(patient) == 200

        def large() -> int:
            with patient.client() as client:
                form = {"image": bytes(6 * MEBIBYTE)}
                return client.post("/detect", files=form).status_code

        _until_served(large, {415, 503})
        assert answers(stopped).startswith(b"HTTP/1.1 408 ")
        assert identified(patient) == 200


@pytest.mark.parametrize("path", ["/collections", "/keys", "/collections/hq/identify", "/detect"])
def test_json_of_very_many_values_is_refused_before_it_is_understood(
    patient: ServerProcess, path: str
) -> None:
    values = b'{"metadata": [' + b"{}," * MEBIBYTE + b"1]}"
    with patient.client() as client:
        said = client.post(path, content=values, headers={"Content-Type": "application/json"})
    assert (said.status_code, said.json()["code"]) == (413, "payload_too_large")
    assert identified(patient) == 200


def test_a_form_full_of_half_boundaries_is_refused(patient: ServerProcess) -> None:
    body = FILE + b"\r\n--xy" * MEBIBYTE
    with patient.client() as client:
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        said = client.post("/detect", content=body, headers=kind)
    assert (said.status_code, said.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("length", ["Content-Length: 500", "Transfer-Encoding: chunked"])
def test_a_connection_that_ends_within_a_body_does_nothing(
    patient: ServerProcess, length: str
) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\nlost\r\n'
    chunk = part if "500" in length else b"%x\r\n%s\r\n" % (len(part), part)
    before = patient.log.read_text().count('"status": 499')
    with connect(patient) as one:
        one.sendall(head("/collections/hq/persons", FORM, length) + chunk)
    until(lambda: patient.log.read_text().count('"status": 499') > before, patient.log.read_text)
    with patient.client() as client:
        assert client.get("/collections/hq/persons/lost").status_code == 404


def test_none_of_this_was_a_fault(patient: ServerProcess) -> None:
    log = patient.log.read_text()
    assert "Traceback" not in log
    assert '"level": "error"' not in log
    assert '"status": 500' not in log


def _until_served(ask: Callable[[], int], allowed: set[int]) -> None:
    """Ask until the answer is the first of ``allowed`` that is no 503; no other may come."""

    def served() -> bool:
        try:
            status = ask()
        except httpx.TransportError:  # turned away while it was sending
            return False
        assert status in allowed
        return status != 503

    until(served, lambda: "nobody gave way")
