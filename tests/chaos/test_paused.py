"""One replica of several stops in its tracks and goes on later, as when a machine is suspended."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import pytest

from tests.chaos.checked import assert_exact
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.pictures import picture
from tests.support.server import ServerProcess

REASONS: Final = {"The database does not answer; try again."}
"""The reasons for which a request fails after the lock's time, when it waits for a row that the
paused process holds."""
_WAITING: Final = "SELECT 1 FROM pg_locks WHERE relation = 'changes'::regclass AND NOT granted"


@pytest.mark.on_postgresql
def test_a_replica_that_is_paused_holds_nobody_up_for_good_and_then_knows_what_it_missed(
    server: Callable[..., ServerProcess], database_url: str, length: Length
) -> None:
    replicas = [server(KITH_DATABASE_URL=database_url) for _ in range(length.of(short=2, long=3))]
    *others, paused = replicas
    with paused.client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
    seconds = length.of(short=2, long=30)
    steady = Load([each.url for each in others], clients=4, people=16)
    with _amidst_a_write(paused, database_url) as statuses:
        steady.start()
        time.sleep(seconds)
    touching = Load([paused.url], clients=4, people=16, seed=1, seconds=seconds / 2)
    touching.start().more(10)
    steady.more(10)
    _pause(paused)
    time.sleep(seconds)
    _resume(paused)
    touching.more(10)
    steady.more(10)
    steady.stop()
    touching.stop()
    assert statuses == ([201] if seconds < 20 else [503])  # the server ended its transaction
    assert not steady.broken  # who asked the others was answered
    assert set(steady.said) | set(touching.said) <= REASONS
    assert touching.broken  # else nobody was there to see it
    for who, seen in touching.history.items():
        steady.history[who] += seen
    steady.urls = [each.url for each in replicas]
    assert_exact(steady, database_url, paused.data_dir / "index")


@contextmanager
def _amidst_a_write(replica: ServerProcess, database_url: str) -> Iterator[list[int]]:
    """Pause ``replica`` while it holds the collection's row, until the block ends; the status of
    that write comes into the list then.
    """
    statuses: list[int] = []

    def enrol() -> None:
        with replica.client() as client:
            path = f"/collections/{COLLECTION}/persons"
            answer = client.post(path, data={"id": "held"}, files={"images": picture(0)})
            statuses.append(answer.status_code)

    writing = threading.Thread(target=enrol)
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE changes IN SHARE MODE")  # the write gets as far as its log
        writing.start()
        while not holder.execute(_WAITING).fetchone():
            time.sleep(0.02)
        _pause(replica)
    yield statuses
    _resume(replica)
    writing.join(60)


def _pause(replica: ServerProcess) -> None:
    replica.send_signal(signal.SIGSTOP)


def _resume(replica: ServerProcess) -> None:
    replica.send_signal(signal.SIGCONT)
