"""The SQL of the trail, within the session of the caller."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import takewhile
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, select, update
from sqlalchemy import Row as Found
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.acting import Actor
from app.core.db import IN_SQL_ALONE, Base, is_time
from app.core.ids import new_id
from app.core.unreadable import Unreadable
from app.trail import bodies
from app.trail.chain import NO_HASH, Deed, body_of, hash_of
from app.trail.models import Chain, Row

Head = Found[int, str, int, str, str | None]
_BATCH: Final = 1000
_CHAINS: Final = Base.metadata.tables[Chain.__tablename__]
_ROWS: Final = Base.metadata.tables[Row.__tablename__]
_HEAD: Final = select(
    _CHAINS.c.key, _CHAINS.c.id, _CHAINS.c.seq, _CHAINS.c.hash, _CHAINS.c.collection_id
).with_for_update()
_OF_SITE: Final = _HEAD.where(_CHAINS.c.of_site.is_(True))
_OF_COLLECTION: Final = _HEAD.where(_CHAINS.c.collection_key == bindparam("of"))
_OF_KEY: Final = _HEAD.where(_CHAINS.c.key == bindparam("of"))
_APPEND: Final = insert(_ROWS)
_ADVANCE: Final = (
    update(_CHAINS)
    .where(_CHAINS.c.key == bindparam("of"))
    .values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)
"""Built once: building them for each row would cost more than running them."""


class Owner(Protocol):
    """The collection that an action belongs to."""

    @property
    def key(self) -> int:
        """Its internal key."""
        ...

    @property
    def id(self) -> str:
        """Its id."""
        ...


def lock_chain(session: Session, owner: Owner | None, *, now: datetime) -> Head:
    """The head of the chain of ``owner``, or of the site, held until the transaction ends. It is
    begun where there is none.
    """
    query, of = (_OF_SITE, {}) if owner is None else (_OF_COLLECTION, {"of": owner.key})
    found = session.connection().execute(query, of).first()
    if found is None:
        _begin(session, owner, now=now)
        found = session.connection().execute(query, of).one()
    return found


def append(session: Session, chain: Head, deed: Deed) -> int:
    """Add a row to a chain whose head is held; returns its ``seq``."""
    seq: int = chain.seq + 1
    body = body_of(deed, chain=chain.id, seq=seq, prev=chain.hash)
    digest, connection = hash_of(body), session.connection()
    head = {"chain_key": chain.key, "seq": seq, "hash": digest, "body": body}
    connection.execute(_APPEND, head | columns_of(deed))
    connection.execute(_ADVANCE, {"of": chain.key, "new_seq": seq, "new_hash": digest})
    return seq


def columns_of(deed: Deed) -> dict[str, Any]:
    """The values of a deed that rows are looked for by."""
    return {
        "at": deed.at,
        "action": deed.action,
        "object_id": deed.id,
        "person_id": deed.details.get("person"),
        "reason": deed.details.get("reason"),
    }


def _begin(session: Session, owner: Owner | None, *, now: datetime) -> None:
    """Begin a chain, unless another transaction has just done so. The site's chain has a row of
    each other that was begun, so that one which is gone as a whole is missed.
    """
    values: dict[str, Any] = {
        "id": new_id("chain"),
        "collection_key": None if owner is None else owner.key,
        "collection_id": None if owner is None else owner.id,
        "of_site": True if owner is None else None,
        "seq": 0,
        "hash": NO_HASH,
        "kept_after": 0,
        "purged_hash": NO_HASH,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    begun = dialect.insert(Chain).values(values).on_conflict_do_nothing().returning(Chain.key)
    if session.execute(begun).first() is not None and owner is not None:
        deed = Deed(now, Actor(), None, "chain.begun", "chain", values["id"], {"of": owner.id})
        append(session, lock_chain(session, None, now=now), deed)


def collection_key(session: Session, collection: str) -> int | None:
    """The key of the collection of this id; None where there is none."""
    return session.scalar(
        select(Chain.collection_key).where(
            Chain.collection_id == collection, Chain.collection_key.is_not(None)
        )
    )


def chains(session: Session) -> Sequence[Chain]:
    """Every chain, the oldest first."""
    return session.scalars(select(Chain).order_by(Chain.key)).all()


def hold_all(session: Session) -> None:
    """Hold the head of every chain until the transaction ends: no collection is deleted until then,
    and none that is being deleted is taken for one that is there.
    """
    every = select(Chain.key).order_by(Chain.key).with_for_update(read=True)
    session.scalars(every).all()


def heads(session: Session) -> Sequence[Found[Chain, datetime | None]]:
    """Every chain, the oldest first, with the time of its newest row; None where that is gone."""
    head = and_(Row.chain_key == Chain.key, Row.seq == Chain.seq)
    query = select(Chain, Row.at).outerjoin(Row, head).order_by(Chain.key)
    return session.execute(query).all()


def rows_of(session: Session, chain: Chain) -> Iterator[Row]:
    """A chain's rows in their order, some in memory at a time."""
    query = select(Row).where(Row.chain_key == chain.key).order_by(Row.seq, Row.key)
    yield from session.scalars(query.execution_options(yield_per=_BATCH))


