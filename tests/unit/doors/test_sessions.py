"""Sealed images of sessions have bounds: the oldest session goes, never the one that is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.sealing import Box
from app.doors import sessions as module
from app.doors.frames import Frame
from app.doors.sessions import SessionKey, Sessions

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def add(sessions: Sessions, name: str, *digests: str, need: int = 1, at: datetime = NOW) -> int:
    frames = [Frame(each, at, sealed=Box("key", bytes(10))) for each in digests]
    gathered = sessions.add(
        SessionKey("key", 1, name, False),
        frames,
        at=at,
        is_stale=lambda _: False,
        missing=lambda _: need,
    )
    return len(gathered.frames)


def test_the_oldest_sessions_go_for_what_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SEALED", 35)
    sessions = Sessions()
    assert add(sessions, "one", "a", "b") == 2
    assert add(sessions, "two", "c") == 1
    assert add(sessions, "two", "d") == 2  # 40 bytes: the first session goes
    assert add(sessions, "one", "e") == 1
    assert add(sessions, "huge", "f", "g", "h", "i") == 4
    assert add(sessions, "huge", "j") == 5
    assert add(sessions, "one", "k") == 1


def test_what_was_taken_or_left_alone_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SEALED", 35)
    sessions = Sessions()
    for number in range(20):
        assert add(sessions, f"taken {number}", "a", "b", need=0) == 2
    assert add(sessions, "left", "c", "d") == 2
    later = NOW + 2 * module.LASTS
    assert add(sessions, "one", "a", at=later) == 1
    assert add(sessions, "two", "b", "c", at=later + timedelta(seconds=1)) == 2
    assert add(sessions, "one", "d", at=later + timedelta(seconds=1)) == 2
