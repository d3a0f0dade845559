"""Clients that ask as fast as they are answered, each on one kept connection, for a while."""

import http.client
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from tests.support.server import ADMIN_KEY

_BOUNDARY: Final = "kith-bench-boundary"
NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a load: ``milliseconds`` (n,) of each request, and requests a second."""

    milliseconds: NDArray[np.float64]
    per_second: float


def measure(
    url: str,
    path: str,
    images: list[bytes],
    *,
    clients: int,
    seconds: float,
    fields: Mapping[str, str] = NO_FIELDS,
) -> Load:
    """Post ``images`` in turn, with the form's other ``fields``, from ``clients`` threads for
    ``seconds``.
    """
    bodies = [_body(image, fields) for image in images]
    taken: list[list[float]] = [[] for _ in range(clients)]
    threads = [
        threading.Thread(target=_ask, args=(url, path, bodies, i, seconds, taken[i]))
        for i in range(clients)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    all_taken = np.concatenate([np.array(each) for each in taken])
    return Load(all_taken * 1e3, len(all_taken) / elapsed)


def _ask(
    url: str, path: str, bodies: list[bytes], first: int, seconds: float, taken: list[float]
) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {
        "Authorization": f"Bearer {ADMIN_KEY}",
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
    }
    until, number = time.perf_counter() + seconds, first
    while time.perf_counter() < until:
        started = time.perf_counter()
        connection.request("POST", path, bodies[number % len(bodies)], headers)
        response = connection.getresponse()
        response.read()
        taken.append(time.perf_counter() - started)
        if response.status != 200:
            raise RuntimeError(f"the server answered {response.status}")
        number += 1
    connection.close()


def _body(image: bytes, fields: Mapping[str, str]) -> bytes:
    head = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + image + f"\r\n--{_BOUNDARY}--\r\n".encode()


def used_by(pid: int) -> float:
    """Seconds of CPU that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
