"""The SQL of sealed pictures, within the session of the caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy import Row as Found
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE, Base, is_time
from app.core.sealing import Box
from app.trail.chain import written
from app.trail.models import Chain, Evidence, Row

_TABLE: Final = Base.metadata.tables[Evidence.__tablename__]
_APPEND: Final = insert(_TABLE)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed picture at ``place`` of a row's ``probe``, which shows a person."""

    place: int
    person_key: int
    box: Box


def append(
    session: Session, pictures: Sequence[Sealed], *, chain_key: int, seq: int, at: datetime
) -> None:
    """Keep the pictures of a row that was just added."""
    rows = [
        {
            "chain_key": chain_key,
            "seq": seq,
            "place": each.place,
            "person_key": each.person_key,
            "at": at,
            "sealed_to": each.box.to,
            "sealed": each.box.content,
        }
        for each in pictures
    ]
    session.connection().execute(_APPEND, rows)


def places(session: Session, chain_key: int) -> dict[int, set[int]]:
    """The places of the pictures that are kept of a chain, by the ``seq`` of their row."""
    query = select(Evidence.seq, Evidence.place).where(Evidence.chain_key == chain_key)
    found: dict[int, set[int]] = {}
    for seq, place in session.execute(query):
        found.setdefault(seq, set()).add(place)
    return found


def count_of_person(session: Session, person_key: int) -> int:
    """How many pictures of a person are kept."""
    query = select(func.count()).select_from(Evidence).where(Evidence.person_key == person_key)
    return session.scalar(query) or 0


def listed(
    session: Session, *wanted: ColumnElement[bool]
) -> Iterator[Found[str, str, int, str, int]]:
    """Body and hash of the rows for which ``wanted`` holds, with place, key's name and size in
    bytes of each picture that is kept, the oldest first.
    """
    size = func.length(Evidence.sealed)
    query = (
        select(Row.body, Row.hash, Evidence.place, Evidence.sealed_to, size)
        .join(Row, (Row.chain_key == Evidence.chain_key) & (Row.seq == Evidence.seq))
        .join(Chain, Chain.key == Row.chain_key)
        .where(*wanted)
        .order_by(Row.key, Evidence.place)
    )
    yield from session.execute(query.execution_options(yield_per=1000))


def content(session: Session, chain: str, seq: int, place: int) -> bytes | None:
    """A sealed picture, by the id of its chain; None where it is not kept."""
    query = select(Evidence.sealed).join(Chain, Chain.key == Evidence.chain_key)
    return session.scalar(
        query.where(Chain.id == chain, Evidence.seq == seq, Evidence.place == place)
    )


def oldest(session: Session) -> datetime | None:
    """When the oldest picture that is kept was taken in; None where there is none."""
    return session.scalar(select(func.min(Evidence.at)).where(is_time(Evidence.at)))


def chains_with_pictures_before(session: Session, end: datetime) -> Sequence[int]:
    """The keys of the chains that have a picture of before ``end``."""
    return session.scalars(select(Evidence.chain_key).where(Evidence.at < end).distinct()).all()


def purge(session: Session, chain_key: int, end: datetime, *, most: int) -> int:
    """Delete ``most`` pictures of a chain from before ``end``, the oldest; returns how many."""
    mine = Evidence.chain_key == chain_key, Evidence.at < end
    due: Any = select(Evidence.seq, Evidence.place).where(*mine).order_by(Evidence.seq).limit(most)
    found = session.execute(due).all()
    for seq, place in found:
        one = delete(Evidence).where(*mine, Evidence.seq == seq, Evidence.place == place)
        session.execute(one.execution_options(**IN_SQL_ALONE))
    return len(found)


def restored_at(session: Session) -> str:
    """When the database was last restored from an archive, as rows have it; empty where it was
    not. No archive holds pictures.
    """
    restored = Row.action == "database.restored", is_time(Row.at)
    at = session.scalar(select(func.max(Row.at)).where(*restored))
    return "" if at is None else written(at)


def names_pictures(session: Session) -> bool:
    """Whether any row of the audit names a sealed picture, kept or not."""
    found = select(Row.key).where(Row.body.contains('"sealed":"')).limit(1)
    return session.scalar(found) is not None
