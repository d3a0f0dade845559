"""``python -m bench.overload``: the memory that a flood costs, and how long a healthy client waits.

A real server with its default settings (``KITH_TEST_BUNDLE`` names another bundle than ``face``),
flooded by each mix for some seconds. Every mix is bounded in clients and time, on this machine.
"""

import base64
import http.client
import io
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from app.settings import MEBIBYTE, Settings
from tests.support.memory import bound, forget_peak, held, peak
from tests.support.pictures import picture
from tests.support.rude import connect, head
from tests.support.server import ADMIN_KEY, ServerProcess

SECONDS: Final = 8.0
SLOW: Final = 300
_FORM: Final = "multipart/form-data; boundary=kith"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Flood:
    """``clients`` clients that send the same request again and again; slow ones if it is empty."""

    clients: int
    path: str
    kind: str
    body: bytes


@dataclass(slots=True)
class Met:
    """Answers to the flood by status; milliseconds and failures of the healthy client."""

    statuses: Counter[str] = field(default_factory=Counter)
    healthy: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    """Flood, and print."""
    bundle = Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face")).resolve()
    floods = _floods()
    mixes = {"nothing": [], **{name: [flood] for name, flood in floods.items()}}
    mixes["all at once"] = list(floods.values())
    with tempfile.TemporaryDirectory() as data:
        server = ServerProcess(Path(data), bundle, KITH_LOG_LEVEL="WARNING").start()
        try:
            with server.client() as client:
                client.post("/collections", json={"id": "bench"}).raise_for_status()
            _ask(server, _identify(), Met(), time.monotonic() + 1.0)
            Console(width=150).print(_table(server, mixes))
        finally:
            server.kill()


def _floods() -> dict[str, Flood]:
    photo = _photo()
    tenth = photo[: 320 * 1024]
    form = _form("images", *[tenth] * 200)
    text = json.dumps({"image": {"base64": base64.b64encode(photo).decode()}}).encode()
    clusters = "/collections/bench/clusters"
    return {
        "32 small identifies": Flood(32, "/collections/bench/identify", _FORM, _identify().body),
        "16 photos of 10 MiB, 40 Mpixel": Flood(16, "/detect", _FORM, _form("image", photo)),
        "64 photos of 10 MiB, 40 Mpixel": Flood(64, "/detect", _FORM, _form("image", photo)),
        "16 forms of 62 MiB, 200 files": Flood(16, clusters, _FORM, form),
        "16 JSON with base64 of 10 MiB": Flood(16, "/detect", _JSON, text),
        f"{SLOW} slow clients": Flood(SLOW, "/detect", _FORM, b""),
    }


def _identify() -> Flood:
    return Flood(1, "/collections/bench/identify", _FORM, _form("image", picture(1)))


def _photo() -> bytes:
    """A JPEG with the most pixels and bytes allowed; bytes after its end are not looked at."""
    settings = Settings()
    stream = io.BytesIO()
    ramp = np.linspace(0, 255, 8000, dtype=np.uint8)
    pixels = np.broadcast_to(ramp[None, :, None], (settings.max_image_pixels // 8000, 8000, 3))
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "JPEG")
    return stream.getvalue().ljust(settings.max_image_bytes, b"\0")


def _form(name: str, *files: bytes) -> bytes:
    start = (
        f'--kith\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n'.encode()
    )
    return b"".join([start + file + b"\r\n" for file in files]) + b"--kith--\r\n"


def _table(server: ServerProcess, mixes: dict[str, list[Flood]]) -> Table:
    settings = Settings()
    idle = held(server)
    most = bound(
        idle,
        bodies=settings.max_bodies_bytes,
        threads=settings.threads,
        pixels=settings.max_image_pixels,
        connections=settings.max_connections,
    )
    columns = (
        "flood",
        "peak MiB",
        "then MiB",
        "answers",
        "healthy p50 ms",
        "p99",
        "x",
        "/s",
        "503",
    )
    title = f"{idle // MEBIBYTE} MiB idle; the settings allow {most // MEBIBYTE}"
    table, alone = Table(*columns, title=title), 0.0
    for name, mix in mixes.items():
        forget_peak(server)
        met = _flooded(server, mix)
        p50, p99 = np.percentile(met.healthy or [float("nan")], [50, 99])
        alone = alone or float(p50)
        table.add_row(
            name,
            f"{peak(server) // MEBIBYTE}",
            f"{held(server) // MEBIBYTE}",
            ", ".join(f"{status}: {n}" for status, n in sorted(met.statuses.items())),
            *(f"{p50:.0f}", f"{p99:.0f}", f"{p50 / alone:.1f}"),
            *(f"{len(met.healthy) / SECONDS:.1f}", str(met.failed)),
        )
    return table


def _flooded(server: ServerProcess, mix: list[Flood]) -> Met:
    met, until = Met(), time.monotonic() + SECONDS
    asking: list[Callable[[], None]] = [partial(_healthy, server, met, until)]
    for flood in mix:
        if flood.body:
            asking += [partial(_ask, server, flood, met, until)] * flood.clients
        else:
            asking.append(partial(_slow, server, met, until))
    with ThreadPoolExecutor(len(asking)) as pool:
        for each in [pool.submit(ask) for ask in asking]:
            each.result()
    return met


def _healthy(server: ServerProcess, met: Met, until: float) -> None:
    """Identify a small photo again and again, and wait a little after each 503."""
    flood = _identify()
    while time.monotonic() < until:
        started = time.perf_counter()
        if _once(server, flood) == "200":
            met.healthy.append((time.perf_counter() - started) * 1e3)
        else:
            met.failed += 1
            time.sleep(0.1)


def _ask(server: ServerProcess, flood: Flood, met: Met, until: float) -> None:
    while time.monotonic() < until:
        met.statuses[_once(server, flood)] += 1


def _once(server: ServerProcess, flood: Flood) -> str:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
    headers = {"X-API-Key": ADMIN_KEY, "Content-Type": flood.kind}
    try:
        connection.request("POST", f"/v1{flood.path}", flood.body, headers)
        answer = connection.getresponse()
        answer.read()
    except OSError as error:
        return type(error).__name__
    else:
        return str(answer.status)
    finally:
        connection.close()


def _slow(server: ServerProcess, met: Met, until: float) -> None:
    """Half of them in the midst of their heads, half in that of their bodies."""
    halves = [
        head("/detect", end=False),
        head("/detect", f"Content-Type: {_FORM}", "Content-Length: 9999"),
    ]
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(SLOW)]
        for number, client in enumerate(clients):
            client.sendall(halves[number % 2])
        met.statuses["slow"] += SLOW
        while (left := until - time.monotonic()) > 0:
            threading.Event().wait(min(1.0, left))
            for client in clients:
                client.sendall(b"x")


if __name__ == "__main__":
    main()
