"""Anchors: the heads of all chains at one time, to be kept where the database's administrators
cannot change them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import AwareDatetime
from sqlalchemy.orm import Session

from app.trail import repository
from app.trail.chain import written
from app.trail.events import Draft, source_in
from app.trail.models import Chain
from app.trail.recording import OwnerThen, publish


@dataclass(frozen=True, slots=True)
class Anchor:
    """The ``hash`` of the row ``seq`` of a chain. ``at`` is the time of that row; None where the
    chain had no row or none with a time, and in anchors of releases that did not write it.
    """

    chain: str
    seq: int
    hash: str
    at: AwareDatetime | None = None


def anchors(session: Session) -> list[Anchor]:
    """The head of every chain."""
    return [_anchor(each, at) for each, at in repository.heads(session)]


def anchor_line(at: datetime, found: Sequence[Anchor]) -> str:
    """The anchors of one moment as one line of JSON, which ``--against`` reads."""
    lines = [asdict(each) | {"at": each.at and written(each.at)} for each in found]
    return json.dumps({"at": written(at), "anchors": lines})


def publish_anchors(session: Session, *, now: datetime) -> list[Anchor]:
    """The head of every chain. Each becomes an event too, so that systems elsewhere keep it."""
    repository.hold_all(session)
    found = []
    for each, at in repository.heads(session):
        owner = None
        if each.collection_key is not None and each.collection_id is not None:
            owner = OwnerThen(each.collection_key, each.collection_id)
        found.append(_anchor(each, at))
        data = {"collection_id": each.collection_id, **asdict(found[-1])}
        source = source_in(each.collection_id)
        publish(session, owner, Draft("audit.anchor", source, each.id, now, data))
    return found


def purged_early(
    chain: Chain, known: Sequence[Anchor], kept_since: datetime | None
) -> Iterator[str]:
    """The rows that anchors name and that are gone as if they had been purged for their age.
    Otherwise anybody could delete all rows up to any one, and write a row that says that they were
    purged.
    """
    for each in sorted(known, key=lambda anchor: anchor.seq):
        if each.seq == chain.kept_after > 0 and each.hash != chain.purged_hash:
            yield f"row {each.seq} was another than its anchor says"
        if not 0 < each.seq <= chain.kept_after or kept_since is None or each.at is None:
            continue
        if each.at >= kept_since:
            yield f"row {each.seq}, which an anchor names, was purged before its time"


def _anchor(chain: Chain, at: datetime | None) -> Anchor:
    return Anchor(chain.id, chain.seq, chain.hash, at if isinstance(at, datetime) else None)
