"""Merges two persons who are one: the first gets the faces of the other, and the other is removed.

Nothing is compared: the operator answers for it that the two are one person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.errors import Conflict, FieldError
from app.gallery import credential_repository, dismissal_repository, merge_repository, repository
from app.gallery.changes import amend_receipts, view_of
from app.gallery.credential_schemas import MOST_CREDENTIALS
from app.gallery.dismissals import two_persons
from app.gallery.merge_repository import HeldFace
from app.gallery.models import Collection, Face, Person
from app.gallery.removal import remove_person
from app.gallery.schemas import MergeFields, PersonMerged
from app.receipts.keeping import Keep, forget
from app.trail.recording import record


@dataclass(frozen=True, slots=True)
class _Plan:
    """``moved`` are the internal ids of the other's faces that the person gets, ``gone`` those of
    the person's own faces that are deleted. ``left_out`` counts the faces of both that are deleted.
    """

    moved: list[int]
    gone: list[int]
    left_out: int


class MergeService:
    """Merges persons. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def merge(
        self, collection_id: str, person_id: str, asked: MergeFields, keep: Keep
    ) -> PersonMerged:
        """Give the person the faces of the other and remove the other, in one transaction: once
        this returns, no answer names the other.

        ``Conflict`` where the merge would lose something that ``asked`` does not give up, where an
        operator dismissed the two as two people, or where only the other is suspended.
        """
        with self._database.write() as session:
            now = self._clock.now()
            owner = repository.lock_collection(session, collection_id)
            person, other = two_persons(session, owner, person_id, asked.other_id)
            _check_may_be_one(session, person, other)
            _check_identifiers(person, other, asked)
            plan = _planned(session, owner, person, other, asked)
            repository.log_change(session, owner, [person.key, other.key], now=now)
            if asked.identifiers == "move" and _identifiers(other):
                _move_identifiers(session, person, other, now=now)
            _exchange_faces(session, person, plan)
            said = {"other": other.id, "faces": len(plan.moved), "left_out": plan.left_out}
            record(session, owner, "person.merged", ("person", person.id), now=now, **said)
            remove_person(session, owner, other, now=now, merged_into=person.id)
            view = view_of(session, owner, person)
            amend_receipts(session, person, view)
            answer = PersonMerged(
                person=view, faces_moved=len(plan.moved), faces_left_out=plan.left_out
            )
            keep(session, answer, person)
        return answer


def _planned(
    session: Session, owner: Collection, person: Person, other: Person, asked: MergeFields
) -> _Plan:
    """Choose the faces that move and those that are deleted. Where both are enrolled with one
    image, the person's own face of it stays. ``Conflict`` where there are more faces than the
    collection allows, and ``asked`` is for all.
    """
    both = merge_repository.faces_of(session, person, other)
    own = [face for face in both if face.person_key == person.key]
    known = {face.image_sha256 for face in own}
    new = [face for face in both if face.person_key == other.key and face.image_sha256 not in known]
    most, kept = owner.max_faces_per_person, own + new
    if new and len(kept) > most:
        if asked.faces == "all":
            raise _too_many(person, other, faces=len(kept), most=most)
        kept = sorted(kept, key=_worse)[:most]
    stays = {face.id for face in kept}
    return _Plan(
        moved=[face.id for face in new if face.id in stays],
        gone=[face.id for face in own if face.id not in stays],
        left_out=len(both) - len(kept),
    )


def _worse(face: HeldFace) -> tuple[float, int]:
    """A sort key: the best face first, and of equals the older one."""
    return -face.score, face.number


def _exchange_faces(session: Session, person: Person, plan: _Plan) -> None:
    """Carry out the plan; the other's faces that do not move are deleted with the other."""
    forget(session, Face, plan.gone)
    merge_repository.remove(session, plan.gone)
    merge_repository.move(session, plan.moved, person)
    dismissal_repository.drop_outdated(session, person)


def _identifiers(other: Person) -> Sequence[str]:
    """The names by which other systems know somebody, in words."""
    found = [] if other.external_id is None else ["an external id"]
    if other.credentials:
        found.append(f"{len(other.credentials)} credentials")
    return found


def _move_identifiers(session: Session, person: Person, other: Person, *, now: datetime) -> None:
    external_id, other.external_id = other.external_id, None
    credential_repository.move(session, other, person)
    if external_id is not None:
        person.external_id = external_id
    person.updated_at = now


def _check_identifiers(person: Person, other: Person, asked: MergeFields) -> None:
    """``Conflict`` where the other has identifiers and ``asked`` does not say whether to move or
    drop them, or where the person cannot take them.
    """
    if asked.identifiers == "refuse" and (known_by := _identifiers(other)):
        raise _refused(
            "identifiers",
            f"the person {other.id!r} has {' and '.join(known_by)}; send `move` to give them to "
            f"{person.id!r}, or `drop` to let them go with {other.id!r}",
        )
    if asked.identifiers != "move":
        return
    if person.external_id is not None and other.external_id is not None:
        raise _refused(
            "identifiers",
            f"{person.id!r} and {other.id!r} both have an external id, and a person has one; take "
            "it from one of them first",
        )
    count = len(person.credentials) + len(other.credentials)
    if count > MOST_CREDENTIALS:
        raise _refused(
            "identifiers",
            f"{person.id!r} and {other.id!r} have {count} credentials together, and a person has "
            f"{MOST_CREDENTIALS} at most; take some from them first",
        )


def _check_may_be_one(session: Session, person: Person, other: Person) -> None:
    """``Conflict`` where an operator dismissed the two as two people, or where a merge would end a
    suspension.
    """
    if dismissal_repository.find(session, person, other) is not None:
        raise _refused(
            "other_id",
            f"an operator said that {person.id!r} and {other.id!r} are two people; take that back "
            "first, with DELETE of their dismissal",
        )
    if other.suspended and not person.suspended:
        raise _refused(
            "other_id",
            f"{other.id!r} is suspended and {person.id!r} is not, so doors would open that deny "
            f"{other.id!r}; suspend {person.id!r}, or end the suspension of {other.id!r}, first",
        )


def _too_many(person: Person, other: Person, *, faces: int, most: int) -> Conflict:
    return _refused(
        "faces",
        f"{person.id!r} and {other.id!r} have {faces} faces together, and the collection allows "
        f"{most} of a person; send `best` to keep the {most} of the best quality, delete some "
        "first, or raise `max_faces_per_person`",
    )


def _refused(field: str, message: str) -> Conflict:
    return Conflict(f"{field}: {message}.", errors=[FieldError(field, message)])
