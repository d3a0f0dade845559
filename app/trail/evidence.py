"""Reads the sealed pictures behind rows of the audit, and compares them with those rows."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.trail import bodies, evidence_repository
from app.trail.models import Chain, Row

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Picture:
    """A sealed picture that is kept: the decision that it was made for, the row of the audit
    (``chain``, ``seq``, ``hash``), the SHA-256 of the file that came, and that of its ``sealed``
    form; ``sealed_to`` is the name of the key. ``size`` is in bytes, sealed.
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
    """The pictures behind the rows for which ``wanted`` holds, oldest first. Pictures of rows that
    Kith did not write in this form are left out, and logged.
    """
    for text, digest, place, sealed_to, size in evidence_repository.listed(session, *wanted):
        try:
            body = bodies.read(text)
            yield _picture(body, digest, place, sealed_to, size)
        except (ValueError, LookupError) as error:
            _log.warning("evidence.unreadable", hash=digest, place=place, error=str(error))


def _picture(
    body: Mapping[str, Any], digest: str, place: int, sealed_to: str, size: int
) -> Picture:
    details, probe = body["details"], body["details"]["probe"][place]
    return Picture(
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
    """The sealed bytes; None where they are no longer kept."""
    return evidence_repository.content(session, picture.chain, picture.seq, picture.place)


class PictureCheck:
    """Compares the pictures of one chain with its rows, in their order.

    A later row explains a picture that is gone: its time was over, the person or the whole
    collection was removed, or the chain came from another database. Such a row says how many went,
    and explains no more than these. What is from before ``restored``, when an archive was last
    restored, was left behind there: no archive holds pictures.
    """

    def __init__(self, session: Session, chain: Chain, restored: str) -> None:
        self._session = session
        self._chain = chain
        self._restored = restored
        self._kept = evidence_repository.places(session, chain.key)
        self._gone: dict[int, _Gone] = {}
        self._purged_before = ""

    def row(self, row: Row, body: Mapping[str, Any]) -> Iterator[str]:
        """Everything that is wrong with the pictures of an intact row."""
        details: Mapping[str, Any] = body["details"]
        yield from self._explain(row, details)
        probe = details.get("probe") if row.action == "door.decision" else None
        named = {
            place: each["sealed"] for place, each in enumerate(probe or ()) if "sealed" in each
        }
        kept = self._kept.pop(row.seq, set())
        for place in sorted(kept - set(named)):
            yield f"there is a picture {place} of row {row.seq}, which the row does not name"
        for place in sorted(kept & set(named)):
            picture = evidence_repository.content(self._session, self._chain.id, row.seq, place)
            if hashlib.sha256(picture or b"").hexdigest() != named[place]:
                yield f"picture {place} of row {row.seq} is another than the row names"
        missing = len(set(named) - kept)
        if missing and body["at"] >= self._restored:
            self._gone[row.seq] = _Gone(body["at"], details.get("person"), missing)

    def unexplained(self) -> Iterator[str]:
        """The pictures that are gone without a row that explains it, once all rows were seen."""
        more = sum(each.pictures for each in self._gone.values() if each.at < self._purged_before)
        if more:
            yield f"sealed pictures are missing, {more} more than its rows say were purged"
        for seq, each in self._gone.items():
            if each.at >= self._purged_before:
                yield f"a sealed picture of row {seq} is missing"

    def _explain(self, row: Row, details: Mapping[str, Any]) -> Iterator[str]:
        if row.action == "person.deleted":
            went = details.get("evidence", 0)
            more = self._take(lambda each: each.person == row.object_id, went)
            if more:
                self._gone = {
                    seq: each for seq, each in self._gone.items() if each.person != row.object_id
                }
                yield (
                    f"sealed pictures of the person {row.object_id!r} are missing, {more} more "
                    f"than row {row.seq} says went with them"
                )
        elif row.action == "evidence.purged":
            # The oldest go first, some in one transaction: further rows state the others.
            before = details["before"]
            self._purged_before = max(self._purged_before, before)
            self._take(lambda each: each.at < before, details["pictures"])
        elif row.action in ("collection.deleted", "collection.imported"):
            self._gone.clear()

    def _take(self, explained: Callable[["_Gone"], bool], most: int) -> int:
        """Explain ``most`` missing pictures at the most, of the oldest rows first. Returns how many
        more there are for which ``explained`` holds.
        """
        more = 0
        for seq, each in [item for item in self._gone.items() if explained(item[1])]:
            taken = min(each.pictures, most)
            most -= taken
            more += each.pictures - taken
            if taken == each.pictures:
                del self._gone[seq]
            else:
                self._gone[seq] = replace(each, pictures=each.pictures - taken)
        return more


@dataclass(frozen=True, slots=True)
class _Gone:
    """A row of the time ``at`` about ``person`` had ``pictures`` pictures that are kept no more."""

    at: str
    person: str | None
    pictures: int
