"""Checks that the data in SQL is consistent. Every check reads in its caller's snapshot."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Row,
    Select,
    Table,
    exists,
    func,
    null,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.bundles.contract import Contract
from app.errors import AppError
from app.gallery.models import Collection, Crop, Face, OtherTemplate, Person
from app.maintenance.archive import BATCH
from app.maintenance.findings import REPAIR, Finding
from app.maintenance.tables import everything
from app.receipts.keeping import delete_receipts
from app.receipts.models import Receipt, Subject
from app.replication import history
from app.vision.crops import unpacked

_UNIT: Final = 1e-3  # float32 leaves 1e-6


def file(session: Session) -> Iterator[Finding]:
    """SQLite's own check of its pages; PostgreSQL checks its pages itself."""
    if session.get_bind().dialect.name != "sqlite":
        return
    try:
        lines = session.scalars(text("PRAGMA quick_check(20)")).all()
    except DatabaseError as error:
        lines = [str(error.orig)]
    for line in lines:
        if line != "ok":
            yield Finding("database file", line, "restore the last good backup")


def references(session: Session) -> Iterator[Finding]:
    """Checks that every foreign key refers to a row."""
    for table in everything():
        for link in table.foreign_keys:
            rows = session.scalar(
                select(func.count()).select_from(table).where(leads_nowhere(link))
            )
            if rows:
                what = f"{rows:,} rows refer to {link.target_fullname} that are not there"
                yield Finding(str(link.parent), what, REPAIR)


def leads_nowhere(link: ForeignKey) -> ColumnElement[bool]:
    """The rows whose ``link`` refers to nothing."""
    target = link.column.table.alias()
    there = exists().where(target.c[link.column.name] == link.parent)
    return link.parent.is_not(None) & ~there.correlate(link.parent.table)


def receipts(session: Session) -> Iterator[Finding]:
    """Checks that every row that a receipt refers to exists; a deletion by hand leaves others."""
    for name, missing in _missing_subjects(session).items():
        keys = (Subject.caller, Subject.key)
        found = select(*keys).where(Subject.row_table == name, missing).distinct().subquery()
        if rows := session.scalar(select(func.count()).select_from(found)):
            what = f"{rows:,} receipts refer to rows of {name} that are not there"
            yield Finding(Receipt.__tablename__, what, REPAIR)


def drop_receipts(session: Session) -> None:
    """Delete the receipts that refer to missing rows."""
    for name, missing in _missing_subjects(session).items():
        found = select(Subject.caller, Subject.key).where(Subject.row_table == name, missing)
        which = tuple_(Receipt.caller, Receipt.key).in_(found)
        delete_receipts(session, which)


def _missing_subjects(session: Session) -> dict[str, ColumnElement[bool]]:
    """The subjects of receipts whose rows are missing: a condition for each table."""
    tables = {table.name: table for table in everything()}
    found: dict[str, ColumnElement[bool]] = {}
    for name in session.scalars(select(Subject.row_table).distinct().order_by(Subject.row_table)):
        if (table := tables.get(name)) is None:
            found[name] = true()
            continue
        (key,) = table.primary_key.columns
        found[name] = ~exists().where(key == Subject.row_key)
    return found


def owners(session: Session) -> Iterator[Finding]:
    """Checks that a face is in its person's collection."""
    query = select(Face.number, Person.id).join(Person, Person.key == Face.person_key)
    for face, person in session.execute(query.where(Person.collection_key != Face.collection_key)):
        yield Finding(f"face {face} of person {person}", "is kept in another collection", REPAIR)


def contracts(session: Session, contract_id: str) -> Iterator[Finding]:
    """Checks that templates are of their collection's model, and that is the configured one."""
    for row in session.scalars(select(Collection).where(Collection.contract_id != contract_id)):
        yield Finding(
            f"collection {row.id}",
            f"is of the model {row.contract_id}; the one configured is {contract_id}",
            "run Kith with that model's bundle (KITH_MODEL), or enrol its people again",
        )
    query = (
        select(Collection.id, Person.id, Face.number, Face.contract_id)
        .join(Person, Person.key == Face.person_key)
        .join(Collection, Collection.key == Face.collection_key)
        .where(Face.contract_id != Collection.contract_id)
    )
    for collection, person, face, of in session.execute(query):
        yield Finding(
            _face(collection, person, face),
            f"is of the model {of}, unlike its collection",
            "delete the face and enrol its photo again",
        )


def log(session: Session) -> Iterator[Finding]:
    """Checks that a replica that follows the change log misses no change."""
    for _, collection, what in broken_logs(session):
        yield Finding(f"collection {collection}", what, REPAIR)


