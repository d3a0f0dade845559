"""Keeps the endpoints, tries one out, and sends dead letters again."""

from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from app.access import repository as doors
from app.access.models import Door
from app.actions.targets import Target
from app.auth.principal import Principal
from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.paging import Page, Paging, page
from app.core.preconditions import IfMatch
from app.egress.allowance import Refused
from app.egress.dialling import Egress
from app.errors import AppError, Conflict, FieldError, InvalidRequest, NotFound
from app.gallery.models import Collection
from app.gallery.repository import lock_collection
from app.receipts.keeping import Keep, amend, forget
from app.trail import event_repository
from app.trail.events import Draft, body_of, source_in
from app.trail.recording import record
from app.webhooks import lane_repository, repository
from app.webhooks.calls import Attempt, Caller
from app.webhooks.deliveries import endpoint_of
from app.webhooks.models import Webhook
from app.webhooks.schemas import (
    CONTENT,
    DeadLetterView,
    NewWebhook,
    ReplayFields,
    WebhookPatch,
    WebhookView,
    as_content,
)
from app.webhooks.wanted import Wanted

MOST_WEBHOOKS: Final = 64
"""Webhooks of a service: each has a thread while there is something to send to it."""
_log = structlog.get_logger()


class WebhookService:
    """The endpoints that a caller may administer: a bound key those of its collections.
    Thread-safe.
    """

    def __init__(self, database: Database, clock: Clock, egress: Egress, caller: Caller) -> None:
        self._database = database
        self._clock = clock
        self._egress = egress
        self._caller = caller

    def create(self, new: NewWebhook, caller: Principal, keep: Keep) -> WebhookView:
        """Make an endpoint, which gets the events from now on."""
        if new.collection_id is not None:
            caller.require_collection(new.collection_id)
        elif caller.collections is not None:
            raise _wrong("collection_id", "must be one of the collections of this key")
        self._check_url(new.url)
        now = self._clock.now()
        with self._database.write(exclusive=True) as session:  # one at a time is counted
            owner = lock_collection(session, new.collection_id) if new.collection_id else None
            if repository.count(session) >= MOST_WEBHOOKS:
                raise Conflict(f"There are {MOST_WEBHOOKS} webhooks, the most.")
            _check_doors(session, owner, new.doors)
            row = Webhook(
                id=new_id("whk"),
                name=new.name,
                collection=owner,
                content=as_content(new),
                enabled=new.enabled,
                disabled_reason=None if new.enabled else "administrator",
                revision=1,
                created_at=now,
                updated_at=now,
                read_to=event_repository.newest(session),
            )
            session.add(row)
            session.flush()
            view = self._shown(row)
            keep(session, view, row)
            record(session, owner, "webhook.created", ("webhook", row.id), now=now)
        return view

    def list(self, paging: Paging, caller: Principal) -> Page[WebhookView]:
        """The endpoints, oldest first."""
        with self._database.read() as session:
            rows = repository.listed(
                session, caller.collection_keys, after=paging.after, limit=paging.limit + 1
            )
        return page(rows, paging, key=lambda row: row.key, show=self._shown)

    def get(self, webhook_id: str, caller: Principal) -> WebhookView:
        """One endpoint, or ``NotFound``."""
        with self._database.read() as session:
            return self._shown(repository.get(session, webhook_id, caller.collection_keys))

    def update(
        self, webhook_id: str, patch: WebhookPatch, known: IfMatch, caller: Principal
    ) -> WebhookView:
        """Change those fields that the patch names, at a revision that the client knows; then
        events that wait for a further attempt are tried at once. A patch that changes no value does
        nothing.
        """
        changes = patch.model_dump(mode="json", exclude_unset=True)
        if "url" in changes:
            self._check_url(patch.url)
        now = self._clock.now()
        with self._database.write() as session:
            row = repository.get(session, webhook_id, caller.collection_keys, hold=True)
            known.check(row.revision, f"The webhook {webhook_id!r}")
            before = _view(row)
            _apply(session, row, changes)
            if _view(row) == before:
                return self._shown(row)
            row.revision, row.updated_at, row.not_before = row.revision + 1, now, None
            lane_repository.wake(session, row.key, now)
            session.flush()
            view = self._shown(row)
            amend(session, row, lambda _: view.model_dump(mode="json"))
            on, fields = ("webhook", webhook_id), sorted(changes)
            record(session, row.collection, "webhook.updated", on, now=now, fields=fields)
        return view

    def delete(self, webhook_id: str, known: IfMatch, caller: Principal) -> None:
        """Delete an endpoint with its dead letters; nothing more is sent to it."""
        with self._database.write() as session:
            row = repository.get(session, webhook_id, caller.collection_keys, hold=True)
            known.check(row.revision, f"The webhook {webhook_id!r}")
            forget(session, Webhook, [row.key])
            session.delete(row)
            on, now = ("webhook", webhook_id), self._clock.now()
            record(session, row.collection, "webhook.deleted", on, now=now)

    def test(self, webhook_id: str, caller: Principal) -> tuple[str, Attempt, datetime]:
        """Send a ping now and once, also to an endpoint that is off. Returns its id, its result,
        and the time of its start. Where the endpoint takes it, all waiting events are tried at
        once.
        """
        at = self._clock.now()
        with self._database.write() as session:
            row = repository.get(session, webhook_id, caller.collection_keys, hold=True)
            endpoint, key, collection_id = endpoint_of(row), row.key, row.collection_id
            record(session, row.collection, "webhook.tested", ("webhook", webhook_id), now=at)
        ping = _ping(webhook_id, collection_id, at)
        with self._caller.line(endpoint) as line:
            attempt = line.send(ping.id, body_of(ping, sequence=0, audit_seq=None))
        if attempt.outcome == "delivered":
            with self._database.write() as session:
                found = session.get(Webhook, key, with_for_update=True)
                if found is not None:
                    found.not_before = None
                    lane_repository.wake(session, key, self._clock.now())
        _log.info(
            "webhook.test_ended",
            webhook=webhook_id,
            outcome=attempt.outcome,
            status=attempt.status,
        )
        return ping.id, attempt, at

    def letters(self, webhook_id: str, paging: Paging, caller: Principal) -> Page[DeadLetterView]:
        """The dead letters of an endpoint, oldest first."""
        with self._database.read() as session:
            row = repository.get(session, webhook_id, caller.collection_keys)
            found = repository.letters(session, row.key, after=paging.after, limit=paging.limit + 1)
        return page(found, paging, key=lambda each: each[0].key, show=_letter_view)

    def replay(self, webhook_id: str, what: ReplayFields, caller: Principal) -> int:
        """Send dead letters again, or every event from one on; returns their number."""
        now = self._clock.now()
        with self._database.write(long_running=True) as session:
            row = repository.get(session, webhook_id, caller.collection_keys, hold=True)
            if what.since is None:
                found = repository.ask_again(session, row.key, what.event_id, now)
                if what.event_id is not None and not found:
                    raise NotFound(
                        f"There is no dead letter of the event {what.event_id!r} for the webhook "
                        f"{webhook_id!r}."
                    )
            else:
                found = self._rewind(session, row, what.since, caller, now)
            on, values = ("webhook", webhook_id), what.model_dump(exclude_none=True, by_alias=True)
            record(session, row.collection, "webhook.replayed", on, now=now, events=found, **values)
        return found

    def _rewind(
        self, session: Session, row: Webhook, event_id: str, caller: Principal, now: datetime
    ) -> int:
        start = event_repository.position_of(session, event_id, caller.collection_keys)
        if start is None:
            raise _wrong("from", "no event of this id is kept")
        repository.forget_letters(session, row.key, start)
        wanted, end = Wanted.by(row), row.read_to  # what comes after it is sent in any case
        return lane_repository.rewind(session, row.key, wanted, start=start, end=end, now=now)

    def _shown(self, row: Webhook) -> WebhookView:
        return _view(row, self._caller.unfit(endpoint_of(row)))

    def _check_url(self, url: str) -> None:
        try:
            self._egress.check_host(Target.parse(url, "http", "https").host)
        except Refused as error:
            raise _wrong("url", str(error)) from None


