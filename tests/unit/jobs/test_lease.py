"""One process at a time holds a lease, and one that died loses it."""

from collections.abc import Iterator
from threading import Thread

import pytest

from app.core.db import Database
from app.jobs.lease import LEASE_SECONDS, Lease


class Watch:
    """A clock that goes on by itself for nobody."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.mark.on_postgresql
def test_a_lease_goes_on_when_its_holder_gives_it_back_or_dies(database: Database) -> None:
    watch = Watch()
    one, two = (Lease(database, "mqtt", monotonic=watch) for _ in range(2))
    other = Lease(database, "else", monotonic=watch)
    assert (one.held(), two.held(), other.held()) == (True, False, True)
    for _ in range(20):
        watch.now += 1
        assert (one.held(), two.held()) == (True, False)
    one.release()
    assert two.held()
    assert not one.held()
    for _ in range(int(LEASE_SECONDS)):  # two has died
        assert not one.held()
        watch.now += 1
    assert one.held()
    assert not two.held()


@pytest.mark.on_postgresql
def test_of_many_who_want_it_at_once_one_gets_it(database: Database) -> None:
    for _ in range(5):
        leases = [Lease(database, "mqtt", seconds=1000) for _ in range(6)]
        threads = [Thread(target=each.held) for each in leases]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        (holder,) = [each for each in leases if each.held()]
        holder.release()


def test_on_sqlite_which_one_process_uses_it_is_always_held(database: Database) -> None:
    lease = Lease(database, "mqtt")
    assert lease.held()
    lease.release()
    assert lease.held()
