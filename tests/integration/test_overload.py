"""More than can be served, on a real server with small limits: it says so at once, waits for nobody
for ever, and holds no more memory than its settings allow.
"""

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path

import pytest
from PIL import Image

from tests.support.memory import MEBIBYTE, bound, forget_peak, held, peak
from tests.support.rude import (
    FILE,
    FORM,
    JSON,
    connect,
    drip,
    head,
    identified,
    rest,
    small_server,
    until,
)
from tests.support.server import ServerProcess

CONNECTIONS, THREADS, PIXELS, BODIES, BODY = 48, 1, 4_000_000, 16 * MEBIBYTE, 8 * MEBIBYTE
LARGE = "Content-Length: 4000000"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """A server that has little of everything, and a second of patience."""
    with small_server(
        tmp_path_factory.mktemp("overload"),
        fake_bundle,
        KITH_THREADS=THREADS,
        KITH_MAX_CONNECTIONS=CONNECTIONS,
        KITH_MAX_IMAGE_PIXELS=PIXELS,
        KITH_MAX_REQUEST_BYTES=BODY,
        KITH_MAX_BODIES_BYTES=BODIES,
        KITH_REQUEST_SECONDS=2,
    ) as server:
        yield server


def test_no_client_is_waited_for_longer_than_the_setting(small: ServerProcess) -> None:
    chunked = head("/detect", JSON, "Transfer-Encoding: chunked")
    clients: list[tuple[bytes, bytes]] = [
        (b"\r\n", b"\r\n"),
        (head("/detect", end=False), b"X-More: 1\r\n"),
        (head("/detect", FORM, LARGE) + b"--x", b""),
        (head("/detect", JSON, LARGE), b" "),
        (head("/collections", JSON, LARGE), b" "),
        (chunked, b"1\r\n \r\n"),
    ]

    def ask(client: tuple[bytes, bytes]) -> bytes:
        with connect(small) as one:
            return drip(one, client[0], repeat(client[1]), 0.2)

    with connect(small) as silent, ThreadPoolExecutor(len(clients)) as pool:
        said = list(pool.map(ask, clients))
        assert rest(silent) == b""
    for each in said:
        assert each.startswith(b"HTTP/1.1 408 "), each
        assert each.lower().count(b"connection: close") == 1
        assert json.loads(each.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"
    assert identified(small) == 200


def test_an_answer_that_nobody_takes_is_dropped(small: ServerProcess) -> None:
    with small.client() as client:
        for _ in range(60):
            body = {"metadata": {"text": "x" * 16_000}}
            client.post("/collections/hq/persons", json=body).raise_for_status()
    asked = head("/collections/hq/persons", method="GET")
    with connect(small, receive_buffer=4096) as one:
        one.sendall(asked * 8)
        until(lambda: "connection.aborted" in small.log.read_text(), small.log.read_text)
    assert identified(small) == 200
    assert "Traceback" not in small.log.read_text()


def test_who_only_waits_gives_way_to_who_asks(small: ServerProcess) -> None:
    with ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            stack.enter_context(connect(small)).sendall(head("/detect", end=False))
        assert identified(small) == 200
        assert len(list(Path(f"/proc/{small.pid}/fd").iterdir())) < CONNECTIONS + 64


def test_past_the_connections_that_are_all_at_work_the_answer_is_503(small: ServerProcess) -> None:
    with ExitStack() as stack:
        busy = [stack.enter_context(connect(small)) for _ in range(CONNECTIONS)]
        for one in busy:
            one.sendall(head("/detect", JSON, LARGE))
        said = rest(stack.enter_context(connect(small)))
    assert said.startswith(b"HTTP/1.1 503 "), said
    assert b"\r\nretry-after: 1\r\n" in said.lower()
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "overloaded"


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\x16\x03\x01 a TLS greeting\r\n\r\n",
        head("/detect", *(f"X-{i}: 1" for i in range(300))),
        head("/detect", "X-Long: " + "x" * 400_000),
        head("/detect", end=False) + b"X-Long: " + b"x" * 400_000,
        b"GET /" + b"x" * 400_000,
    ],
    ids=["no HTTP", "many lines", "a long line", "a line without end", "a long path"],
)
def test_what_no_client_needs_ends_the_connection(small: ServerProcess, bytes_sent: bytes) -> None:
    with connect(small) as one:
        try:
            one.sendall(bytes_sent)
        except ConnectionError:
            return
        said = rest(one)
    assert not said or said.startswith(b"HTTP/1.1 400 ")
    assert identified(small) == 200


