"""Brings the people of a collection in line with the file of another system."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.orm import Session

from app.access import sync_repository, sync_state_repository
from app.access.sync_plan import NumberedLine, Plan, plan
from app.access.sync_schemas import (
    MOST_SHOWN,
    ChangedPerson,
    MissingPolicy,
    SyncCounts,
    SyncedPerson,
    SyncView,
)
from app.core.clock import Clock
from app.core.db import Database
from app.errors import Conflict
from app.gallery.models import Collection
from app.gallery.repository import get_collection, lock_collection
from app.trail.events import Draft, source_in
from app.trail.recording import record, record_with

_IN_A_ROW: Final = 200
"""People named in one row of the audit."""
_SUSPENDED: Final = ["suspended"]
_Happened = tuple[str, str, list[str] | None]
"""A person's id, the type of the event, and the fields that changed."""


class _Named(Protocol):
    id: str
    external_id: str


class SyncService:
    """Compares files with what there is, and changes it. Thread-safe.

    ``most_lines`` is how many people one file may have.
    """

    def __init__(self, database: Database, clock: Clock, *, most_lines: int) -> None:
        self._database = database
        self._clock = clock
        self.most_lines = most_lines

    def run(
        self,
        collection_id: str,
        lines: Sequence[NumberedLine],
        *,
        dry_run: bool,
        missing: MissingPolicy,
        max_change: float,
    ) -> SyncView:
        """Change all that differs in one transaction, or with ``dry_run`` nothing.

        ``InvalidRequest`` names lines that do not fit, ``Conflict`` says that a larger share of
        people than ``max_change`` would be suspended.
        """
        if dry_run:
            with self._database.read(long_running=True) as session:
                owner = get_collection(session, collection_id)
                wanted = plan(sync_state_repository.state(session, owner), lines, missing)
                return _view(owner, wanted, len(lines), None, refusal=wanted.refusal(max_change))
        with self._database.write(long_running=True) as session:
            owner = lock_collection(session, collection_id)
            before = sync_state_repository.state(session, owner)
            wanted = plan(before, lines, missing)
            if refusal := wanted.refusal(max_change):
                raise Conflict(refusal)
            made: Mapping[str, str] = {}
            if not wanted.is_empty:
                now = self._clock.now()
                made = sync_repository.apply(session, owner, before, wanted, now=now)
            view = _view(owner, wanted, len(lines), made)
            if not wanted.is_empty:
                _record(session, owner, wanted, made, view, now=now)
        return view


def _record(
    session: Session,
    owner: Collection,
    wanted: Plan,
    made: Mapping[str, str],
    view: SyncView,
    *,
    now: datetime,
) -> None:
    """A row with the counts, after rows with the ids of all who changed, many in each, and an event
    of each person.
    """
    everybody: dict[str, list[_Happened]] = {
        "created": [(each, "person.created", None) for each in made.values()],
        "changed": [
            (change.known.id, "person.updated", list(change.fields)) for change in wanted.changed
        ],
        "suspended": [(known.id, "person.suspended", _SUSPENDED) for known in wanted.suspended],
        "unsuspended": [(known.id, "person.updated", _SUSPENDED) for known in wanted.unsuspended],
    }
    on = "collection", owner.id
    for what, people in everybody.items():
        for start in range(0, len(people), _IN_A_ROW):
            some = people[start : start + _IN_A_ROW]
            ids = [person_id for person_id, *_ in some]
            drafts = [_draft(owner, each, now) for each in some]
            record_with(
                *(drafts, session, owner, f"persons.{what}", on), now=now, by="sync", persons=ids
            )
    counts = view.counts.model_dump()
    record(session, owner, "collection.synced", on, now=now, revision=view.revision, **counts)


def _draft(owner: Collection, happened: _Happened, now: datetime) -> Draft:
    person_id, kind, fields = happened
    data = {"collection_id": owner.id, "person_id": person_id, "fields": fields}
    return Draft(kind, source_in(owner.id), person_id, now, data)


def _view(
    owner: Collection,
    wanted: Plan,
    lines: int,
    made: Mapping[str, str] | None,
    *,
    refusal: str | None = None,
) -> SyncView:
    lists = wanted.created, wanted.changed, wanted.suspended, wanted.unsuspended
    created, changed, suspended, unsuspended = (len(each) for each in lists)
    return SyncView(
        dry_run=made is None,
        refusal=refusal,
        revision=owner.revision,
        counts=SyncCounts(
            lines=lines,
            created=created,
            changed=changed,
            unchanged=wanted.unchanged,
            suspended=suspended,
            unsuspended=unsuspended,
            missing=wanted.missing,
        ),
        created=[
            SyncedPerson(external_id=line.external_id, person_id=(made or {}).get(line.external_id))
            for line in wanted.created[:MOST_SHOWN]
        ],
        changed=[
            ChangedPerson(**_shown(change.known), fields=change.fields)
            for change in wanted.changed[:MOST_SHOWN]
        ],
        suspended=[SyncedPerson(**_shown(each)) for each in wanted.suspended[:MOST_SHOWN]],
        unsuspended=[SyncedPerson(**_shown(each)) for each in wanted.unsuspended[:MOST_SHOWN]],
        complete=max(created, changed, suspended, unsuspended) <= MOST_SHOWN,
    )


def _shown(known: _Named) -> dict[str, str]:
    return {"external_id": known.external_id, "person_id": known.id}
