"""The server killed again and again under load: what was acknowledged stays, nothing stays half."""

import random
import time
from collections.abc import Callable

import pytest

from app.core.db import Database
from tests.chaos.checked import assert_exact, odd
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.server import ServerProcess

PEOPLE = 16


@pytest.mark.both_databases
def test_killed_at_random_moments_nothing_acknowledged_is_lost(
    server: Callable[..., ServerProcess], database_url: str, length: Length
) -> None:
    rng = random.Random(1)  # noqa: S311 - not for secrets
    running = server(KITH_DATABASE_URL=database_url)
    with running.client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
    load = Load([running.url], clients=4, people=PEOPLE).start()
    for _ in range(length.of(short=3, long=200)):
        time.sleep(rng.uniform(0.0, 1.5))
        running.kill()
        load.urls[0] = running.start().url
    load.stop()
    assert load.answered > 0
    assert_exact(load, database_url, running.data_dir / "index")
    database = Database(database_url)
    assert running.stop() == 0
    assert odd(database, running.data_dir / "index") == []
    database.close()
