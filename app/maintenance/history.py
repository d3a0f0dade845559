"""A collection's history ends here: whoever followed it reads the collection from SQL again."""

import secrets

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.gallery.models import Collection
from app.replication.history import Change


def begin_anew(session: Session, collection: Collection) -> None:
    """Another epoch and an empty log, so that no replica and no snapshot goes on from before."""
    mine = Change.collection_key == collection.key
    last = session.scalar(select(func.max(Change.revision)).where(mine)) or 0
    session.execute(delete(Change).where(mine))
    collection.epoch = secrets.token_hex(16)
    collection.revision = max(collection.revision, last)
    collection.log_since = collection.revision
