"""The table of leases."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base


class HeldLease(Base):
    """A lease by its ``name``: the process that holds it, and how often that has renewed it.

    ``holder`` is null where it was given back.
    """

    __tablename__ = "leases"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(64))
    beat: Mapped[int]
