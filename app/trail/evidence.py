"""The sealed pictures behind rows of the audit: which there are, and whether they are the ones that
the rows name.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.trail import evidence_repository
from app.trail.models import Chain, Row


@dataclass(frozen=True, slots=True)
class Picture:
    """A sealed picture that is kept: the decision that it was made for, the row of the audit
    (``chain``, ``seq``, ``hash``), the SHA-256 of the file that came, and of what it was
    ``sealed`` to, by the key of the name ``sealed_to``. ``size`` is in bytes, sealed.
    """

    at: str
    collection: str | None
    door: str
    decision: str
    reason: str
    person: str | None
    event_id: str
    chain: str
    seq: int
    hash: str
    place: int
    sha256: str
    sealed: str
    sealed_to: str
    size: int


def pictures(session: Session, *wanted: ColumnElement[bool]) -> Iterator[Picture]:
    """The pictures behind the rows for which ``wanted`` holds, the oldest first."""
    for text, digest, place, sealed_to, size in evidence_repository.listed(session, *wanted):
        body: Mapping[str, Any] = json.loads(text)
        details, probe = body["details"], body["details"]["probe"][place]
        yield Picture(
            at=body["at"],
            collection=body["collection"],
            door=body["object"]["id"],
            decision=details["decision"],
            reason=details["reason"],
            person=details["person"],
            event_id=details["event_id"],
            chain=body["chain"],
            seq=body["seq"],
            hash=digest,
            place=place,
            sha256=probe["sha256"],
            sealed=probe["sealed"],
            sealed_to=sealed_to,
            size=size,
        )


def content_of(session: Session, picture: Picture) -> bytes | None:
    """The sealed bytes; None where they went since."""
    return evidence_repository.content(session, picture.chain, picture.seq, picture.place)


class PictureCheck:
    """Holds the pictures of one chain against its rows, in their order.

    A picture that is gone is explained by a later row: that its time was over, that the person was
    removed or the whole collection, or that the chain came from another database. ``unexplained``
    are the others, as ``seq`` and time of their row.
    """

    def __init__(self, session: Session, chain: Chain) -> None:
        self._session = session
        self._chain = chain
        self._kept = evidence_repository.places(session, chain.key)
        self._gone: dict[int, tuple[str, str | None]] = {}

    def row(self, row: Row, body: Mapping[str, Any]) -> Iterator[str]:
        """Everything that is wrong with the pictures of an intact row."""
        details: Mapping[str, Any] = body["details"]
        self._explain(row, details)
        named = {
            place: each["sealed"]
            for place, each in enumerate(details.get("probe") or ())
            if "sealed" in each
        }
        kept = self._kept.pop(row.seq, set())
        for place in sorted(kept - set(named)):
            yield f"there is a picture {place} of row {row.seq}, which the row does not name"
        for place in sorted(kept & set(named)):
            picture = evidence_repository.content(self._session, self._chain.id, row.seq, place)
            if hashlib.sha256(picture or b"").hexdigest() != named[place]:
                yield f"picture {place} of row {row.seq} is another than the row names"
        if set(named) - kept:
            self._gone[row.seq] = body["at"], details.get("person")

    def unexplained(self) -> Iterator[tuple[int, str]]:
        """Those that are gone for no reason that a row states."""
        for seq, (at, _) in self._gone.items():
            yield seq, at

    def _explain(self, row: Row, details: Mapping[str, Any]) -> None:
        if row.action == "person.deleted":
            self._drop(lambda _, person: person == row.object_id)
        elif row.action == "evidence.purged":
            self._drop(lambda at, _: at < details["before"])
        elif row.action in ("collection.deleted", "collection.imported"):
            self._gone.clear()

    def _drop(self, explained: Callable[[str, str | None], bool]) -> None:
        self._gone = {seq: gone for seq, gone in self._gone.items() if not explained(*gone)}