def matching(
    collection: str | None,
    start: datetime | None,
    end: datetime | None,
    *,
    only: Collection[int] | None = None,
) -> list[ColumnElement[bool]]:
    """The conditions for rows of a collection, of the time from ``start`` until before ``end``, and
    of the collections with the keys ``only``; None is all.
    """
    conditions = {
        "collection": None if collection is None else Chain.collection_id == collection,
        "start": None if start is None else Row.at >= start,
        "end": None if end is None else Row.at < end,
        "only": None if only is None else Chain.collection_key.in_(only),
    }
    return [each for each in conditions.values() if each is not None]


def listed(session: Session, *wanted: ColumnElement[bool], after: int, limit: int) -> Sequence[Row]:
    """The rows for which ``wanted`` holds, the oldest first."""
    query = select(Row).join(Chain, Chain.key == Row.chain_key).where(Row.key > after, *wanted)
    return session.scalars(query.order_by(Row.key).limit(limit)).all()


def newest_of_site(session: Session, object_id: str, action: str) -> datetime | None:
    """When an action was last done to an object of the whole site, as far as rows are kept."""
    query = select(Row.at).join(Chain, Chain.key == Row.chain_key).where(Chain.of_site.is_(True))
    query = query.where(Row.object_id == object_id, Row.action == action)
    query = query.where(is_time(Row.at)).order_by(Row.at.desc(), Row.key.desc())
    return session.scalar(query.limit(1))


def walk(session: Session, *wanted: ColumnElement[bool]) -> Iterator[Row]:
    """The rows for which ``wanted`` holds, the oldest first, some in memory at a time."""
    query = select(Row).join(Chain, Chain.key == Row.chain_key).where(*wanted).order_by(Row.key)
    yield from session.scalars(query.execution_options(yield_per=_BATCH))


def oldest(session: Session) -> datetime | None:
    """When the oldest row that is kept was written; None where there is none."""
    return session.scalar(select(func.min(Row.at)).where(is_time(Row.at)))


def chains_with_rows_before(session: Session, end: datetime) -> Sequence[int]:
    """The keys of the chains that have a row of before ``end``."""
    return session.scalars(select(Row.chain_key).where(Row.at < end).distinct()).all()


def hold(session: Session, chain_key: int) -> Head:
    """The head of the chain of this key, held until the transaction ends."""
    return session.connection().execute(_OF_KEY, {"of": chain_key}).one()


def purge(session: Session, chain: Head, end: datetime, *, most: int) -> dict[str, Any] | None:
    """Delete the oldest rows of a chain that is held, up to the first that is not of before
    ``end``, and ``most`` at once. One whose time cannot be read goes with the next whose time can
    be. None where none are; else what the row about it says: the last
    that went, its hash, their number, and the chains that were begun by them. So a chain that is
    gone as a whole is missed for as long as there is an audit.
    """
    mine = Row.chain_key == chain.key
    first = select(Row.seq, Row.hash, Row.at).where(mine).order_by(Row.seq).limit(most)
    due = list(takewhile(lambda row: _is_due(row.at, end), session.execute(first).all()))
    while due and not isinstance(due[-1].at, datetime):
        due.pop()
    if not due:
        return None
    last, digest = due[-1].seq, due[-1].hash
    begun = _begun(session, mine, Row.seq <= last)
    gone = delete(Row).where(mine, Row.seq <= last)
    session.execute(gone.execution_options(**IN_SQL_ALONE))
    kept = update(Chain).where(Chain.key == chain.key).values(kept_after=last, purged_hash=digest)
    session.execute(kept.execution_options(**IN_SQL_ALONE))
    said = {"through": last, "hash": digest, "rows": len(due)}
    return said | {"begun": begun} if begun else said


def _is_due(at: datetime | Unreadable, end: datetime) -> bool:
    return isinstance(at, Unreadable) or at < end


def _begun(session: Session, *those: ColumnElement[bool]) -> dict[str, str | None]:
    says = Row.action.in_(("chain.begun", "audit.purged"))
    begun: dict[str, str | None] = {}
    for text in session.scalars(select(Row.body).where(*those, says).order_by(Row.seq)):
        with suppress(ValueError):  # verification has named a row that cannot be read
            begun |= bodies.begun_in(bodies.read(text))
    return begun
