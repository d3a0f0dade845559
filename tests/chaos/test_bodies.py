"""Attacks by bodies, all at once, and a healthy client that identifies all the time."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np

from tests.chaos.conftest import Length
from tests.support.memory import MEBIBYTE
from tests.support.pictures import picture
from tests.support.rude import FILE, FORM, JSON, connect, head, rest
from tests.support.server import ADMIN_KEY, ServerProcess

CONNECTIONS, BODIES = 64, 64 * MEBIBYTE
SLOWER = 3.0


def test_a_healthy_client_identifies_during_every_attack(
    server: Callable[..., ServerProcess], length: Length
) -> None:
    running = server(
        KITH_MAX_CONNECTIONS=str(CONNECTIONS),
        KITH_MAX_BODIES_BYTES=str(BODIES),
        KITH_MAX_REQUEST_BYTES=str(BODIES // 4),
        KITH_LOG_LEVEL="WARNING",
    )
    with running.client() as client:
        client.post("/collections", json={"id": "hq"}).raise_for_status()
    count = length.of(short=60, long=3000)
    quiet = identify(running, count)
    over = threading.Event()
    said: Counter[bytes] = Counter()
    attackers = [
        threading.Thread(target=attack, args=(running, each, over, said)) for each in attacks()
    ]
    for each in attackers:
        each.start()
    beside = identify(running, count)
    over.set()
    for each in attackers:
        each.join()
    assert not {status for status in said if status[:1] == b"5"} - {b"503"}, said
    if length.long:
        assert np.percentile(beside, 99) < SLOWER * np.percentile(quiet, 99), (
            np.percentile(quiet, [50, 99]),
            np.percentile(beside, [50, 99]),
        )


def identify(running: ServerProcess, count: int) -> list[float]:
    """One image after the other on one connection; the seconds that each took. None may fail."""
    seconds = []
    with running.client() as client:
        for _ in range(count):
            started = time.perf_counter()
            said = client.post("/collections/hq/identify", files={"image": picture(1)})
            seconds.append(time.perf_counter() - started)
            assert said.status_code == 200, said.text
    return seconds


def attacks() -> Iterator[Callable[[ServerProcess, ExitStack], list[bytes]]]:
    """The attacks, each repeated all the time; each gives the answers that it got."""
    for key in (ADMIN_KEY, "a-key-that-nobody-has-0123456789"):
        for path in ("/collections", "/keys", "/detect"):
            half = head(path, JSON, "Content-Length: 90", key=key) + b'{"id"'
            yield lambda server, stack, half=half: hold(server, stack, half, 8)  # type: ignore[misc]
        large = head("/detect", FORM, f"Content-Length: {BODIES // 4}", key=key) + FILE
        large += bytes(BODIES // 5)
        yield lambda server, stack, large=large: hold(server, stack, large, 2)  # type: ignore[misc]
        values = b"[" + b"{}," * MEBIBYTE
        flood = head("/collections", JSON, f"Content-Length: {len(values)}", key=key) + values
        yield lambda server, stack, flood=flood: hold(server, stack, flood, 1)  # type: ignore[misc]
    lines = FILE + b"\r\n--xy" * (MEBIBYTE // 2)
    fakes = head("/detect", FORM, f"Content-Length: {len(lines)}") + lines
    yield lambda server, stack: hold(server, stack, fakes, 1)


def hold(server: ServerProcess, stack: ExitStack, sent: bytes, clients: int) -> list[bytes]:
    """Send it from several connections, which then say nothing; what the first was answered."""
    held = []
    for _ in range(clients):
        one = stack.enter_context(connect(server))
        one.settimeout(1.0)
        held.append(one)
        one.sendall(sent)
    return [rest(one) for one in held[:1]]


def attack(
    running: ServerProcess,
    send: Callable[[ServerProcess, ExitStack], list[bytes]],
    over: threading.Event,
    said: Counter[bytes],
) -> None:
    while not over.is_set():
        try:
            with ExitStack() as stack:
                for each in send(running, stack):
                    said[each[9:12]] += 1
        except OSError:  # turned away, or silent for a second
            said[b"gone"] += 1