def _ping(webhook_id: str, collection_id: str | None, at: datetime) -> Draft:
    data = {"collection_id": collection_id, "webhook_id": webhook_id}
    return Draft("webhook.ping", source_in(collection_id), webhook_id, at, data)


def _apply(session: Session, row: Webhook, changes: dict[str, Any]) -> None:
    if "name" in changes:
        row.name = changes["name"]
    if "enabled" in changes:
        row.enabled = changes["enabled"]
        row.disabled_reason = None if row.enabled else "administrator"
    if "doors" in changes:
        _check_doors(session, row.collection, changes["doors"])
    kept = {name: value for name, value in changes.items() if name in CONTENT}
    row.content = row.content | kept


def _check_doors(session: Session, owner: Collection | None, ids: list[str] | None) -> None:
    """``InvalidRequest`` names a door that is not there."""
    if ids is None:
        return
    if owner is None:
        raise _wrong("doors", "are those of a collection: set collection_id")
    for place, each in enumerate(ids):
        if doors.find(session, owner, Door, each) is None:
            raise _wrong(f"doors[{place}]", f"there is no door {each!r} in {owner.id!r}")


def _view(row: Webhook, unfit: str | None = None) -> WebhookView:
    return WebhookView.model_validate(
        {"include": []}  # of before there was this field
        | row.content
        | {
            "id": row.id,
            "collection_id": row.collection_id,
            "name": row.name,
            "enabled": row.enabled,
            "disabled_reason": row.disabled_reason,
            "unfit": unfit,
            "revision": row.revision,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def _letter_view(found: repository.Letter) -> DeadLetterView:
    letter, event_id, source, kind = found
    return DeadLetterView(
        event_id=event_id,
        source=source,
        type=kind,
        died_at=letter.died_at,
        attempts=letter.attempts,
        status=letter.status,
        error=letter.error,
        replaying=letter.replay_at is not None,
    )


def _wrong(field: str, message: str) -> AppError:
    return InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])
