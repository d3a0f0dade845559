"""The SQL of events, within the session of the caller."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE, Base, is_time
from app.trail.models import Event, EventCounter

ALL: Final = ""
"""The counter of all events."""


def _counting(dialect: Any, *rows: Select[str, int]) -> Any:  # noqa: ANN401 - they share no class
    """Built once: SQLAlchemy caches the compiled SQL of an insert whose rows are parameters, and
    would compile one that holds its values again for each event.
    """
    table = EventCounter.__table__
    added = dialect.insert(table).from_select(["source", "value"], union_all(*rows))
    counted = added.on_conflict_do_update(
        index_elements=["source"], set_={"value": table.c.value + added.excluded.value}
    )
    return counted.returning(table.c.source, table.c.value)


_SOURCES: Final = EventCounter.__table__.c.source.type
_VALUES: Final = EventCounter.__table__.c.value.type
_SOURCE: Final = select(bindparam("of", type_=_SOURCES), bindparam("by", type_=_VALUES))
_TOTAL: Final = select(literal(ALL), bindparam("total", type_=_VALUES))
_COUNT: Final = {
    "postgresql": _counting(postgresql, _SOURCE),
    "sqlite": _counting(sqlite, _SOURCE),
}
_COUNT_LAST: Final = {
    "postgresql": _counting(postgresql, _SOURCE, _TOTAL),
    "sqlite": _counting(sqlite, _SOURCE, _TOTAL),
}
_APPEND: Final = insert(Base.metadata.tables[Event.__tablename__])
"""Built once: building them for each event would cost more than running them."""


@dataclass(frozen=True, slots=True)
class Purged:
    """An event that was deleted because of its age."""

    position: int
    collection_key: int | None
    type: str
    source: str


def count(session: Session, source: str, number: int) -> int:
    """The number of the first of the next ``number`` events of a source; its counter is held until
    the transaction ends.
    """
    connection = session.connection()
    wanted = {"of": source, "by": number}
    counted = connection.execute(_COUNT[connection.dialect.name], wanted)
    return int(counted.one().value) - number + 1


def count_last(session: Session, source: str, number: int, total: int) -> tuple[int, int]:
    """The same for the last source of a transaction, and the position of the first of its ``total``
    events among all: one statement, which holds the counter of all last.
    """
    connection = session.connection()
    wanted = {"of": source, "by": number, "total": total}
    counted = connection.execute(_COUNT_LAST[connection.dialect.name], wanted)
    values = {row.source: row.value for row in counted}
    return values[source] - number + 1, values[ALL] - total + 1


def append(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add events, by their columns."""
    session.connection().execute(_APPEND, rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of the collections with the keys ``only``, where None is all; with ``of_site``
    also of what belongs to no collection; of these ``types`` and of this ``source``, where None is
    any.
    """

    only: Collection[int] | None = None
    of_site: bool = True
    types: Collection[str] | None = None
    source: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        conditions = {
            "only": None if self.only is None else Event.collection_key.in_(self.only),
            "of_site": None if self.of_site or self.only is not None else Event.of_site.is_(False),
            "types": None if self.types is None else Event.type.in_(self.types),
            "source": None if self.source is None else Event.source == self.source,
        }
        return [each for each in conditions.values() if each is not None]


def position_of(session: Session, event_id: str, only: Collection[int] | None) -> int | None:
    """The position of an event that the caller may see; None where it is not kept."""
    which = Event.id == event_id, *Wanted(only).conditions()
    return session.scalar(select(Event.position).where(*which))


def newest_id(session: Session, only: Collection[int] | None, *, of_site: bool) -> str | None:
    """The id of the newest event that the caller may see; None where there is none."""
    query = select(Event.id).where(*Wanted(only, of_site=of_site).conditions())
    return session.scalar(query.order_by(Event.position.desc()).limit(1))


def following(
    session: Session, position: int, wanted: Wanted, *, limit: int
) -> Sequence[Row[int, str, str, str]]:
    """Position, id, type and body of the events after ``position`` that are wanted, in order."""
    query = select(Event.position, Event.id, Event.type, Event.body).where(
        Event.position > position, *wanted.conditions()
    )
    return session.execute(query.order_by(Event.position).limit(limit)).all()


def after(session: Session, position: int, *, limit: int) -> Sequence[Row[int, str]]:
    """Position and body of the events after ``position``, in their order, of all collections."""
    query = select(Event.position, Event.body).where(Event.position > position)
    return session.execute(query.order_by(Event.position).limit(limit)).all()


def oldest_after(session: Session, position: int) -> datetime | None:
    """When the first event after ``position`` happened; None where there is none."""
    query = select(Event.at).where(Event.position > position, is_time(Event.at))
    return session.scalar(query.order_by(Event.position).limit(1))


def newest(session: Session) -> int:
    """The position of the newest event, which may be gone already; 0 before the first."""
    query = select(EventCounter.value).where(EventCounter.source == ALL)
    return session.scalar(query) or 0


def oldest(session: Session) -> datetime | None:
    """When the oldest event that is kept happened; None where there is none."""
    return session.scalar(select(func.min(Event.at)).where(is_time(Event.at)))


def is_due(session: Session, end: datetime) -> bool:
    """Whether any event is of before ``end``."""
    return bool(session.scalar(select(exists().where(Event.at < end))))


def purge(session: Session, end: datetime, *, most: int) -> list[Purged]:
    """Delete ``most`` events of before ``end``, the oldest; returns which."""
    due = select(Event.position).where(Event.at < end).order_by(Event.at).limit(most)
    gone = delete(Event).where(Event.position.in_(due))
    purged = gone.returning(Event.position, Event.collection_key, Event.type, Event.source)
    return [Purged(*row) for row in session.execute(purged.execution_options(**IN_SQL_ALONE))]
