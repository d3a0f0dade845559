"""Nothing that follows a decision refuses or delays it, and a decision costs what it must."""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

import app
from app.bootstrap import build
from app.feedback.counts import Exposures
from app.feedback.probes import ProbeStore
from app.index.base import Neighbours, Vectors
from app.index.flat import FlatIndex
from app.observability.decision_metrics import DecisionMetrics
from app.recognition import routes
from app.recognition.climbing import ClimbWatch
from app.recognition.thresholds import SiteWatch
from app.settings import Settings
from tests.api.support import enrol, files, identify, made, make_collection, ok, only_face, problem
from tests.support.client import client_of
from tests.support.pictures import picture

BACKGROUND: Final = ("observer", "webhook", "follower", "jobs")
"""How the names of threads begin that look at the database whenever they like."""

OBSERVERS = {
    "metrics": (DecisionMetrics, "observe_decision"),
    "site": (SiteWatch, "observe"),
    "climbs": (ClimbWatch, "observe"),
    "counts": (Exposures, "add"),
    "probes": (ProbeStore, "keep"),
}


@pytest.fixture
def hall(client: TestClient) -> str:
    path = make_collection(client, "hall", keep_probes=2)
    enrol(client, path, "ada", picture(1))
    return path


def metric(client: TestClient, name: str, observer: str) -> float:
    text = client.get("http://kith/metrics").text
    (value,) = re.findall(rf'^{name}{{observer="{observer}"}} (\S+)$', text, re.MULTILINE)
    return float(value)


def warned(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line["event"] == name]


def test_an_observer_that_raises_refuses_no_decision_and_is_named(
    client: TestClient,
    hall: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*args: object, **others: object) -> None:
        raise ZeroDivisionError

    for kind, method in OBSERVERS.values():
        monkeypatch.setattr(kind, method, fail)
    face = only_face(identify(client, hall, 50))
    assert (face["decision"], face["person_id"]) == ("unknown", None)
    assert only_face(identify(client, hall, 1))["person_id"] == "ada"
    expected = {"metrics": 2, "site": 2, "climbs": 0, "counts": 2, "probes": 1}
    found = {name: metric(client, "kith_observer_failures_total", name) for name in OBSERVERS}
    assert found == expected | {"climbs": found["climbs"]}  # of a stranger who is near enough
    named = {line["observer"] for line in warned(caplog, "observer.failed")}
    assert named >= {"metrics", "site", "counts", "probes"}
    # The probe was given an id, and is not there.
    form = {"person_id": "ada", "verdict": "them", "probe_id": face["probe_id"]}
    problem(client.post(f"{hall}/feedback", json=form), 404, "not_found")


