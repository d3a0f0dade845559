"""A service in an outage: how long it goes on by what was last known, and how it ends."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.core.outage import Outage
from app.errors import DatabaseLost
from app.inference.analyser import Analysis
from app.replication import follower
from app.settings import Settings
from tests.api.support import (
    FakeClock,
    enrol,
    make_collection,
    ok,
    only_face,
    problem,
    write_counts,
)
from tests.support.client import client_of
from tests.support.outages import DOORS, ask, metric, said, verify
from tests.support.pictures import picture
from tests.support.proxy import Wire
from tests.support.waiting import wait_for

pytestmark = pytest.mark.on_postgresql

ALLOWED = 600  # seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def outage_of(
    settings: Settings, wire: Wire, clock: FakeClock
) -> Iterator[tuple[TestClient, Outage]]:
    """A service in this process that may be stale for a while, and what knows of its outages."""
    with client_of(built(settings, wire, clock, ALLOWED)) as client:
        make_collection(client, "doors")
        services = client.app.state.services  # type: ignore[attr-defined]
        yield client, services.cached_keys._outage


def built(settings: Settings, wire: Wire, clock: FakeClock, seconds: int) -> Container:
    by_wire = settings.model_copy(update={"database_url": wire.url, "stale_ok_seconds": seconds})
    return build(by_wire, clock)


def test_a_service_in_an_outage_goes_on_no_longer_than_it_may(
    outage_of: tuple[TestClient, Outage], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, outage = outage_of
    known_to(client)
    wire.cut()
    assert said(ask(client, 1)) == ("unknown", None, True)
    monkeypatch.setattr(outage, "_now", lambda: time.monotonic() + ALLOWED)
    for answer in (ask(client, 1), client.get("/health/ready")):
        problem(answer, 503, "not_ready")
    assert metric(client, "kith_stale") == 0
    wire.mend()
    wait_for(lambda: client.get("/health/ready").status_code == 200)
    assert said(ask(client, 1)) == ("unknown", None, False)


def test_validity_is_of_the_moment_also_in_an_outage(
    outage_of: tuple[TestClient, Outage], wire: Wire, clock: FakeClock
) -> None:
    client, _ = outage_of
    noon = clock.now()
    enrol(client, DOORS, "ada", picture(1), valid_until=(noon + timedelta(hours=1)).isoformat())
    enrol(client, DOORS, "bob", picture(2), valid_from=(noon + timedelta(hours=1)).isoformat())
    known_to(client)
    wire.cut()
    assert said(ask(client, 1)) == ("identified", "ada", True)
    assert said(ask(client, 2)) == ("unknown", None, True)
    clock.forward(timedelta(hours=1))
    assert said(ask(client, 1)) == ("unknown", None, True)
    assert said(ask(client, 2)) == ("identified", "bob", True)
    verification = ok(verify(client, "ada", 1))
    assert verification["reasons"] == ["person_not_valid"]
    face = only_face(ok(ask(client, 1)))
    assert face["reasons"] == ["person_not_valid"]
    assert face["not_valid"] == verification["not_valid"]
    (ada,) = face["not_valid"]
    assert (ada["person_id"], ada["valid_from"], ada["valid_until"]) == (
        "ada",
        None,
        "2026-05-04T13:00:00Z",
    )


def test_who_is_asked_in_an_outage_and_answers_after_it_goes_by_what_the_database_says(
    outage_of: tuple[TestClient, Outage],
    wire: Wire,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door, outage = outage_of
    enrol(door, DOORS, "ada", picture(1))
    known_to(door)
    wire.cut()
    assert said(ask(door, 1)) == ("identified", "ada", True)
    assert client.delete(f"{DOORS}/persons/ada").status_code == 204
    ok(client.patch(DOORS, json={"keep_probes": 1}))
    analyser = door.app.state.services.identification._analyser  # type: ignore[attr-defined]
    analyse = analyser.analyse

    def analyse_for_long(*args: object, **options: object) -> Analysis:
        wire.mend()
        wait_for(lambda: not outage.stale)
        found: Analysis = analyse(*args, **options)
        return found

    monkeypatch.setattr(analyser, "analyse", analyse_for_long)
    answer = ask(door, 1)
    assert said(answer) == ("unknown", None, False)
    assert only_face(answer.json())["probe_id"]  # also by what the collection is now
    wire.cut()
    assert verify(door, "ada", 1).status_code == 404


def test_probes_judged_in_an_outage_are_counted_once_it_is_over(
    outage_of: tuple[TestClient, Outage], wire: Wire
) -> None:
    client, outage = outage_of
    known_to(client)
    wire.cut()
    for _ in range(3):
        assert said(ask(client, 1)) == ("unknown", None, True)
    wire.mend()
    wait_for(lambda: not outage.stale)
    assert said(ask(client, 1)) == ("unknown", None, False)
    write_counts(client)
    evidence = ok(client.get(f"{DOORS}/threshold"))["evidence"]
    assert evidence["feedback"]["probes"] == 4


def test_who_loses_the_database_looks_for_it_at_once(
    outage_of: tuple[TestClient, Outage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One connection may have broken, with nothing else wrong."""
    monkeypatch.setattr(follower, "_POLL_SECONDS", 3600)
    client, outage = outage_of
    known_to(client)  # from now on it looks when the test says so
    with pytest.raises(ZeroDivisionError):
        outage.answer(broken, lambda: 1 // 0)
    wait_for(lambda: not outage.stale)
    assert said(ask(client, 1)) == ("unknown", None, False)


def broken() -> int:
    raise DatabaseLost("one connection")


def test_what_may_be_old_for_a_second_only_is_looked_at_every_half(
    settings: Settings, wire: Wire, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_POLL_SECONDS", 3600)
    with client_of(built(settings, wire, clock, 1)) as client:
        for _ in range(2):
            looked_since(client, time.monotonic())


def looked_since(client: TestClient, began: float) -> None:
    """Wait until a look has ended that began after ``began``."""

    def is_newer() -> bool:
        since = time.monotonic() - began
        return metric(client, "kith_known_age_seconds") < since

    wait_for(is_newer)


def known_to(client: TestClient) -> None:
    """Wait until a service knows all that was answered so far."""
    began = time.monotonic()
    make_collection(client, "last")
    enrol(client, "/collections/last", "somebody", picture(99))  # of which services hear
    looked_since(client, began)
