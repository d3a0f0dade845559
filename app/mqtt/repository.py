"""The SQL of the publisher, within the session of the caller."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from app.access.models import Door, DoorHealth, PolicyRevision, Zone
from app.core.db import IN_SQL_ALONE
from app.gallery import models as gallery
from app.mqtt.discovery import AnnouncedDoor
from app.mqtt.models import MqttProgress, MqttRetained
from app.trail import event_repository

_ROW: Final = 1


class Progress(NamedTuple):
    """See ``MqttProgress``."""

    sent: int
    shown: int


def progress(session: Session) -> Progress | None:
    """How far the publisher is; None before it ever was there, and where the row is none that it
    wrote.
    """
    row = session.get(MqttProgress, _ROW)
    if row is None or not all(isinstance(each, int) for each in (row.sent, row.shown)):
        return None
    return Progress(row.sent, row.shown)


def begin(session: Session) -> Progress:
    """Begin after the newest event; another writer must be kept out."""
    newest = event_repository.newest(session)
    session.execute(delete(MqttProgress), execution_options=IN_SQL_ALONE)
    session.execute(insert(MqttProgress).values(key=_ROW, sent=newest, shown=newest))
    return Progress(newest, newest)


def advance(session: Session, before: Progress, after: Progress) -> bool:
    """Set the progress if it still is ``before``; returns whether it was."""
    same = MqttProgress.sent == before.sent, MqttProgress.shown == before.shown
    changed = update(MqttProgress).where(*same).values(sent=after.sent, shown=after.shown)
    done = session.execute(changed.returning(MqttProgress.key), execution_options=IN_SQL_ALONE)
    return len(done.all()) == 1


def policy_revisions(session: Session) -> Sequence[Row[int, int]]:
    """The revisions of all policies: one changes whenever a door does."""
    columns = PolicyRevision.collection_key, PolicyRevision.revision
    return session.execute(select(*columns).order_by(PolicyRevision.collection_key)).all()


def health(session: Session) -> Sequence[Row[int, str | None]]:
    """The states of all doors whose clients report, as their last events say."""
    columns = DoorHealth.door_key, DoorHealth.published
    return session.execute(select(*columns).order_by(DoorHealth.door_key)).all()


def doors(session: Session) -> list[AnnouncedDoor]:
    """Every door, with its zone."""
    query = (
        select(
            gallery.Collection.id.label("collection"),
            Door.id.label("id"),
            Door.name.label("name"),
            Door.mode,
            Door.direction,
            Door.enabled,
            Door.locked_down,
            Zone.id.label("zone"),
            Zone.name.label("zone_name"),
            Zone.locked_down.label("zone_locked_down"),
            DoorHealth.published.label("health"),
        )
        .join(gallery.Collection, gallery.Collection.key == Door.collection_key)
        .outerjoin(Zone, Zone.key == Door.zone_key)
        .outerjoin(DoorHealth, DoorHealth.door_key == Door.key)
        .order_by(Door.key)
    )
    return [
        AnnouncedDoor(
            collection=row.collection,
            id=row.id,
            name=row.name,
            area=row.zone_name or row.zone,
            mode=row.mode,
            direction=row.direction,
            enabled=row.enabled,
            locked_down=row.locked_down or bool(row.zone_locked_down),
            health=row.health or "unknown",
        )
        for row in session.execute(query)
    ]


def retained(session: Session) -> set[str]:
    """Every topic on which the broker may hold a message of this Kith."""
    return set(session.scalars(select(MqttRetained.topic)))


def remember(session: Session, topics: Collection[str]) -> None:
    """The broker is about to hold messages on these topics."""
    session.execute(insert(MqttRetained), [{"topic": each} for each in sorted(topics)])


def forget(session: Session, topics: Collection[str]) -> None:
    """The broker holds nothing on these topics any more."""
    gone = delete(MqttRetained).where(MqttRetained.topic.in_(topics))
    session.execute(gone, execution_options=IN_SQL_ALONE)
