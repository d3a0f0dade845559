"""A fault denies: each part of a decision is broken in turn, and no door opens."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.inference.embedder import OnnxEmbedder
from tests.api.doors import ADA, frames, make_hq, of, outcome, post
from tests.api.support import problem

BROKEN = ("denied", "system_error", None)


def statements(client: TestClient, *sql: str) -> None:
    """Change the database behind the service's back."""
    database: Any = client.app.state.services.door_decisions._database  # type: ignore[attr-defined]
    with database.write() as session:
        for each in sql:
            session.execute(text(each))


def check_denied(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = of(client, ADA)
    assert outcome(answer) == BROKEN
    assert (answer["valid_until"], answer["event_id"], answer["match"]) == (None, None, None)
    assert "log" in answer["detail"]
    assert "door.fault" in caplog.text


@pytest.mark.parametrize(
    "sql",
    [
        """UPDATE schedules SET week = '[{"days": ["someday"], "start": "08:00", "end": "9"}]'""",
        "UPDATE schedules SET time_zone = 'Mars/Olympus'",
        "UPDATE doors SET mode = 'open'",
        "UPDATE doors SET frames = '{}'",
        "DROP TABLE memberships",
        "DROP TABLE door_grants",
        "ALTER TABLE door_grants RENAME COLUMN event_id TO gone",
        "UPDATE faces SET embedding = x'00'",
    ],
    ids=["week", "time zone", "mode", "settings", "members", "grants", "write", "faces"],
)
def test_rows_that_cannot_be_read_or_written(
    timed: TestClient, caplog: pytest.LogCaptureFixture, sql: str
) -> None:
    """The policy is not in memory yet, so that it is read as it is now."""
    make_hq(timed)
    statements(timed, "PRAGMA foreign_keys=OFF", sql)
    check_denied(timed, caplog)


def test_an_embedder_that_breaks(
    timed: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_hq(timed)

    def broken(*given: object) -> object:
        raise RuntimeError("the model broke")

    monkeypatch.setattr(OnnxEmbedder, "embed", broken)
    check_denied(timed, caplog)
    monkeypatch.undo()
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")


def test_a_database_that_breaks_before_the_door_is_known_is_an_error_and_no_grant(
    timed: TestClient,
) -> None:
    make_hq(timed)
    statements(timed, "DROP TABLE policy_revisions")
    problem(post(timed, *frames(ADA, ADA, ADA)), 503, "not_ready")
