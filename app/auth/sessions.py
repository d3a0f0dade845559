"""Sessions of the console: a browser holds a token in place of a key."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from app.auth import session_repository
from app.auth.models import ConsoleSession
from app.auth.principal import Principal
from app.auth.service import OPERATOR, KeyService
from app.core.clock import Clock
from app.core.db import Database
from app.errors import Unauthenticated
from app.trail.recording import record

IDLE: Final = timedelta(hours=1)
"""A session that was not used for this time ends."""
LONGEST: Final = timedelta(hours=12)
"""A session ends this time after its begin, even if it is used."""
_NOTED: Final = timedelta(minutes=1)
_OVER: Final = "Your session is over; sign in again."


class SessionService:
    """Begins, finds and ends sessions. Thread-safe.

    A session is worth what its key is worth now: it is looked up with each request, on every
    replica, and ends with the key.
    """

    def __init__(self, database: Database, clock: Clock, keys: KeyService) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys

    def begin(self, caller: Principal) -> str:
        """A session for the holder of a valid key; returns its token, which is stored nowhere.
        ``Unauthenticated`` where the key was revoked since.
        """
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        row = ConsoleSession(sha256=_sha256(token), created_at=now, seen_at=now)
        with self._database.write() as session:
            if caller.id == OPERATOR:
                row.proof = self._keys.proof(token)
            elif (key := session_repository.key_of(session, caller.id)) is not None:
                row.api_key = key
            else:
                raise Unauthenticated("This key was revoked a moment ago.")
            session.add(row)
            record(session, None, "session.begun", ("key", caller.id), now=now)
        return token

    def find(self, token: str | None) -> Principal:
        """The caller behind the token of a session; ``Unauthenticated`` where it is over."""
        if not token:
            raise Unauthenticated("Sign in with a key.")
        sha256, now = _sha256(token), self._clock.now()
        with self._database.read() as session:
            row = session.get(ConsoleSession, sha256)
            if row is None or row.seen_at <= now - IDLE or row.created_at <= now - LONGEST:
                raise Unauthenticated(_OVER)
            if row.api_key is None:
                caller = self._operator(token, row.proof)
            else:
                caller = session_repository.holder(session, row.api_key)
        if caller is None:
            raise Unauthenticated(_OVER)
        if row.seen_at <= now - _NOTED:
            self._note(sha256, now)
        return caller

    def end(self, token: str) -> None:
        """End a session, if there is one of this token."""
        with self._database.write() as session:
            ended = session_repository.end(session, _sha256(token))
            if ended is not None:
                on = "key", ended.key_id or OPERATOR
                record(session, None, "session.ended", on, now=self._clock.now())

    def purge(self) -> None:
        """Delete the sessions that are over."""
        now = self._clock.now()
        over = {"seen": now - IDLE, "begun": now - LONGEST}
        with self._database.read() as session:
            there = session_repository.has_over(session, **over)
        if there:
            with self._database.write() as session:
                session_repository.end_over(session, **over)

    def _operator(self, token: str, proof: str | None) -> Principal | None:
        """The operator, if their key is the one that the session was begun with."""
        now = self._keys.proof(token)
        if now is None or proof is None or not hmac.compare_digest(now, proof):
            return None
        return self._keys.operator()

    def _note(self, sha256: str, at: datetime) -> None:
        with self._database.write() as session:
            session_repository.note(session, sha256, at)


def _sha256(token: str) -> str:
    """A plain hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
