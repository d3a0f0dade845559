"""Switches a collection from one contract to another, and back, by exchanging templates.

Each collection is one transaction. The old templates are kept under their contract, so a switch to
it restores them. Reports and counts belong to a contract: those of the old one hold again after its
return. Unknown probes are deleted, because nothing can be compared with them any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE, Database
from app.errors import Conflict
from app.feedback.models import Probe
from app.feedback.repository import count_false_positives, ensure_probe_counts, verdicts
from app.gallery import repository
from app.gallery.models import Collection, Face, OtherTemplate
from app.maintenance import staged_templates
from app.maintenance.recorded import record_command
from app.replication.history import begin_epoch


@dataclass(frozen=True, slots=True)
class Switched:
    """The result of a switch: the contract before, the number of faces, of "not them" reports that
    wait for a return and that hold again, and of deleted probes.
    """

    collection_key: int
    collection_id: str
    before: str
    faces: int
    waiting: int
    again: int
    probes: int


def ready(database: Database, names: Sequence[str], contract_id: str) -> list[str]:
    """The ids of the collections to switch: these, or all that are of another contract.

    ``Conflict`` where a face of one has no template under the contract.
    """
    with database.read(long_running=True) as session:
        chosen = staged_templates.candidates(session, contract_id, names)
        for owner in chosen:
            _check_complete(session, owner, contract_id)
    return [owner.id for owner in chosen]


def switch(database: Database, collection_id: str, contract_id: str, *, now: datetime) -> Switched:
    """Make ``contract_id`` the collection's, in one transaction: no reader sees a mixture.

    ``Conflict`` where it is so already, or a face has no template under it.
    """
    with database.write(long_running=True) as session:
        owner = repository.lock_collection(session, collection_id)
        if owner.contract_id == contract_id:
            raise staged_templates.nothing_to_do(collection_id, contract_id)
        _check_complete(session, owner, contract_id)
        before = owner.contract_id
        _swap_templates(session, owner, contract_id)
        ensure_probe_counts(session, owner.key, contract_id)
        owner.contract_id = contract_id
        owner.updated_at = now
        begin_epoch(session, owner.key)
        count_false_positives(session, owner.key, contract_id)
        done = Switched(
            collection_key=owner.key,
            collection_id=owner.id,
            before=before,
            faces=repository.counts(session, [owner.key])[owner.key][1],
            waiting=verdicts(session, owner.key, before).get("not_them", 0),
            again=verdicts(session, owner.key, contract_id).get("not_them", 0),
            probes=_forget_probes(session, owner),
        )
        named = {"before": before, "contract": contract_id, "faces": done.faces}
        record_command(session, owner, "collection.switched", **named)
        return done


def drop(database: Database, names: Sequence[str], contract_id: str | None) -> dict[str, int]:
    """Delete the templates not in use, of this contract or of all; their number by collection."""
    dropped = {}
    with database.read() as session:
        every = session.scalars(select(Collection.id).order_by(Collection.key)).all()
    for name in names or every:
        with database.write(long_running=True) as session:
            owner = repository.lock_collection(session, name)
            theirs = staged_templates.other_templates(owner, contract_id)
            dropped[name] = _count(session, theirs)
            session.execute(delete(OtherTemplate).where(theirs).execution_options(**IN_SQL_ALONE))
            gone = {"contract": contract_id, "templates": dropped[name]}
            record_command(session, owner, "templates.dropped", **gone)
    return dropped


def _check_complete(session: Session, owner: Collection, contract_id: str) -> None:
    if missing := staged_templates.count_due(session, owner, contract_id):
        raise Conflict(
            f"{missing:,} faces of the collection {owner.id!r} have no embedding under "
            f"{contract_id} yet, so it was not switched; run this again without --switch first."
        )


def _swap_templates(session: Session, owner: Collection, contract_id: str) -> None:
    """Exchange every face's template in use with the one kept for the contract."""
    mine = Face.collection_key == owner.key
    now = select(Face.id, literal(owner.contract_id), Face.embedding).where(mine)
    columns = ["face_id", "contract_id", "embedding"]
    session.execute(insert(OtherTemplate).from_select(columns, now))
    other = select(OtherTemplate.embedding).where(
        OtherTemplate.face_id == Face.id, OtherTemplate.contract_id == contract_id
    )
    session.execute(
        update(Face)
        .where(mine)
        .values(embedding=other.scalar_subquery(), contract_id=contract_id)
        .execution_options(**IN_SQL_ALONE)
    )
    taken = staged_templates.other_templates(owner, contract_id)
    session.execute(delete(OtherTemplate).where(taken).execution_options(**IN_SQL_ALONE))


def _forget_probes(session: Session, owner: Collection) -> int:
    """Delete the unknown probes; returns their number."""
    mine = Probe.collection_key == owner.key
    probes = _count(session, mine)
    session.execute(delete(Probe).where(mine).execution_options(**IN_SQL_ALONE))
    return probes


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(which)) or 0
