"""Keeps the actions of doors, and tries one out."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from app.access import repository as doors
from app.access.models import Door
from app.actions import repository
from app.actions.calls import Caller, Result
from app.actions.checking import check_action, check_open, shut_by
from app.actions.grants import Loaded, NewGrant, instant
from app.actions.models import DoorAction
from app.actions.schemas import ActionFields, ActionView, as_content
from app.actions.templates import Facts
from app.core.clock import Clock
from app.core.db import Database, assign
from app.core.paging import Page, Paging, page
from app.egress.dialling import Deadline, Egress
from app.errors import Conflict
from app.gallery.repository import get_collection, lock_collection
from app.trail.events import Draft, source_in
from app.trail.recording import OwnerThen, publish, record

MOST_ACTIONS = 16
"""The largest number of actions of one door."""
_TEST_SECONDS = 10.0
_log = structlog.get_logger()


class ActionService:
    """The actions of doors. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, egress: Egress, caller: Caller) -> None:
        self._database = database
        self._clock = clock
        self._egress = egress
        self._caller = caller

    def put(
        self, collection_id: str, door_id: str, action_id: str, fields: ActionFields
    ) -> ActionView:
        """Make an action, or replace it; ``InvalidRequest`` where it makes no sense."""
        now = self._clock.now()
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            door = doors.get(session, owner, Door, door_id, "door")
            check_action(fields, door.ref, self._egress)
            row = repository.find(session, door, action_id)
            if row is None:
                if repository.count(session, door) >= MOST_ACTIONS:
                    raise Conflict(f"The door {door_id!r} has {MOST_ACTIONS} actions, the most.")
                row = DoorAction(door_key=door.key, id=action_id, created_at=now)
                session.add(row)
            if assign(row, {"name": fields.name, "content": as_content(fields)}):
                row.updated_at = now
                session.flush()
                record(session, owner, "action.put", ("action", action_id), now=now, door=door_id)
        return self._shown(row, collection_id, door_id)

    def list(self, collection_id: str, door_id: str, paging: Paging) -> Page[ActionView]:
        """The door's actions, oldest first."""
        with self._database.read() as session:
            door = self._door(session, collection_id, door_id)
            rows = repository.listed(session, door, after=paging.after, limit=paging.limit + 1)
        return page(
            rows,
            paging,
            key=lambda row: row.key,
            show=lambda row: self._shown(row, collection_id, door_id),
        )

    def get(self, collection_id: str, door_id: str, action_id: str) -> ActionView:
        """One action, or ``NotFound``."""
        with self._database.read() as session:
            row = repository.get(session, self._door(session, collection_id, door_id), action_id)
        return self._shown(row, collection_id, door_id)

    def delete(self, collection_id: str, door_id: str, action_id: str) -> None:
        """Delete an action, or ``NotFound``; no later grant sets it off."""
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            door = doors.get(session, owner, Door, door_id, "door")
            session.delete(repository.get(session, door, action_id))
            on, now = ("action", action_id), self._clock.now()
            record(session, owner, "action.deleted", on, now=now, door=door_id)

    def test(self, collection_id: str, door_id: str, action_id: str) -> tuple[Result, datetime]:
        """Send the action now, for a person who does not exist; returns its result and its start.

        The audit has it before it is sent, for the door may open; the log has its outcome.
        ``Conflict`` where nothing may open the door: it is disabled, or in lock-down.
        """
        at = self._clock.now()
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            door = doors.get(session, owner, Door, door_id, "door")
            fields = _fields(repository.get(session, door, action_id))
            check_open(door)
            ref = dict(door.ref)
            record(session, owner, "action.tested", ("action", action_id), now=at, door=door_id)
        decision = {
            "id": "test",
            "event_id": "test",
            "decision": "granted",
            "reason": "granted",
            "collection_id": collection_id,
            "door_id": door_id,
            "person_id": "test",
            "external_id": "0",
            "session": "0",
            "at": instant(at),
            "valid_until": instant(at + timedelta(seconds=_TEST_SECONDS)),
        }
        facts = Facts(decision, ref, (), dummy=True)
        result = self._caller.call(fields, facts, Deadline.after(_TEST_SECONDS))
        _log.info(
            "action.test_ended",
            collection=collection_id,
            door=door_id,
            action=action_id,
            outcome=result.outcome,
            status=result.status,
        )
        return result, at

    def load(self, grant: NewGrant) -> Loaded:
        """The actions that a grant sets off, as they are now. A door that was shut in between has
        them too, with the reason why they are not sent: a lock-down is for those who wait at the
        door as well.
        """
        with self._database.read() as session:
            door, rows = repository.of_door(session, grant.door_key)
            actions, unreadable = list[tuple[str, ActionFields]](), list[str]()
            for row in rows:
                try:
                    actions.append((row.id, _fields(row)))
                except (TypeError, ValueError):  # somebody changed it in the database
                    unreadable.append(row.id)
            credentials = repository.credentials(session, grant.person_key) if actions else ()
            ref, shut = ({}, None) if door is None else (dict(door.ref), shut_by(door))
        enabled = [each for each in actions if each[1].enabled]
        return Loaded(enabled, Facts(grant.values(), ref, credentials), shut, unreadable)

    def call(self, fields: ActionFields, facts: Facts, deadline: Deadline) -> Result:
        """Send it once; see ``Caller``."""
        return self._caller.call(fields, facts, deadline)

    def publish(self, grant: NewGrant, action_id: str | None, result: Result) -> None:
        """Make the event of an action that has ended."""
        now = self._clock.now()
        data = {
            "collection_id": grant.collection_id,
            "door_id": grant.door_id,
            "action_id": action_id,
            "decision_event_id": grant.event_id,
            "outcome": result.outcome,
            "status": result.status,
            "took_ms": round(result.seconds * 1000),
        }
        source = source_in(grant.collection_id, "door", grant.door_id)
        with self._database.write() as session:
            owner = OwnerThen(grant.collection_key, grant.collection_id)
            publish(session, owner, Draft("door.action", source, grant.door_id, now, data))

    def _shown(self, row: DoorAction, collection_id: str, door_id: str) -> ActionView:
        return _view(row, collection_id, door_id, unfit=self._caller.unfit(_fields(row)))

    def _door(self, session: Session, collection_id: str, door_id: str) -> Door:
        return doors.get(session, get_collection(session, collection_id), Door, door_id, "door")


def _fields(row: DoorAction) -> ActionFields:
    return ActionFields.model_validate({**row.content, "name": row.name})


def _view(row: DoorAction, collection_id: str, door_id: str, *, unfit: str | None) -> ActionView:
    return ActionView.model_validate(
        {
            **row.content,
            "id": row.id,
            "collection_id": collection_id,
            "door_id": door_id,
            "name": row.name,
            "unfit": unfit,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )
