"""The publisher's part of the database, in a transaction for each step."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from app.core.db import Database
from app.mqtt import repository
from app.mqtt.discovery import AnnouncedDoor
from app.mqtt.messages import Waiting
from app.mqtt.repository import Progress
from app.trail import event_repository


class Overtaken(Exception):
    """Another process publishes too, and was faster."""


class Ledger:
    """The progress of the publisher of one process. For one thread.

    Every method raises ``NotReady`` where the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._progress: Progress | None = None
        self._delivered = 0
        self._known_doors: object = None

    def begin(self) -> None:
        """Read how far the publisher is. The first one begins with what happens from now on, and
        so does one whose progress cannot be.
        """
        self._known_doors = None
        with self._database.write(exclusive=True) as session:
            found = repository.progress(session)
            if found is None or max(found) > event_repository.newest(session):
                found = repository.begin(session)
        self._progress, self._delivered = found, found.sent

    def waiting(self, most: int) -> list[Waiting]:
        """The next events that the broker does not have. ``Overtaken`` where another process
        publishes, or the database was restored from a backup.
        """
        with self._database.read() as session:
            if repository.progress(session) != self._at():
                raise Overtaken
            rows = event_repository.after(session, self._delivered, limit=most)
        return [Waiting.of(row.position, row.body) for row in rows]

    def waiting_since(self) -> datetime | None:
        """When the first of them happened; None where there is none."""
        with self._database.read() as session:
            known = repository.progress(session)
            if known is None:
                return None
            position = max(known.sent, self._delivered)
            return event_repository.oldest_after(session, position)

    def shown(self, position: int) -> bool:
        """Whether the flat twin of this event may have been sent."""
        return position <= self._at().shown

    def show(self, position: int) -> None:
        """Write down that twins up to ``position`` are about to be sent. This is committed first,
        so that none is sent twice, whatever happens. ``Overtaken`` where another process did so.
        """
        self._set(Progress(self._delivered, position))

    def deliver(self, position: int) -> None:
        """The broker has every event up to ``position``; ``keep`` writes it down."""
        self._delivered = position

    @property
    def unkept(self) -> bool:
        """Whether there is something to keep."""
        return self._delivered > self._at().sent

    def keep(self) -> None:
        """Write down how far the broker is."""
        if self.unkept:
            self._set(Progress(self._delivered, max(self._delivered, self._at().shown)))

    def changed_doors(self) -> list[AnnouncedDoor] | None:
        """Every door, if one was changed since the last call; else None."""
        with self._database.read() as session:
            known: Any = repository.policy_revisions(session), repository.health(session)
            if known == self._known_doors:
                return None
            found = repository.doors(session)
        self._known_doors = known
        return found

    def retained(self) -> set[str]:
        """Every topic on which the broker may hold a message of this Kith."""
        with self._database.read() as session:
            return repository.retained(session)

    def remember(self, topics: Collection[str]) -> None:
        """The broker is about to hold messages on these topics, too."""
        if topics:
            with self._database.write() as session:
                repository.remember(session, topics)

    def forget(self, topics: Collection[str]) -> None:
        """The broker holds nothing on these topics any more."""
        if topics:
            with self._database.write() as session:
                repository.forget(session, topics)

    def _set(self, after: Progress) -> None:
        with self._database.write() as session:
            if not repository.advance(session, self._at(), after):
                raise Overtaken
        self._progress = after

    def _at(self) -> Progress:
        if self._progress is None:
            raise RuntimeError("begin() comes first")
        return self._progress