def broken_logs(session: Session) -> Iterator[tuple[int, str, str]]:
    """Key and id of each collection whose log does not lead to its revision, and the reason."""
    for row in session.execute(select(Collection.key, Collection.id).order_by(Collection.key)):
        if what := history.fault(session, row.key):
            yield row.key, row.id, what


def embedded_tables() -> list[Table]:
    """The tables whose rows have an embedding."""
    return [table for table in everything() if "embedding" in table.columns]


class Templates:
    """Checks that stored embeddings are unit vectors of their model's dimension."""

    def __init__(self, session: Session, contract: Contract) -> None:
        self._session = session
        self._bytes = {contract.id: 4 * contract.dimension}
        rows = session.execute(select(Collection.key, Collection.id, Collection.contract_id))
        self._collections = {row.key: (row.id, row.contract_id) for row in rows}

    def check(self, table: Table, step: Callable[[int], None]) -> Iterator[Finding]:
        """The findings of one table."""
        query = _embeddings(table).execution_options(yield_per=BATCH)
        for batch in self._session.execute(query).partitions():
            for row in batch:
                if what := self._wrong(*row[1:]):
                    yield self._finding(table, row, what)
            step(len(batch))

    def _wrong(self, collection_key: int, stated: str | None, embedding: bytes) -> str | None:
        contract = stated or self._collections.get(collection_key, ("", ""))[1]
        wanted = self._bytes.setdefault(contract, len(embedding))  # another model's: as its first
        if len(embedding) != wanted or wanted % 4:
            return f"has an embedding of {len(embedding)} bytes, not {wanted}"
        vector = np.frombuffer(embedding, "<f4").astype(np.float64)
        length = float(np.sqrt(vector @ vector))
        if not abs(length - 1) < _UNIT:  # so that NaN is wrong too
            return f"has an embedding of length {length:.4g}, not 1"
        return None

    def _finding(self, table: Table, row: Row[int, int, str | None, bytes], what: str) -> Finding:
        collection, _ = self._collections.get(row[1], ("unknown", ""))
        if table.name not in (Face.__tablename__, OtherTemplate.__tablename__):
            return Finding(f"{collection}: {table.name} {row[0]}", what, "delete that row")
        query = select(Face.number, Person.id).outerjoin(Person, Person.key == Face.person_key)
        number, person = self._session.execute(query.where(Face.id == row[0])).one()
        if table.name == OtherTemplate.__tablename__:
            where, remedy = f"{collection}: face {number} under {row[2]}", "`kith reembed --drop`"
            return Finding(where, what, remedy)
        remedy = "delete the face and enrol its photo again"
        return Finding(_face(collection, person, number), what, remedy)


def crops(session: Session, step: Callable[[int], None]) -> Iterator[Finding]:
    """Checks that kept crops can be read, and that crops of one crop id have one size."""
    query = select(Face.number, Crop.crop_id, Crop.png, Collection.id, Person.id)
    query = query.join(Face, Face.id == Crop.face_id).join(Person, Person.key == Face.person_key)
    query = query.join(Collection, Collection.key == Face.collection_key).order_by(Crop.face_id)
    shapes: dict[str, tuple[int, ...]] = {}
    for batch in session.execute(query.execution_options(yield_per=BATCH)).partitions():
        for face, crop_id, png, collection, person in batch:
            if what := _wrong_crop(png, crop_id, shapes):
                remedy = "delete the face and enrol its photo again"
                yield Finding(_face(collection, person, face), what, remedy)
        step(len(batch))


def _wrong_crop(png: bytes, crop_id: str, shapes: dict[str, tuple[int, ...]]) -> str | None:
    try:
        shape = unpacked(png).shape
    except AppError:
        return "has a crop that cannot be read"
    wanted = shapes.setdefault(crop_id, shape)
    if shape != wanted:
        return f"has a crop of {shape[1]} x {shape[0]}, not {wanted[1]} x {wanted[0]}"
    return None


def _face(collection: str, person: str | None, number: int) -> str:
    return f"{collection}: person {person}, face {number}"


def _embeddings(table: Table) -> Select[int, int, str | None, bytes]:
    """For each row: its first key, its collection's key, the contract that it states in addition to
    its collection's, and its embedding. A face states none: it must be of its collection's.
    """
    stated = "contract_id" in table.columns and table.name != Face.__tablename__
    keys = list(table.primary_key.columns)
    contract = table.c.contract_id if stated else null()
    if "collection_key" in table.columns:
        query = select(keys[0], table.c.collection_key, contract, table.c.embedding)
    else:
        query = select(keys[0], Face.collection_key, contract, table.c.embedding)
        query = query.join_from(table, Face, Face.id == table.c.face_id)
    return query.order_by(*keys)
