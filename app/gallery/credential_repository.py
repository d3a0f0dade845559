"""The SQL of credentials, within the session of the caller. Their values leave it for an action of
a door, and for the answer of a grant at a door that reveals them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import AlreadyExists, FieldError
from app.gallery.credential_schemas import CredentialField
from app.gallery.models import Collection, Credential, Person


@dataclass(frozen=True, slots=True)
class CredentialValue:
    """A credential with its value, which is in no ``repr`` and so in no log."""

    system: str
    type: str
    format: str | None
    value: str = field(repr=False)


def values_of(
    session: Session, person_key: int, types: Sequence[str]
) -> tuple[CredentialValue, ...]:
    """The person's credentials of these types, in their order."""
    columns = Credential.system, Credential.type, Credential.format, Credential.value
    mine = Credential.person_key == person_key, Credential.type.in_(types)
    found = session.execute(select(*columns).where(*mine).order_by(Credential.position))
    return tuple(CredentialValue(row[0], row[1], row[2], row[3]) for row in found)


def holder(
    session: Session, owner: Collection, *, system: str, kind: str, value: str
) -> Person | None:
    """The person of the collection whom the system knows by this, or None: valid or not, suspended
    or not. ``kind`` is the credential's ``type``. ``value``, in Unicode's form NFC, is compared as
    it is.
    """
    here = (
        Credential.collection_key == owner.key,
        Credential.system == system,
        Credential.type == kind,
        Credential.value == value,
    )
    query = select(Person).join(Credential, Credential.person_key == Person.key)
    return session.scalar(query.where(*here))


def differ(person: Person, fields: Sequence[CredentialField]) -> bool:
    """Whether the person has other credentials than these, or in another order."""
    has = [(each.system, each.type, each.format, each.value) for each in person.credentials]
    return has != [(each.system, each.type, each.format, each.value) for each in fields]


def replace(
    session: Session, owner: Collection, person: Person, fields: Sequence[CredentialField]
) -> None:
    """Give the person these credentials in place of what there is; ``AlreadyExists`` where one is
    another person's. The collection is held by this transaction.
    """
    person.credentials.clear()
    session.flush()  # before the new ones come, of which some may be the same
    for place in _taken(session, owner, fields):
        raise taken(fields[place], place)
    person.credentials.extend(
        Credential(
            collection_key=owner.key,
            position=place,
            system=each.system,
            type=each.type,
            format=each.format,
            value=each.value,
        )
        for place, each in enumerate(fields)
    )
    try:
        session.flush()
    except IntegrityError:  # whose text may hold the value
        raise AlreadyExists("A credential is another person's already.") from None


def move(session: Session, person: Person, to: Person) -> None:
    """Give all credentials of the person to another one of the collection, after those that they
    have. The collection is held by this transaction.
    """
    moved = list(person.credentials)
    person.credentials.clear()
    for place, each in enumerate(moved, len(to.credentials)):
        each.position = place
        to.credentials.append(each)
    session.flush()


def taken(credential: CredentialField, place: int) -> AlreadyExists:
    """The error of a credential that is another person's. It does not say whose: that would name
    somebody to a client that guesses a card's number.
    """
    field = f"credentials[{place}]"
    message = (
        f"this {credential.type} of the system {credential.system!r} is another person's already; "
        "take it from that person first"
    )
    return AlreadyExists(f"{field}: {message}.", errors=[FieldError(field, message)])


def _taken(session: Session, owner: Collection, fields: Sequence[CredentialField]) -> list[int]:
    """The places of those that somebody in the collection has."""
    identity = tuple_(Credential.system, Credential.type, Credential.value)
    wanted = [(each.system, each.type, each.value) for each in fields]
    query = select(Credential.system, Credential.type, Credential.value)
    found = session.execute(
        query.where(Credential.collection_key == owner.key, identity.in_(wanted))
    )
    there = {tuple(row) for row in found}
    return [place for place, each in enumerate(wanted) if each in there]
