"""Checks that SQL, the galleries on disk and the contract ids agree, and repairs what it can.

A repair loses no good data: it deletes orphaned rows, as the cascade would have; moves a face to
its person's collection; begins a new history where a change log is wrong; and writes a gallery on
disk again from SQL. A template that is no unit vector, or is of another model, cannot be repaired:
it can only be computed again from its photo.
"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.bundles.contract import Contract
from app.core.bulk import lock_tables
from app.core.db import Database
from app.gallery.models import Collection, Crop, Face, Person
from app.maintenance import check_sql, numbers
from app.maintenance.archive import Progress
from app.maintenance.check_index import MISLEADING, SnapshotCheck
from app.maintenance.findings import Finding, Result, result
from app.maintenance.recorded import record_command
from app.maintenance.tables import count, everything
from app.replication.history import begin_epoch


class Check:
    """Checks one database and the folder of its snapshots, also while services run."""

    def __init__(self, database: Database, snapshots: Path, contract: Contract) -> None:
        self._database = database
        self._contract = contract
        self._snapshots = SnapshotCheck(database, snapshots, contract)

    def results(self, progress: Progress) -> list[Result]:
        """The result of each check, all in one snapshot of the database."""
        with self._database.read(long_running=True) as session:
            damaged = result("database file", check_sql.file(session))
            if damaged.found:
                return [damaged]  # no other result would be reliable
            return [
                damaged,
                result("references", check_sql.references(session)),
                result("receipts", check_sql.receipts(session)),
                result("faces with their persons", check_sql.owners(session)),
                result("face numbers", numbers.findings(session)),
                result("contract ids", check_sql.contracts(session, self._contract.id)),
                result("change logs", check_sql.log(session)),
                templates := result("templates", self._templates(session, progress)),
                result("crops", _crops(session, progress)),
                result("index snapshots", self._indexes(readable=not templates.found)),
            ]

    def repair(self, progress: Progress) -> None:
        """Repair what can be repaired: SQL in one transaction, then the snapshots."""
        with self._database.read(long_running=True) as session:
            readable = not result("templates", self._templates(session, progress)).found
        odd = self._snapshots.odd() if readable else {}
        with self._database.write(long_running=True) as session:
            lock_tables(session, everything())
            restarted = {key for key, what in odd.items() if what == MISLEADING}
            restarted |= {key for key, _, _ in check_sql.broken_logs(session)}
            dropped = _drop_what_hangs_on_nothing(session)
            numbers.mend(session)
            there = set(session.scalars(select(Collection.key)))
            if dropped + _keep_faces_with_their_persons(session):
                restarted = there
            check_sql.drop_receipts(session)
            for key in sorted(restarted & there):
                begin_epoch(session, key)
            record_command(session, None, "database.repaired", orphans=dropped)
        if readable:
            self._snapshots.rewrite(self._snapshots.odd())

    def _templates(self, session: Session, progress: Progress) -> Iterator[Finding]:
        tables = check_sql.embedded_tables()
        templates = check_sql.Templates(session, self._contract)
        with progress(sum(count(session, table, None) for table in tables)) as step:
            for table in tables:
                yield from templates.check(table, step)

    def _indexes(self, *, readable: bool) -> Iterator[Finding]:
        if readable:
            yield from self._snapshots.findings()
        else:
            yield Finding("index", "is not checked while templates are wrong", "repair them first")


def _crops(session: Session, progress: Progress) -> Iterator[Finding]:
    if kept := session.scalar(select(func.count()).select_from(Crop)):
        with progress(kept) as step:
            yield from check_sql.crops(session, step)


def _drop_what_hangs_on_nothing(session: Session) -> int:
    """Delete orphaned rows, parents first, so that the children of a deleted row are found next.

    Returns the number of rows that referred to nothing.
    """
    dropped = 0
    for table in everything():
        for link in table.foreign_keys:
            dropped += count(session, table, check_sql.leads_nowhere(link))
            if link.ondelete == "SET NULL":
                change = update(table).values({link.parent.name: None})
                session.execute(change.where(check_sql.leads_nowhere(link)))
            else:
                session.execute(delete(table).where(check_sql.leads_nowhere(link)))
    return dropped


def _keep_faces_with_their_persons(session: Session) -> int:
    query = select(Face, Person.collection_key).join(Person, Person.key == Face.person_key)
    query = query.where(Face.collection_key != Person.collection_key).order_by(Face.id)
    moved = session.execute(query).all()
    for face, collection_key in moved:
        numbers.move(session, face, collection_key)
    return len(moved)
