"""An hour's worth of identifications: what the service holds in memory does not grow."""

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from tests.chaos.checked import assert_exact
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.pictures import encoded
from tests.support.server import ServerProcess

CLIENTS: Final = 4
GROWTH: Final = 1.05
_SIDES: Final = (16, 64, 64, 128, 128, 256, 600)
_KINDS: Final = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_ODD: Final = {b"": 422, b"no image": 415}


def test_after_so_many_identifications_the_service_holds_no_more_memory(
    server: Callable[..., ServerProcess], length: Length
) -> None:
    running = server()
    with running.client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION, "keep_probes": 50}).is_success
    images = _images(random.Random(1))  # noqa: S311 - not for secrets
    load = Load([running.url], clients=1, people=32).start()
    warm_up, most = length.of(short=500, long=5000), length.of(short=1000, long=45_000)
    statuses = _identify(running, images, warm_up)
    before = _resident(running)
    statuses += _identify(running, images, most)
    after = _resident(running)
    load.stop()
    assert statuses.total() == warm_up + most
    assert load.refused == 0
    assert_exact(load, f"sqlite:///{running.data_dir / 'kith.db'}", running.data_dir / "index")
    assert after < before * GROWTH


def _images(rng: random.Random) -> list[tuple[bytes, int]]:
    """Files and the status that each is answered with: many sizes and formats, some damaged."""
    found = list(_ODD.items())
    for kind in _KINDS:
        for side in _SIDES:
            blotches = np.random.default_rng(rng.getrandbits(32)).integers(0, 256, (8, 8, 3))
            image = Image.fromarray(blotches.astype(np.uint8)).resize((side, side + 8))
            found.append((encoded(np.asarray(image), kind), 200))
        found.append((found[-1][0][:40], 422))
    return found


def _identify(
    running: ServerProcess, images: Sequence[tuple[bytes, int]], count: int
) -> Counter[int]:
    """Ask ``count`` times from several clients; returns how often each status was answered."""
    numbers, lock = iter(range(count)), threading.Lock()

    def ask() -> Counter[int]:
        statuses: Counter[int] = Counter()
        with running.client() as client:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return statuses
                content, status = images[number % len(images)]
                path = f"/collections/{COLLECTION}/identify"
                answer = client.post(path, files={"image": ("image", content)})
                assert answer.status_code == status, (number % len(images), answer.text)
                statuses[status] += 1

    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = [clients.submit(ask) for _ in range(CLIENTS)]
        return sum((each.result() for each in asked), Counter())


def _resident(running: ServerProcess) -> int:
    """Resident memory of the server, in KiB."""
    status = Path(f"/proc/{running.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0])
