"""When what was last known may stand in for a database that does not answer."""

from collections.abc import Callable

import pytest

from app.core.outage import Outage
from app.errors import DatabaseLost, NotReady

ALLOWED = 10.0


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """A database that answers or not, and counts how often it was asked."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.times = 0
        self.in_between: Callable[[], None] = lambda: None

    def __call__(self) -> str:
        self.times += 1
        self.in_between()
        if self.error:
            raise self.error
        return "live"


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def woken() -> list[bool]:
    return []


@pytest.fixture
def outage(watch: Watch, woken: list[bool]) -> Outage:
    return Outage(ALLOWED, wake=lambda: woken.append(True), monotonic=watch)


@pytest.fixture
def database() -> Asked:
    return Asked()


def recall() -> str:
    return "recalled"


def looked(outage: Outage, error: Exception | None = None) -> None:
    with outage.polling():
        if error:
            raise error


def test_while_the_database_answers_it_is_asked(outage: Outage, database: Asked) -> None:
    looked(outage)
    assert [outage.answer(database, recall) for _ in range(2)] == ["live", "live"]
    assert (database.times, outage.stale) == (2, False)


def test_once_lost_it_is_not_asked_again_until_a_look_finds_it(
    outage: Outage, database: Asked, watch: Watch, woken: list[bool]
) -> None:
    looked(outage)
    watch.now += 1
    database.error = DatabaseLost("gone")
    assert [outage.answer(database, recall) for _ in range(3)] == ["recalled"] * 3
    assert (database.times, outage.stale, woken) == (1, True, [True])
    database.error = None
    assert outage.answer(database, recall) == "recalled"
    looked(outage)
    assert outage.answer(database, recall) == "live"
    assert not outage.stale


def test_what_is_known_counts_from_where_the_look_began(
    outage: Outage, database: Asked, watch: Watch
) -> None:
    with outage.polling():
        watch.now += 4
    database.error = DatabaseLost("gone")
    assert outage.answer(database, recall) == "recalled"
    watch.now += ALLOWED - 4 - 0.001
    assert outage.answer(database, recall) == "recalled"
    watch.now += 0.001
    with pytest.raises(DatabaseLost):
        outage.answer(database, recall)
    assert not outage.stale


@pytest.mark.parametrize("error", [DatabaseLost("gone"), NotReady("busy"), RuntimeError()])
def test_a_look_that_failed_makes_nothing_known(
    outage: Outage, database: Asked, watch: Watch, error: Exception
) -> None:
    looked(outage)
    watch.now += ALLOWED
    with pytest.raises(type(error)):
        looked(outage, error)
    database.error = DatabaseLost("gone")
    with pytest.raises(DatabaseLost):
        outage.answer(database, recall)


def test_before_the_first_look_nothing_is_recalled(outage: Outage, database: Asked) -> None:
    database.error = DatabaseLost("gone")
    with pytest.raises(DatabaseLost):
        outage.answer(database, recall)


def test_where_none_is_allowed_none_is_recalled(database: Asked, watch: Watch) -> None:
    outage = Outage(0, wake=lambda: pytest.fail("nobody looks for it"), monotonic=watch)
    looked(outage)
    database.error = DatabaseLost("gone")
    with pytest.raises(DatabaseLost):
        outage.answer(database, recall)
    assert not outage.stale


def test_a_database_that_answers_and_cannot_serve_is_not_lost(
    outage: Outage, database: Asked
) -> None:
    looked(outage)
    database.error = NotReady("Every connection to the database is in use; try again.")
    with pytest.raises(NotReady):
        outage.answer(database, recall)
    assert not outage.stale


def test_a_question_from_before_the_last_look_says_nothing_of_now(
    outage: Outage, database: Asked, watch: Watch, woken: list[bool]
) -> None:
    def mended() -> None:
        watch.now += 5
        looked(outage)

    looked(outage)
    watch.now += 1
    database.error, database.in_between = DatabaseLost("gone"), mended
    assert outage.answer(database, recall) == "recalled"
    assert (outage.stale, woken) == (False, [])


def test_a_look_that_finds_nothing_loses_the_database_for_all(
    outage: Outage, database: Asked, watch: Watch
) -> None:
    looked(outage)
    watch.now += 1
    with pytest.raises(DatabaseLost):
        looked(outage, DatabaseLost("gone"))
    assert outage.answer(database, recall) == "recalled"
    assert database.times == 0
