"""The person whom a request at a door in mode ``verify`` claims to be there."""

from sqlalchemy.orm import Session

from app.access.policy.values import Mode
from app.doors.answers import Claim
from app.doors.person_repository import person_by_id
from app.doors.schemas import DecisionOptions
from app.errors import FieldError, InvalidRequest
from app.gallery.credential_repository import holder
from app.gallery.models import Collection


def claim_of(mode: Mode, options: DecisionOptions) -> Claim | None:
    """The kind of claim that came; ``InvalidRequest`` where the door reads none: it would do
    nothing in silence.
    """
    claim: Claim | None = None
    if options.person_id is not None:
        claim = "person_id"
    elif options.credential is not None:
        claim = options.credential.type
    if claim is not None and mode is not Mode.VERIFY:
        field = "person_id" if claim == "person_id" else "credential"
        message = f"the door's mode is {mode}; a claim is read at doors in mode verify"
        raise InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])
    return claim


def claimed_person(session: Session, collection_key: int, options: DecisionOptions) -> str | None:
    """The id of the person claimed; None where the claim is nobody's."""
    if options.person_id is not None:
        found = person_by_id(session, collection_key, options.person_id)
        return None if found is None else found.person.id
    claim, owner = options.credential, session.get(Collection, collection_key)
    if claim is None or owner is None:
        return None
    their = holder(session, owner, system=claim.system, kind=claim.type, value=claim.value)
    return None if their is None else their.id
