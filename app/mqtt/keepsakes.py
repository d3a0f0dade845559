"""Keeps the retained messages in step with the doors: one set for each door, and none for a door
that is gone.
"""

from collections.abc import Callable, Iterable

from app.egress.mqtt_link import Message
from app.mqtt.discovery import AnnouncedDoor, retained_of
from app.mqtt.ledger import Ledger
from app.mqtt.messages import UNREADABLE
from app.mqtt.names import Names


class Keepsakes:
    """Knows which messages the broker has on this connection. For one thread.

    Topics are written to the database before the broker gets a message for them, so that the
    messages of a door that is deleted while no process runs are removed by the next process. A door
    that somebody changed in the database is left out, as if it were deleted: ``unreadable`` gets it
    once, and the error.
    """

    def __init__(
        self, ledger: Ledger, names: Names, unreadable: Callable[[AnnouncedDoor, Exception], None]
    ) -> None:
        self._ledger = ledger
        self._names = names
        self._unreadable = unreadable
        self._left_out: set[AnnouncedDoor] = set()
        self._wanted: dict[str, bytes] = {}
        self._given: dict[str, bytes] = {}
        self._ever: set[str] = set()
        self._gone: set[str] = set()

    def lose(self) -> None:
        """Give everything again."""
        self._given = {}

    def due(self) -> list[Message]:
        """The messages that the broker must get now; call ``delivered`` after it has them."""
        doors = self._ledger.changed_doors()
        if doors is not None:
            self._wanted = self._retained(doors)
            known = self._ledger.retained()
            self._ever |= known  # a restored database has forgotten them
            self._ledger.remember(self._wanted.keys() - known)
            self._gone = self._ever - self._wanted.keys()
        changed = {
            topic: payload
            for topic, payload in self._wanted.items()
            if self._given.get(topic) != payload
        }
        # An empty retained message removes the one that is there.
        messages = [Message(topic, b"", retain=True) for topic in sorted(self._gone)]
        return messages + [
            Message(topic, payload, "application/json", retain=True)
            for topic, payload in changed.items()
        ]

    def _retained(self, doors: Iterable[AnnouncedDoor]) -> dict[str, bytes]:
        messages: dict[str, bytes] = {}
        left_out: set[AnnouncedDoor] = set()
        for door in doors:
            try:
                messages |= retained_of(door, self._names)
            except UNREADABLE as error:
                left_out.add(door)
                if door not in self._left_out:
                    self._unreadable(door, error)
        self._left_out = left_out
        return messages

    def delivered(self) -> None:
        """The broker has the messages that were due."""
        self._given = dict(self._wanted)
        self._ledger.forget(self._gone)
        self._ever = set(self._wanted)
        self._gone = set()
