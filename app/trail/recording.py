"""Records what happened, in the transaction that does it."""

from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core.acting import ACTOR
from app.trail import repository
from app.trail.chain import Deed
from app.trail.repository import Owner

_UNLOGGED: Final = "deeds to log at the commit"
_log = structlog.get_logger()


def record(
    session: Session,
    owner: Owner | None,
    action: str,
    on: tuple[str, str],
    *,
    now: datetime,
    **details: Any,  # noqa: ANN401 - any JSON value
) -> int:
    """Add a row to the chain of ``owner``, or of the site where that is None; returns its ``seq``.

    ``on`` is the kind and the id of the object of the action. ``details`` are what ``Deed`` may
    have. The chain is locked until the transaction ends, so this comes last in it. When it commits,
    the action is logged.
    """
    deed = Deed(now, ACTOR.get(), owner.id if owner else None, action, *on, details)
    seq = repository.append(session, repository.lock_chain(session, owner, now=now), deed)
    _log_at_commit(session, deed)
    return seq


def _log_at_commit(session: Session, deed: Deed) -> None:
    waiting = session.info.setdefault(_UNLOGGED, [])
    if not waiting:
        event.listen(session, "after_commit", _log_all, once=True)
    waiting.append(deed)


def _log_all(session: Session) -> None:
    for deed in session.info.pop(_UNLOGGED, []):
        where = {"collection": deed.collection} if deed.collection else {}
        _log.info(deed.action, **(where | {deed.kind: deed.id} | dict(deed.details)))