def test_an_observer_that_hangs_delays_no_decision_and_is_named(
    client: TestClient,
    hall: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    free, hangs = threading.Event(), threading.Semaphore(0)

    def hang(*args: object, **others: object) -> None:
        hangs.release()
        free.wait()

    for name in ("site", "probes"):
        monkeypatch.setattr(*OBSERVERS[name], hang)
    for lane in client.app.state.services.observers._lanes:  # type: ignore[attr-defined]
        monkeypatch.setattr(lane, "_stuck_seconds", 0)
    try:
        face = only_face(identify(client, hall, 50))
        assert (face["decision"], bool(face["probe_id"])) == ("unknown", True)
        for _ in range(2):
            hangs.acquire()
        assert only_face(identify(client, hall, 1))["person_id"] == "ada"
        waiting = {name: metric(client, "kith_observer_waiting", name) for name in OBSERVERS}
        assert (waiting["site"], waiting["probes"]) == (2, 2)
        assert {line["observer"] for line in warned(caplog, "observer.stuck")} >= {"site", "probes"}
    finally:
        free.set()


def test_what_follows_decisions_is_there_for_those_who_ask_next(
    client: TestClient, hall: str
) -> None:
    faces = [only_face(identify(client, hall, somebody)) for somebody in (50, 51, 52)]
    for face, status in zip(faces, (404, 201, 201), strict=True):  # two are kept
        form = {"person_id": "ada", "verdict": "not_them", "probe_id": face["probe_id"]}
        assert client.post(f"{hall}/feedback", json=form).status_code == status
    groups = ok(client.post(f"{hall}/clusters", json={"stored_probes": True}))
    assert groups["labels"] == [face["probe_id"] for face in faces[1:]]
    text = client.get("http://kith/metrics").text
    assert 'kith_decisions_total{collection="hall",decision="unknown",source=""} 3.0' in text


def test_an_identification_is_at_most_seven_frames_from_the_index(
    client: TestClient, hall: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = str(Path(app.__file__).parent)
    stacks: list[list[str]] = []
    search = FlatIndex.search

    def looked_at(index: FlatIndex, queries: Vectors, k: int) -> Neighbours:
        frame, names = sys._getframe(1), ["FlatIndex.search"]
        while frame is not None:
            if frame.f_code.co_filename.startswith(ours):
                names.append(frame.f_code.co_qualname)
                if frame.f_code is routes.identify.__code__:
                    break
            frame = frame.f_back  # type: ignore[assignment]
        stacks.append(names)
        return search(index, queries, k)

    monkeypatch.setattr(FlatIndex, "search", looked_at)
    identify(client, hall, 1)
    (stack,) = stacks
    assert stack[-1] == "identify"
    assert len(stack) <= 7, stack


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that the block sends from the threads of requests."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not threading.current_thread().name.startswith(BACKGROUND):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_an_identification_reads_twice_and_writes_never(client: TestClient, hall: str) -> None:
    """The key; and the people whom the index proposes, with the collection."""
    key = made(client.post("/keys", json={"scopes": ["identify", "read"]}))["key"]
    client.headers["Authorization"] = f"Bearer {key}"
    identify(client, hall, 1)  # the index is built, once
    engine: Engine = client.app.state.services.readiness._database.engine  # type: ignore[attr-defined]
    for somebody in (1, 50):
        with statements(engine) as sent:
            identify(client, hall, somebody)
        assert [each.split()[0] for each in sent if each != "BEGIN"] == ["SELECT"] * 2


@pytest.mark.both_databases
def test_what_another_process_changes_counts_at_once_also_where_the_collection_is_cached(
    client: TestClient, hall: str, settings: Settings, tmp_path: Path
) -> None:
    """The collection is read with the people, after the search: every change is seen then."""
    here = settings.model_copy(update={"data_dir": tmp_path / "other"})
    if settings.database_url is None:
        here = here.model_copy(update={"database_url": f"sqlite:///{settings.data_dir}/kith.db"})
    broken = files(b"no image", field="image")

    def named(somebody: int) -> str | None:
        person: str | None = only_face(identify(client, hall, somebody))["person_id"]
        return person

    with client_of(build(here)) as other:
        assert (named(1), named(2)) == ("ada", None)
        enrol(other, hall, "bob", picture(2))
        assert named(2) == "bob"
        assert other.delete(f"{hall}/persons/ada").status_code == 204
        assert (named(1), named(2)) == (None, "bob")
        ok(other.patch(hall, json={"keep_probes": 0}))
        assert only_face(identify(client, hall, 1))["probe_id"] is None
        assert other.delete(hall, params={"force": "true"}).status_code == 204
        problem(client.post(f"{hall}/identify", files=broken), 404, "not_found")
        make_collection(other, "hall")
        assert (named(1), named(2)) == (None, None)
        assert other.delete(hall).status_code == 204
        make_collection(other, "hall")
        enrol(other, hall, "cyd", picture(1))
        assert named(1) == "cyd"
        assert other.delete(hall, params={"force": "true"}).status_code == 204
        image = files(picture(1), field="image")
        problem(client.post(f"{hall}/identify", files=image), 404, "not_found")
