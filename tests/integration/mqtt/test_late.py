"""Automations get only decisions that are still news, after any delay in Kith."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.bootstrap import Container, build
from app.core.acting import ACTOR
from app.mqtt import repository
from app.settings import Settings
from app.trail import event_repository
from tests.api import doors
from tests.api.support import made
from tests.support.brokers import Listener
from tests.support.client import client_of
from tests.support.proxy import wired
from tests.support.waiting import wait_for


def is_noted(container: Container) -> bool:
    """Whether the publisher has sent all there is, and written that down."""
    with container.database.read() as session:
        known = repository.progress(session)
        return known is not None and known.sent == event_repository.newest(session)


def test_a_grant_that_ends_while_the_database_is_busy_moves_nothing(
    publishing: Settings, heard: Listener
) -> None:
    """Another writer holds SQLite from the moment on at which the grant is committed."""
    container = build(publishing)
    file = container.database.engine.url.database or ""
    with (
        client_of(container) as client,
        closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as busy,
    ):

        def hold(_: Session) -> None:
            if ACTOR.get().request_id is not None and not busy.in_transaction:
                busy.execute("BEGIN IMMEDIATE")

        doors.make_hq(client, mode="advise", grant_ttl_ms=1000)
        heard.until("/status", b"online")
        wait_for(lambda: is_noted(container))
        event.listen(container.database.sessions, "after_commit", hold, insert=True)
        granted = doors.of(client, doors.ADA)
        event.remove(container.database.sessions, "after_commit", hold)
        assert granted["decision"] == "granted"
        over = datetime.fromisoformat(granted["valid_until"])
        wait_for(lambda: datetime.now(UTC) > over)
        busy.rollback()
        wait_for(lambda: bool(heard.on("/decision")))
        assert heard.on("/event") == []


def test_automations_do_not_wait_for_records_of_before(
    publishing: Settings, shared_broker: str, heard: Listener
) -> None:
    """A broker that takes its time with each record would let a grant grow old behind them."""
    with (
        wired(shared_broker) as wire,
        client_of(build(publishing.model_copy(update={"mqtt_url": wire.url}))) as client,
    ):
        doors.make_hq(client, mode="advise", grant_ttl_ms=60_000)
        heard.until("/status", b"online")
        wait_for(lambda: len(heard.events()) == 2)
        wire.cut()
        heard.until("/status", b"offline")
        heard.heard.clear()
        for number in range(25):  # more than are on their way at once
            made(client.post(f"{doors.HQ}/persons", json={"id": f"p{number}"}))
        doors.of(client, doors.ADA)
        wire.mend()
        wait_for(lambda: len(heard.events()) == 26)
        sent = [each.topic.rpartition("/")[2] for each in heard.heard]
        assert sent.index("event") < sent.index("person.created")
