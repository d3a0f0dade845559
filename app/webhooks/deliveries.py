"""The transactions of sending: they choose the events to send, and write down the results."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.egress.trust import Trust
from app.trail import event_repository
from app.trail.recording import record
from app.webhooks import lane_repository, repository
from app.webhooks.calls import Attempt, Endpoint
from app.webhooks.models import Webhook
from app.webhooks.naming import with_name
from app.webhooks.schedule import pause_of, wait_after
from app.webhooks.wanted import Wanted

BATCH: Final = 32
"""Events of one batch: they are read, and their delivery is written down, together."""
CLAIM_SECONDS: Final = 60.0
"""Seconds for which a lane is claimed, longer than a batch takes (see ``sender``). A replica that
dies holds its lanes for this time."""
_TURNS: Final = 4
"""Transactions of sending at once: the other connections are for requests."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event as it is sent."""

    position: int
    event_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The next events of a lane, or with ``source`` None dead letters that are sent again.

    ``sent_to`` is the lane's position now, ``end`` its position when all of these are delivered.
    The event at ``trying`` has had ``attempts``. ``named``: the endpoint includes names.
    """

    webhook_key: int
    webhook_id: str
    endpoint: Endpoint
    parcels: Sequence[Parcel]
    source: str | None = None
    sent_to: int = 0
    end: int = 0
    trying: int = 0
    attempts: int = 0
    named: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """An event of a batch, with its result."""

    parcel: Parcel
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Settled:
    """The consequence of a failure: the event is a dead letter, or the endpoint is off."""

    died: bool = False
    disabled: bool = False


class Deliveries:
    """Hands out events to send, and takes back their results. Thread-safe.

    On PostgreSQL a lane is claimed, so one replica at a time sends it. An SQLite database is used
    by one process alone, with one thread an endpoint.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._turns = threading.BoundedSemaphore(_TURNS)

    def due(self) -> list[int]:
        """The keys of the endpoints to which there is something to send now."""
        with self._reading() as session:
            newest = event_repository.newest(session)
            behind = [
                (each.key, wanted, each.read_to)
                for each, wanted in Wanted.of_each(lane_repository.behind(session, newest))
            ]
            if not behind:
                return lane_repository.due(session, self._clock.now())
        for key, wanted, start in behind:
            with self._writing() as session:
                now = self._clock.now()
                lane_repository.read_on(session, key, wanted, start=start, newest=newest, now=now)
        with self._reading() as session:
            return lane_repository.due(session, self._clock.now())

    def claim(self, webhook_key: int) -> Batch | None:
        """Something to send to the endpoint, or None where there is nothing now."""
        with self._reading() if self._database.is_sqlite else self._writing() as session:
            now = self._clock.now()
            until = None if self._database.is_sqlite else now + timedelta(seconds=CLAIM_SECONDS)
            webhook = session.get(Webhook, webhook_key)
            if webhook is None or not webhook.enabled:
                return None
            lane = lane_repository.next_lane(session, webhook_key, now)
            if lane is None:
                return self._letters(session, webhook, now, until)
            if until is not None:
                lane.claimed_until = until
            found = lane_repository.following(
                session,
                Wanted.by(webhook),
                lane.source,
                after=lane.sent_to,
                to=lane.newest,
                limit=BATCH,
            )
            return Batch(
                webhook.key,
                webhook.id,
                endpoint_of(webhook),
                [Parcel(*row) for row in found],
                lane.source,
                lane.sent_to,
                found[-1][0] if len(found) == BATCH else lane.newest,
                lane.trying,
                lane.attempts,
                _named(webhook),
            )

    def _letters(
        self, session: Session, webhook: Webhook, now: datetime, until: datetime | None
    ) -> Batch | None:
        if webhook.not_before is not None and webhook.not_before > now:
            return None
        found = repository.asked(session, webhook.key, now, until=until, limit=BATCH)
        if not found:
            return None
        parcels = [Parcel(*row) for row in found]
        endpoint, named = endpoint_of(webhook), _named(webhook)
        return Batch(webhook.key, webhook.id, endpoint, parcels, named=named)

    def body(self, batch: Batch, parcel: Parcel) -> str:
        """The body of an event as it is to be sent at this moment."""
        if not batch.named:
            return parcel.body
        with self._reading() as session:
            return with_name(session, parcel.position, parcel.body)

    def settle(self, batch: Batch, delivered: Sequence[Parcel], failure: Tried | None) -> Settled:
        """Write down the results of a batch, whose parcels were tried in order."""
        with self._writing() as session:
            webhook = session.get(Webhook, batch.webhook_key, with_for_update=failure is not None)
            if webhook is None:
                return Settled()
            if batch.source is None:
                return self._settle_letters(session, webhook, delivered, failure)
            return self._settle_lane(session, webhook, batch, delivered, failure)

    def _settle_lane(
        self,
        session: Session,
        webhook: Webhook,
        batch: Batch,
        delivered: Sequence[Parcel],
        failure: Tried | None,
    ) -> Settled:
        now, lane = self._clock.now(), (webhook.key, batch.source or "")
        sent_to = delivered[-1].position if delivered else batch.sent_to
        if failure is None:
            if len(delivered) == len(batch.parcels):
                sent_to = batch.end
            values = {"sent_to": sent_to, "trying": 0, "attempts": 0, "next_at": now}
            lane_repository.move(session, lane, batch.sent_to, **values)
            return Settled()
        at = failure.parcel.position
        attempts = 1 + (batch.attempts if batch.trying == at else 0)
        gone = failure.attempt.outcome == "gone"
        wait = timedelta(0) if gone else wait_after(attempts)
        pause = pause_of(failure.attempt.retry_after, now)
        if pause is not None:
            webhook.not_before = now + pause
        if wait is None:
            values = {"sent_to": at, "trying": 0, "attempts": 0, "next_at": now}
        else:
            values = {"sent_to": sent_to, "trying": at, "attempts": attempts, "next_at": now + wait}
        if not lane_repository.move(session, lane, batch.sent_to, **values):
            return Settled()  # another replica sends it by now, or it was taken back
        if gone:
            disable(session, webhook, "gone", now)
        if wait is None:
            self._bury(session, webhook, failure, attempts, now)
        return Settled(died=wait is None, disabled=gone)

    def _settle_letters(
        self,
        session: Session,
        webhook: Webhook,
        delivered: Sequence[Parcel],
        failure: Tried | None,
    ) -> Settled:
        now = self._clock.now()
        repository.taken(session, webhook.key, [each.position for each in delivered])
        if failure is None:
            return Settled()
        repository.end_replay(session, webhook.key)
        self._bury(session, webhook, failure, 1, now)
        gone = failure.attempt.outcome == "gone"
        if gone:
            disable(session, webhook, "gone", now)
        return Settled(died=True, disabled=gone)

    def _bury(
        self, session: Session, webhook: Webhook, failure: Tried, attempts: int, now: datetime
    ) -> None:
        attempt = failure.attempt
        repository.bury(
            session,
            webhook.key,
            failure.parcel.position,
            now=now,
            attempts=attempts,
            status=attempt.status,
            error=attempt.error or attempt.outcome,
        )

    def gone(self) -> int:
        """How many endpoints are off because they answered 410."""
        with self._reading() as session:
            return repository.count_gone(session)

    def lags(self) -> dict[str, float]:
        """By id of each endpoint that is on, the age of its oldest event that is not delivered, in
        seconds.
        """
        with self._reading() as session:
            now = self._clock.now()
            found = {each.id: 0.0 for each in repository.everyone(session) if each.enabled}
            lanes = lane_repository.waiting(session)
            wanted = dict(Wanted.of_each({webhook for webhook, _ in lanes}))
            for webhook, lane in lanes:
                if webhook not in wanted:
                    continue
                oldest = lane_repository.oldest(session, wanted[webhook], lane)
                if oldest is not None and webhook.enabled:
                    age = (now - oldest).total_seconds()
                    found[webhook.id] = max(found[webhook.id], age)
        return found

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with self._turns, self._database.read() as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._turns, self._database.write() as session:
            yield session


def disable(session: Session, webhook: Webhook, reason: str, now: datetime) -> None:
    """Turn an endpoint off because of what it answered, and say so in the audit and an event."""
    if not webhook.enabled:
        return
    webhook.enabled, webhook.disabled_reason = False, reason
    webhook.revision += 1
    webhook.updated_at = now
    on = "webhook", webhook.id
    record(session, webhook.collection, "webhook.disabled", on, now=now, disabled_reason=reason)


def _named(webhook: Webhook) -> bool:
    return "name" in webhook.content.get("include", [])


def endpoint_of(webhook: Webhook) -> Endpoint:
    """The address and the secrets of an endpoint."""
    content = webhook.content
    tls = content["tls"] or {}
    return Endpoint(content["url"], content["secrets"], Trust(tls.get("ca"), tls.get("sha256")))
