"""Memberships: puts persons into groups, for a time or for good."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.access import repository
from app.access.models import Group, Membership
from app.access.schemas import MembershipFields, MemberView
from app.core.clock import Clock
from app.core.db import Database, assign
from app.core.paging import Page, Paging, page
from app.errors import NotFound
from app.gallery.models import Collection
from app.gallery.repository import get_collection, lock_collection, person
from app.trail.recording import record


class MembershipService:
    """Puts persons into groups and takes them out. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(
        self, collection_id: str, group_id: str, person_id: str, fields: MembershipFields
    ) -> MemberView:
        """Put a person into a group, or change when that counts."""
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            group = repository.get(session, owner, Group, group_id, "group")
            somebody = person(session, owner, person_id)
            row = repository.membership(session, group, somebody)
            is_new = row is None
            if row is None:
                row = Membership(group_key=group.key, person_key=somebody.key)
                session.add(row)
            if assign(row, fields.model_dump()) or is_new:
                repository.raise_revision(session, owner)
                self._record(session, owner, "member.put", group_id, person_id)
        return _view(row, group_id, person_id)

    def list(self, collection_id: str, group_id: str, paging: Paging) -> Page[MemberView]:
        """The members of a group, by how long they have been in it."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            group = repository.get(session, owner, Group, group_id, "group")
            rows = repository.members(session, group, after=paging.after, limit=paging.limit + 1)
        return page(
            rows,
            paging,
            key=lambda row: row[0].key,
            show=lambda row: _view(row[0], group_id, row[1]),
        )

    def of(self, collection_id: str, person_id: str) -> Sequence[MemberView]:
        """The memberships of a person, oldest first."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            rows = repository.memberships_of(session, person(session, owner, person_id))
        return [_view(row, group_id, person_id) for row, group_id in rows]

    def delete(self, collection_id: str, group_id: str, person_id: str) -> None:
        """Take a person out of a group; ``NotFound`` where they are not in it."""
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            group = repository.get(session, owner, Group, group_id, "group")
            row = repository.membership(session, group, person(session, owner, person_id))
            if row is None:
                raise NotFound(f"The person {person_id!r} is not in the group {group_id!r}.")
            session.delete(row)
            repository.raise_revision(session, owner)
            self._record(session, owner, "member.deleted", group_id, person_id)

    def _record(
        self, session: Session, owner: Collection, action: str, group_id: str, person_id: str
    ) -> None:
        now = self._clock.now()
        record(session, owner, action, ("group", group_id), now=now, person=person_id)


def _view(row: Membership, group_id: str, person_id: str) -> MemberView:
    return MemberView(
        group_id=group_id,
        person_id=person_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
