"""Keys as they are stored: hashed. The key itself is shown once, when it is made. So are the
sessions of the console.
"""

import secrets
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base


class ApiKey(Base):
    """A key's SHA-256 and what it allows.

    ``collections`` are the ids that it was bound to when it was made; None: it is unbound.
    ``collection_keys`` are the internal keys of those collections, which are never used again: a
    collection that is made later under the same id is another one. ``door_keys`` are the internal
    keys of doors; None: the key has not the scope ``door``. ``rate`` is in requests a minute.
    ``unknown`` is as ``Principal`` has it. ``last_used_at`` is written once a minute at most.
    ``cursor_secret`` seals the cursors that the key is given.
    """

    __tablename__ = "api_keys"
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(String(256))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    collections: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    collection_keys: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    door_keys: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    rate: Mapped[int | None]
    unknown: Mapped[str | None] = mapped_column(String(8))
    cursor_secret: Mapped[str | None] = mapped_column(
        String(32), default=lambda: secrets.token_hex(16)
    )
    created_at: Mapped[datetime]


class ConsoleSession(Base):
    """A browser that is signed in to the console, by the SHA-256 of its token.

    It goes with its key. ``api_key`` is null for the operator's own key, which has no row; then
    ``proof`` is the mark of that key under the token, so that another key in its place ends it.
    ``seen_at`` is written once a minute at most.
    """

    __tablename__ = "console_sessions"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    api_key: Mapped[int | None] = mapped_column(
        ForeignKey("api_keys.key", ondelete="CASCADE"), index=True
    )
    proof: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
