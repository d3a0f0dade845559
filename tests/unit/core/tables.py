"""A table to write to."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from app.auth.models import ApiKey
from app.core.db import Database

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def row(name: str, created_at: datetime = NOW) -> ApiKey:
    return ApiKey(id=name, sha256=name, scopes=["admin"], created_at=created_at)


def add(database: Database, name: str) -> None:
    with database.write() as session:
        session.add(row(name))


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(ApiKey)) or 0
