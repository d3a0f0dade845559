"""A snapshot with one bit that is not what was written: never used, always found, simply mended."""

import random
from collections.abc import Callable
from pathlib import Path

from app.core.db import Database
from tests.chaos.checked import assert_exact, check, odd
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.server import ServerProcess
from tests.support.services import unwatched

PEOPLE = 8


def test_a_snapshot_with_a_flipped_bit_misleads_nobody_and_is_made_again(
    server: Callable[..., ServerProcess], length: Length
) -> None:
    rng = random.Random(1)  # noqa: S311 - not for secrets
    running = server()
    with running.client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
    url, index = f"sqlite:///{running.data_dir / 'kith.db'}", running.data_dir / "index"
    load = Load([running.url], clients=2, people=PEOPLE)
    load.start(operations=60).join(120)
    database = Database(url)
    for _ in range(length.of(short=1, long=20)):
        assert running.stop() == 0
        assert odd(database, index) == []
        _flip_a_bit(index, rng)
        assert ["cannot be used" in each.what for each in odd(database, index)] == [True]
        offset = running.log.stat().st_size
        load.urls = [running.start().url]
        assert "snapshot.unfit" in running.log.read_text()[offset:]
        load.look_at_everybody()
    check(database, index).repair(unwatched)
    assert odd(database, index) == []
    assert_exact(load, url, index)
    database.close()


def _flip_a_bit(index: Path, rng: random.Random) -> None:
    (file,) = index.iterdir()
    content = bytearray(file.read_bytes())
    bit = rng.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    file.write_bytes(content)
