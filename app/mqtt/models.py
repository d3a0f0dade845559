"""The tables of the publisher: how far it is, and the retained messages that it has left."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base


class MqttProgress(Base):
    """One row. The broker has every event up to the position ``sent``, and ``shown`` is the last
    whose flat twin may have been sent, which is never sent again.
    """

    __tablename__ = "mqtt_progress"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sent: Mapped[int]
    shown: Mapped[int]


class MqttRetained(Base):
    """A topic on which the broker may hold a message of this Kith."""

    __tablename__ = "mqtt_retained"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    topic: Mapped[str] = mapped_column(String(512), primary_key=True)
