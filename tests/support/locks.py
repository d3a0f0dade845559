"""A lock on this machine that may be down, slow, or break off, and notes each time it opened."""

import http.server
import json
import socket
import time
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from tests.support.posted import Posted

Mood = Literal["well", "slow", "breaks_off", "refuses"]


class Opened(NamedTuple):
    """One unlock: the grant's event, when the lock had read it, and until when it was valid."""

    event_id: str
    at: datetime
    valid_until: datetime


class Lock(Posted):
    """Opens for each request that it reads whole, whatever becomes of its answer."""

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.mood: Mood = "well"
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/open"

    def late(self) -> list[Opened]:
        """Unlocks after the end of their grant."""
        return [each for each in self.opened if each.at > each.valid_until]

    def doubled(self) -> set[str]:
        """Grants that opened more than once."""
        events = [each.event_id for each in self.opened]
        return {each for each in events if events.count(each) > 1}

    def answer(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Open, unless it refuses, and answer as the mood is."""
        mood = self.mood
        asked: dict[str, str] = json.loads(body)
        if mood == "refuses":
            handler.send_error(503)
            return
        until = datetime.fromisoformat(asked["valid_until"])
        self.opened.append(Opened(asked["event_id"], datetime.now(UTC), until))
        if mood == "breaks_off":
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if mood == "slow":
            time.sleep(2)
        handler.send_response(204)
        handler.end_headers()
