"""The gallery's SQL. Every function works inside the session, so the transaction, of its caller."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.db import IN_SQL_ALONE, Base
from app.core.names import spellings
from app.core.reach import is_reached
from app.errors import ContractMismatch, NotFound
from app.gallery.models import Collection, Face, Person
from app.replication import history


def get_collection(session: Session, collection_id: str) -> Collection:
    """The collection as it is now, or ``NotFound``."""
    return _reached(
        session, collection_id, select(Collection).where(Collection.id == collection_id)
    )


def lock_collection(session: Session, collection_id: str) -> Collection:
    """The collection, held until the transaction ends, or ``NotFound``.

    Writers of one collection go one after the other, so that what they count and look up is still
    so when they commit. It is read once it is held: the rows that are read with it are of after the
    wait too.
    """
    _hold(session, Collection.id == collection_id)
    query = select(Collection).where(Collection.id == collection_id)
    return _reached(session, collection_id, query.execution_options(populate_existing=True))


def get_comparable(session: Session, collection_id: str, contract_id: str) -> Collection:
    """The collection, if its templates are of this contract; else ``ContractMismatch``."""
    found = get_collection(session, collection_id)
    check_contract(found, contract_id)
    return found


def lock_comparable(session: Session, collection_id: str, contract_id: str) -> Collection:
    """The collection, held until the transaction ends, if its templates are of this contract; else
    ``ContractMismatch``.
    """
    found = lock_collection(session, collection_id)
    check_contract(found, contract_id)
    return found


def lock_of_contract(session: Session, collection_key: int, contract_id: str) -> int:
    """Lock the collection of this key until the transaction ends; returns how many probes it keeps.

    ``NotFound`` where it was deleted, ``ContractMismatch`` where it is of another contract.
    """
    _hold(session, Collection.key == collection_key)
    found = session.get(Collection, collection_key, populate_existing=True)
    if found is None:
        raise NotFound("The collection was deleted while this request ran.")
    check_contract(found, contract_id)
    return found.keep_probes


def _hold(session: Session, which: ColumnElement[bool]) -> None:
    """Lock its row alone: PostgreSQL cannot lock what is outer-joined to it. On SQLite the
    transaction that writes has the whole database already.

    Not its key, which the event of a decision refers to: the decision that is written does not wait
    for a writer that waits for the person of that decision.
    """
    session.execute(select(Collection.key).where(which).with_for_update(key_share=True))


def _reached(session: Session, collection_id: str, query: Select[Collection]) -> Collection:
    found = session.scalar(query)
    if found is None or not is_reached(found.key):
        raise NotFound(f"There is no collection {collection_id!r}.")
    return found


def check_contract(found: Collection, contract_id: str) -> None:
    """``ContractMismatch`` where a collection's templates are not of this contract."""
    if found.contract_id != contract_id:
        raise mismatch(found.id, found.contract_id, contract_id)


def mismatch(collection_id: str, theirs: str, ours: str) -> ContractMismatch:
    """The error where the collection's contract is ``theirs`` and the running one ``ours``."""
    return ContractMismatch(
        f"The collection {collection_id!r} holds templates of {theirs!r}; this service runs "
        f"{ours!r}, whose templates cannot be compared. Run it with that model's bundle "
        "(KITH_MODEL), or enrol the collection's people again in another one."
    )


def collections(
    session: Session, *, only: frozenset[str] | None, after: int, limit: int
) -> Sequence[Collection]:
    """Collections by age; ``only`` are the ids that the caller may see."""
    query = select(Collection).where(Collection.key > after).order_by(Collection.key).limit(limit)
    if only is not None:
        query = query.where(Collection.id.in_(only))
    return session.scalars(query).all()


def get_all_collections(session: Session) -> Sequence[Collection]:
    """Every collection, of any contract."""
    return session.scalars(select(Collection)).all()


def other_contracts(session: Session, contract_id: str) -> dict[str, int]:
    """The contracts of collections except ``contract_id``, each with its number of collections."""
    query = select(Collection.contract_id, func.count().label("of_it")).group_by(
        Collection.contract_id
    )
    rows = session.execute(query.where(Collection.contract_id != contract_id)).all()
    return {row.contract_id: row.of_it for row in rows}


def collection_ids(session: Session) -> set[str]:
    """The ids of all collections."""
    return set(session.scalars(select(Collection.id)))


def keys_of(model: type[Base], owner: Collection) -> Select[int]:
    """A query for the internal keys of the model's rows that belong to the collection."""
    columns = model.__table__.c
    return select(columns.key).where(columns.collection_key == owner.key)


def hold_all(session: Session, model: type[Base], owner: Collection) -> None:
    """Hold the model's rows that belong to the collection until the transaction ends."""
    held = keys_of(model, owner).order_by(model.__table__.c.key).with_for_update()
    session.execute(select(func.count()).select_from(held.subquery()))


def is_empty(session: Session, owner: Collection, models: Sequence[type[Base]]) -> bool:
    """Whether the collection has no row of any of ``models``."""
    return not any(session.scalar(select(keys_of(model, owner).exists())) for model in models)


