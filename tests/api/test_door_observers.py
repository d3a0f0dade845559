"""Decisions at doors are observed as those of identify are, and nothing observed changes them."""

import datetime as dt
import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.container import Services
from tests.api.doors import ADA, HQ, STRANGER, change, make_hq, of, outcome
from tests.api.support import FakeClock, ok, write_counts
from tests.api.test_observers import OBSERVERS, metric

SECOND = dt.timedelta(seconds=1)


def decided(client: TestClient) -> dict[str, float]:
    """Faces decided on at the front door, by what was decided."""
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    assert services.observers.settle()
    text: str = client.get("http://kith/metrics").text
    start = 'kith_decisions_total{collection="hq",decision="'
    found = [line.removeprefix(start) for line in text.splitlines() if line.startswith(start)]
    rows = [line.split('",source="front"} ') for line in found]
    return {name: float(count) for name, count in rows}


def kept(client: TestClient) -> int:
    """The number of unknown probes that the collection keeps."""
    body = {"stored_probes": True}
    return len(ok(client.post(f"{HQ}/clusters", json=body))["labels"])


def test_a_door_feeds_what_watches_a_collection(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed, unknown_after_ms=1000)
    ok(timed.patch(HQ, json={"keep_probes": 5}))
    of(timed, ADA, dry_run="true")
    assert decided(timed) == {}
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")
    assert decided(timed) == {"identified": 1}
    assert kept(timed) == 0
    answers = []
    for _ in range(3):  # one visit of a stranger, which is reported at the second
        answers.append(of(timed, STRANGER))
        clock.forward(SECOND)
    assert {each["reason"] for each in answers} == {"unknown_person"}
    assert [each["suppressed"] for each in answers] == [True, False, True]
    assert decided(timed) == {"identified": 1, "unknown": 3}
    assert kept(timed) == 1
    write_counts(timed)
    site = ok(timed.get(f"{HQ}/threshold"))["evidence"]["feedback"]
    assert site["probes"] == 4
    assert site["expected_false_positives"] == pytest.approx(4 * 0.001, rel=0.3)
    text = timed.get("http://kith/metrics").text
    assert 'kith_site_fpir_ratio{collection="hq"}' in text


def test_a_claim_is_no_identification(timed: TestClient) -> None:
    make_hq(timed, mode="verify")
    assert outcome(of(timed, ADA, person_id="ada"))[0] == "granted"
    assert of(timed, STRANGER, person_id="ada")["reason"] == "factor_mismatch"
    assert decided(timed) == {}


def test_an_observer_that_raises_or_hangs_changes_no_answer(
    timed: TestClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_hq(timed, unknown_after_ms=0)
    ok(timed.patch(HQ, json={"keep_probes": 5}))
    free = threading.Event()

    def fail(*_: Any, **__: Any) -> None:  # noqa: ANN401 - of any observer
        raise ZeroDivisionError

    def hang(*_: Any, **__: Any) -> None:  # noqa: ANN401 - of any observer
        free.wait()

    for name, place in OBSERVERS.items():
        monkeypatch.setattr(*place, hang if name == "site" else fail)
    for lane in timed.app.state.services.observers._lanes:  # type: ignore[attr-defined]
        monkeypatch.setattr(lane, "_stuck_seconds", 0)
    try:
        assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")
        clock.forward(60 * SECOND)
        again = of(timed, ADA)
        assert (outcome(again), again["suppressed"]) == (("granted", "granted", "ada"), False)
        assert of(timed, STRANGER)["reason"] == "unknown_person"
        change(timed, "doors/front", locked_down=True)
        assert of(timed, ADA)["reason"] == "door_locked_down"
        services: Services = timed.app.state.services  # type: ignore[attr-defined]
        services.observers.settle()
        failed = {name: metric(timed, "kith_observer_failures_total", name) for name in OBSERVERS}
        assert (failed["metrics"], failed["counts"], failed["probes"]) == (3, 3, 1)
        assert metric(timed, "kith_observer_waiting", "site") == 3
    finally:
        free.set()
