"""Rows of the audit that Kith did not write so, with fitting hashes, are named; nothing breaks."""

import json
from typing import Any

import pytest
import rfc8785
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update

from app.bootstrap import Container
from app.doors.log import as_csv
from app.trail import export
from app.trail.chain import hash_of
from app.trail.evidence import pictures
from app.trail.models import Chain, Evidence, Row
from tests.api.doors import ADA, HQ, of
from tests.api.support import ok
from tests.api.test_probe_evidence import door, sealing, wrong

__all__ = ["door", "sealing"]


def changed(path: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A function that gives a body another value at a place, or removes the place."""

    def change(body: dict[str, Any]) -> Any:  # noqa: ANN401
        *outer, last = path.split("/")
        inner: Any = body
        for name in outer:
            inner = inner[int(name)] if isinstance(inner, list) else inner[name]
        if value is GONE:
            del inner[last]
        else:
            inner[last] = value
        return body

    return change


GONE = object()
ODD = {
    "no object": lambda _: [1, 2],
    "a text": lambda _: "row",
    "null": lambda _: None,
    "no details": changed("details", GONE),
    "details of another kind": changed("details", []),
    "no time": changed("at", GONE),
    "a time that is a number": changed("at", 5),
    "no prev": changed("prev", GONE),
    "an object of another kind": changed("object", "front"),
    "an actor of another kind": changed("actor", []),
    "a probe of another kind": changed("details/probe", {"sealed": "x"}),
    "a probe of numbers": changed("details/probe", [1, 2, 3]),
    "a probe without a hash": changed("details/probe", [{"sealed": 7}]),
    "a match of another kind": changed("details/match", "ada"),
    "a similarity of another kind": changed("details/match/similarity", "much"),
    "frames of another kind": changed("details/frames", 3),
    "more frames than can be counted": changed("details/frames/used", 2**53 - 1),
    "a similarity that no faces have": changed("details/match/similarity", 1e300),
    "a person who is a number": changed("details/person", 7),
    "a person who is an object": changed("details/person", {"id": "ada"}),
}


def put(container: Container, action: str, body: str) -> int:
    """Store another body in the newest row of this action, as the head of its chain with a hash
    that fits; returns its ``seq``.
    """
    with container.database.write() as session:
        newest = select(Row).where(Row.action == action).order_by(Row.key.desc())
        row = session.scalars(newest.limit(1)).one()
        row.body, row.hash = body, hash_of(body)
        head = update(Chain).where(Chain.key == row.chain_key, Chain.seq == row.seq)
        session.execute(head.values(hash=row.hash))
        return row.seq


def stored(container: Container, action: str) -> Any:  # noqa: ANN401 - any JSON
    with container.database.read() as session:
        newest = select(Row.body).where(Row.action == action).order_by(Row.key.desc())
        return json.loads(session.scalars(newest.limit(1)).one())


@pytest.mark.parametrize("change", ODD.values(), ids=list(ODD))
def test_a_decision_of_another_form_is_named_and_breaks_nothing(
    door: TestClient,
    sealing: Container,
    change: Any,  # noqa: ANN401 - a function of any JSON
) -> None:
    of(door, ADA)
    seq = put(
        sealing,
        "door.decision",
        rfc8785.dumps(change(stored(sealing, "door.decision"))).decode(),
    )
    assert any(each.startswith(f"row {seq} is none that Kith writes") for each in wrong(sealing))
    row = ok(door.get("/audit", params={"collection": "hq", "limit": "1000"}))["items"][-1]
    assert (row["seq"], row["action"]) == (seq, "door.decision")
    assert row["details"].keys() == {"unreadable"}
    assert ok(door.get(f"{HQ}/doors/front/decisions"))["items"] == []
    with sealing.database.read() as session:
        for lines in (export.everything, export.ai_act_12):
            found = [each for each in lines(session, "hq", None, None) if "unreadable" in each]
            assert [each["seq"] for each in found] == [seq]
        assert list(pictures(session)) == []


@pytest.mark.parametrize("body", ["{", "[" * 5000, '{"a":NaN}', '{"a":1,"a":2}', ""])
def test_what_is_no_json_is_named_too(door: TestClient, sealing: Container, body: str) -> None:
    of(door, ADA)
    seq = put(sealing, "door.decision", body)
    assert any(each.startswith(f"row {seq} is none that Kith writes") for each in wrong(sealing))
    assert ok(door.get(f"{HQ}/doors/front/decisions"))["items"] == []
    assert ok(door.get("/audit", params={"collection": "hq"}))["items"]


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("person.deleted", {"evidence": "many"}),
        ("person.deleted", {"evidence": -1}),
        ("person.deleted", {"evidence": True}),
        ("chain.begun", {}),
        ("chain.begun", {"of": 3}),
    ],
)
def test_numbers_and_names_of_another_kind_are_named(
    door: TestClient, sealing: Container, action: str, details: dict[str, Any]
) -> None:
    assert door.delete(f"{HQ}/persons/ada").status_code == 204
    body = stored(sealing, action) | {"details": details}
    seq = put(sealing, action, rfc8785.dumps(body).decode())
    assert any(each.startswith(f"row {seq} is none that Kith writes") for each in wrong(sealing))


@pytest.mark.parametrize("action", ["evidence.purged", "audit.purged"])
@pytest.mark.parametrize("details", [{}, {"before": 1, "pictures": 1, "through": "1", "hash": 1}])
def test_a_purge_of_another_form_is_named(
    door: TestClient, sealing: Container, action: str, details: dict[str, Any]
) -> None:
    of(door, ADA)
    body = stored(sealing, "door.decision") | {"action": action, "details": details}
    seq = put(sealing, "door.decision", rfc8785.dumps(body).decode())
    assert any(each.startswith(f"row {seq} is none that Kith writes") for each in wrong(sealing))


def test_what_no_reader_looks_into_may_have_any_form(door: TestClient, sealing: Container) -> None:
    of(door, ADA)
    body = stored(sealing, "door.decision")
    details = body["details"] | {"probe": 5, "match": "ada", "through": [], "evidence": "x"}
    odd = rfc8785.dumps(body | {"action": "door.other", "details": details}).decode()
    seq = put(sealing, "door.decision", odd)
    with sealing.database.write() as session:
        session.execute(
            update(Row).where(Row.seq == seq, Row.body == odd).values(action="door.other")
        )
        session.execute(delete(Evidence))
    assert wrong(sealing) == []
    assert ok(door.get("/audit", params={"collection": "hq"}))["items"]


def test_csv_leaves_out_what_cannot_be_read(door: TestClient, sealing: Container) -> None:
    of(door, ADA)
    put(sealing, "door.decision", "[]")
    answer = door.get(f"{HQ}/doors/front/decisions", headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    assert answer.text.count("\n") == 1
    assert list(as_csv(iter([]))) == [answer.text]