@pytest.mark.parametrize(
    ("bytes_sent", "least", "status", "code"),
    [
        (head("/health/live", method="GET") * 100, 9, 503, "overloaded"),
        (head("/health/live", method="GET") * 3 + b"no HTTP\r\n\r\n", 3, 400, "malformed_request"),
    ],
    ids=["far ahead", "no HTTP"],
)
def test_what_came_whole_is_answered_before_what_is_refused(
    small: ServerProcess, bytes_sent: bytes, least: int, status: int, code: str
) -> None:
    with connect(small) as one:
        one.sendall(bytes_sent)
        said = rest(one)
    answers = said.split(b"HTTP/1.1 ")[1:]
    assert len(answers) >= least + 1
    assert all(answer.startswith(b"200 ") for answer in answers[:-1])
    assert answers[-1].startswith(b"%d " % status)
    assert b"\r\nconnection: close\r\n" in answers[-1].lower()
    assert b"\r\nx-content-type-options: nosniff\r\n" in answers[-1].lower()
    assert json.loads(answers[-1].partition(b"\r\n\r\n")[2])["code"] == code
    assert identified(small) == 200
    assert "Traceback" not in small.log.read_text()


def test_large_bodies_are_refused_at_once_where_others_fill_the_memory(
    small: ServerProcess,
) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            one = stack.enter_context(connect(small))
            one.sendall(
                head("/detect", FORM, "Content-Length: 8000000") + FILE + bytes(6 * MEBIBYTE)
            )
        with small.client() as client:
            answer = client.post("/detect", files={"image": bytes(6 * MEBIBYTE)})
        assert identified(small) == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1


def test_memory_stays_under_what_the_settings_say(small: ServerProcess) -> None:
    """Every kind of heavy request from many clients at once."""
    forget_peak(small)
    idle = held(small)
    photo = _webp() + bytes(5 * MEBIBYTE)  # heavy twice: as a body and as pixels
    form = [("images", (f"{i}", photo[: MEBIBYTE // 2])) for i in range(14)]
    encoded = {"image": {"base64": base64.b64encode(photo[: 4 * MEBIBYTE]).decode()}}
    values = b"[" + b"{}," * (BODY // 4) + b"1]"
    wide = json.dumps({"image": {"base64": "x" * (4 * MEBIBYTE) + "\U0001f600"}})

    def ask(number: int) -> int:
        with small.client() as client:
            match number % 5:
                case 0 | 1:
                    answer = client.post("/collections/hq/identify", files={"image": photo})
                case 2:
                    answer = client.post("/collections/hq/clusters", files=form)
                case 3:
                    answer = client.post("/detect", json=encoded)
                case _:
                    content = values if number % 2 else wide
                    kind = {"Content-Type": "application/json"}
                    answer = client.post("/collections", content=content, headers=kind)
        assert answer.status_code != 503 or int(answer.headers["Retry-After"]) >= 1
        return answer.status_code

    with ThreadPoolExecutor(40) as pool:
        seen = set(pool.map(ask, range(50)))
    assert {200, 503} <= seen <= {200, 413, 415, 422, 503}
    assert (
        idle
        < peak(small)
        < bound(idle, bodies=BODIES, threads=THREADS, pixels=PIXELS, connections=CONNECTIONS)
    )
    assert identified(small) == 200


def test_where_files_are_few_connections_are_fewer() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 700));"
        "from app.server.process import affordable_connections as allowed;"
        "print(allowed(100), allowed(500), resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "100 350 (700, 700)" in said.stdout


def _webp() -> bytes:
    """A picture with the most pixels that are read, in few bytes."""
    stream = io.BytesIO()
    Image.new("RGB", (2000, PIXELS // 2000), (90, 80, 70)).save(stream, "WEBP")
    return stream.getvalue()