def counts(session: Session, collection_keys: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many persons and how many faces each collection has."""
    persons = _count_by(session, Person.collection_key, collection_keys)
    faces = _count_by(session, Face.collection_key, collection_keys)
    return {key: (persons.get(key, 0), faces.get(key, 0)) for key in collection_keys}


def person(session: Session, owner: Collection, person_id: str) -> Person:
    """The person, or ``NotFound``."""
    found = session.scalar(
        select(Person).where(Person.collection_key == owner.key, Person.id == person_id)
    )
    if found is None:
        raise no_person(owner, person_id)
    return found


def person_of(session: Session, owner: Collection, external_id: str) -> Person | None:
    """The person of this external id, in any spelling of it, or None."""
    query = select(Person).where(Person.collection_key == owner.key, has_external_id(external_id))
    return session.scalars(query.order_by(Person.key).limit(1)).first()


def no_person(owner: Collection, person_id: str) -> NotFound:
    """The error of a request for a person who is not in the collection."""
    return NotFound(f"There is no person {person_id!r} in the collection {owner.id!r}.")


def persons_with(session: Session, person_keys: set[int]) -> Sequence[Person]:
    """The persons of these internal keys who are enrolled."""
    if not person_keys:
        return []
    return session.scalars(select(Person).where(Person.key.in_(person_keys))).all()


def names(session: Session, owner: Collection, ids: Sequence[str]) -> dict[str, str | None]:
    """The names of those of ``ids`` whom the collection has."""
    query = select(Person.id, Person.name).where(
        Person.collection_key == owner.key, Person.id.in_(ids)
    )
    return {row.id: row.name for row in session.execute(query)}


def face_counts(session: Session, person_keys: Sequence[int]) -> dict[int, int]:
    """How many faces each person has; persons without any are left out."""
    return _count_by(session, Face.person_key, person_keys)


def faces(session: Session, person_key: int, *, after: int, limit: int) -> Sequence[Face]:
    """A person's faces by age, those numbered above ``after``."""
    query = select(Face).where(Face.person_key == person_key, Face.number > after)
    return session.scalars(query.order_by(Face.number).limit(limit)).all()


def face(session: Session, owner: Person, number: int) -> Face:
    """The person's face of this number in their collection, or ``NotFound``."""
    found = session.scalar(select(Face).where(Face.person_key == owner.key, Face.number == number))
    if found is None:
        raise NotFound(f"There is no face {number} of the person {owner.id!r}.")
    return found


def image_hashes(session: Session, person_key: int) -> set[str]:
    """SHA-256 of every image that the person is enrolled with."""
    return set(session.scalars(select(Face.image_sha256).where(Face.person_key == person_key)))


def embeddings(session: Session, person_key: int) -> list[bytes]:
    """The templates of a person, oldest first, as they are stored."""
    query = select(Face.embedding).where(Face.person_key == person_key).order_by(Face.id)
    return list(session.scalars(query))


def faces_there(session: Session, face_ids: set[int]) -> set[int]:
    """Those of these internal ids of faces that are enrolled."""
    return set(session.scalars(select(Face.id).where(Face.id.in_(face_ids)))) if face_ids else set()


def all_embeddings(session: Session, owner: Collection) -> Iterator[Row[int, int, int, bytes]]:
    """Person key, face id, face number and template of every face, person after person."""
    query = select(Face.person_key, Face.id, Face.number, Face.embedding)
    query = query.where(Face.collection_key == owner.key).order_by(Face.person_key, Face.id)
    yield from session.execute(query.execution_options(yield_per=1000))


def log_change(
    session: Session,
    owner: Collection,
    person_keys: Sequence[int],
    *,
    now: datetime,
    enrolled: Sequence[Face] = (),
) -> None:
    """Raise the collection's revision and log that these persons changed, in this transaction:
    their templates, their validity, their names, or what was reported of them. Faces that are
    being ``enrolled`` get their numbers here, and are added to the session afterwards.

    ``NotFound`` where the collection is no more.
    """
    next_face = session.scalar(
        update(Collection)
        .where(Collection.key == owner.key)
        .values(next_face=Collection.next_face + len(enrolled), updated_at=now)
        .returning(Collection.next_face)
        .execution_options(**IN_SQL_ALONE)
    )
    if next_face is None:
        raise NotFound(f"There is no collection {owner.id!r} any more.")
    for number, each in enumerate(enrolled, next_face - len(enrolled)):
        each.number = number
    history.log_change(session, owner.key, person_keys)


def is_taken(session: Session, owner: Collection, person_id: str, external_id: str | None) -> bool:
    """Whether somebody in the collection has this id or this external id."""
    same = Person.id == person_id
    if external_id is not None:
        same = or_(same, has_external_id(external_id))
    return bool(session.scalar(select(exists().where(Person.collection_key == owner.key, same))))


def is_anothers(session: Session, person: Person, external_id: str) -> bool:
    """Whether another person of the collection has this external id, in any spelling."""
    another = (Person.collection_key == person.collection_key, Person.key != person.key)
    return bool(session.scalar(select(exists().where(*another, has_external_id(external_id)))))


def has_external_id(external_id: str) -> ColumnElement[bool]:
    """Whether a person has this external id, in any spelling that a release of Kith stored."""
    return Person.external_id.in_(spellings(external_id))


def _count_by(
    session: Session, column: InstrumentedAttribute[int], keys: Sequence[int]
) -> dict[int, int]:
    """How many rows have each of ``keys`` in ``column``; those without any are left out."""
    query = select(column, func.count()).where(column.in_(keys)).group_by(column)
    return {row[0]: row[1] for row in session.execute(query)}
