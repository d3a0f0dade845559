"""Changes to a person's row and credentials, in the transaction of the caller."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from app.core.db import assign
from app.errors import AlreadyExists, InvalidRequest
from app.gallery import credential_repository, repository
from app.gallery.models import Collection, Person
from app.gallery.schemas import PersonFields, PersonPatch, PersonView
from app.gallery.views import person_view
from app.receipts.keeping import amend
from app.trail.recording import record

_SHOWN: Final = frozenset({"external_id", "name", "valid_from", "valid_until"})
"""A person's fields that answers show or depend on."""
_FIELDS: Final = {"attributes": "metadata", "suspended_by_sync": "suspended"}
"""The fields that set columns of other names."""


def change_person(
    session: Session, owner: Collection, person: Person, patch: PersonFields, *, now: datetime
) -> PersonView:
    """Change what the patch names and nothing else; what has these values already is no change.
    The collection is held by this transaction.

    ``AlreadyExists`` where the external id or a credential is another person's, ``InvalidRequest``
    where the person would be valid from a time after the end.
    """
    changes: dict[str, Any] = patch.model_dump(exclude_unset=True, exclude={"id"})
    if "metadata" in changes:
        changes["attributes"] = changes.pop("metadata")
    replaced = changes.pop("credentials", None) is not None
    external_id = patch.external_id if isinstance(patch, PersonPatch) else None
    if external_id and repository.is_anothers(session, person, external_id):
        raise taken(owner.id, None, external_id)
    if "suspended" in changes:
        changes["suspended_by_sync"] = False  # by hand, from now on
    replaced = replaced and credential_repository.differ(person, patch.credentials)
    changed = {_FIELDS.get(name, name) for name in assign(person, changes)}
    _check_validity(person)
    if replaced:
        changed.add("credentials")
    if not changed:
        return view_of(session, owner, person)
    if replaced:
        credential_repository.replace(session, owner, person, patch.credentials)
    if changed & _SHOWN:
        repository.log_change(session, owner, [person.key], now=now)
    person.updated_at = now
    session.flush()
    view = view_of(session, owner, person)
    amend_receipts(session, person, view)
    said: dict[str, Any] = {"fields": sorted(changed)}
    if "suspended" in changed:
        said["suspended"] = person.suspended
    record(session, owner, "person.updated", ("person", person.id), now=now, **said)
    return view


def view_of(session: Session, owner: Collection, person: Person) -> PersonView:
    """The person as clients see them."""
    faces = repository.face_counts(session, [person.key]).get(person.key, 0)
    return person_view(person, owner.id, faces=faces)


def amend_receipts(session: Session, person: Person, view: PersonView) -> None:
    """Let the receipt of the person's creation show the person as they are now."""
    amend(session, person, lambda answer: _renamed(answer, view))


def taken(collection_id: str, person_id: str | None, external_id: str | None) -> AlreadyExists:
    """The error of an id or an external id that is another person's; without the ids that were not
    asked for.
    """
    names = [repr(person_id)] if person_id else []
    names += [f"with the external id {external_id!r}"] if external_id else []
    return AlreadyExists(
        f"There is a person {' or '.join(names)} in the collection {collection_id!r} already."
    )


def _renamed(answer: dict[str, Any], view: PersonView) -> dict[str, Any] | None:
    """The receipt of a person's creation with the person's present name; None for any other."""
    if answer.get("person", {}).get("id") != view.id:
        return None
    return answer | {"person": view.model_dump(mode="json")}


def _check_validity(person: Person) -> None:
    start, end = person.valid_from, person.valid_until
    if start and end and start >= end:
        raise InvalidRequest(f"valid_from {start} must be before valid_until {end}.")
