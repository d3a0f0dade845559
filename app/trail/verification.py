"""Verifies chains: whether a row was changed, removed, put in or moved since it was written.

A chain by itself proves that nobody who could not compute hashes has touched it. An *anchor*, the
head of a chain at some time that is kept somewhere else, proves it against everybody who can.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.trail import bodies, evidence_repository, repository
from app.trail.chain import NO_HASH, hash_of, written
from app.trail.events import Draft, source_in
from app.trail.evidence import PictureCheck
from app.trail.models import Chain, Row
from app.trail.recording import OwnerThen, publish


@dataclass(frozen=True, slots=True)
class Anchor:
    """The ``hash`` that the row ``seq`` of a chain had."""

    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a chain: ``what`` is wrong with it; ``collection`` is None for the site's own, and
    where nothing is left that says whose it was.
    """

    chain: str
    collection: str | None
    what: str
    of_site: bool = False


def anchors(session: Session) -> list[Anchor]:
    """The head of every chain."""
    return [Anchor(each.id, each.seq, each.hash) for each in repository.chains(session)]


def anchor_line(at: datetime, found: Sequence[Anchor]) -> str:
    """The anchors of a moment as one line of JSON, which ``--against`` reads again."""
    return json.dumps({"at": written(at), "anchors": [asdict(each) for each in found]})


def publish_anchors(session: Session, *, now: datetime) -> list[Anchor]:
    """The head of every chain; each is an event too, so that systems elsewhere have it."""
    for each in repository.chains(session):
        head = {"chain": each.id, "seq": each.seq, "hash": each.hash}
        owner = None
        if each.collection_key is not None and each.collection_id is not None:
            owner = OwnerThen(each.collection_key, each.collection_id)
        data = {"collection_id": each.collection_id, **head}
        publish(
            session, owner, Draft("audit.anchor", source_in(each.collection_id), each.id, now, data)
        )
    return anchors(session)


def faults(session: Session, known: Sequence[Anchor] = ()) -> Iterator[Fault]:
    """Everything that is wrong with the chains, by themselves and against ``known`` anchors."""
    found = repository.chains(session)
    there = {each.id for each in found}
    begun: dict[str, str | None] = {}
    restored = evidence_repository.restored_at(session)
    for chain in found:
        mine = {each.seq: each.hash for each in known if each.chain == chain.id}
        pictures = PictureCheck(session, chain, restored)
        for what in _Walk(session, chain, mine, begun, pictures).faults():
            yield Fault(chain.id, chain.collection_id, what, of_site=bool(chain.of_site))
    for missing in sorted({*begun, *(each.chain for each in known)} - there):
        yield Fault(missing, begun.get(missing), "the whole chain is missing")


class _Walk:
    """Walks along one chain. It adds the chains whose beginning it passes to ``begun``, by id, with
    the collection of each, and compares hashes with ``anchors``, by ``seq``.
    """

    def __init__(
        self,
        session: Session,
        chain: Chain,
        anchors: Mapping[int, str],
        begun: dict[str, str | None],
        pictures: PictureCheck,
    ) -> None:
        self._session = session
        self._chain = chain
        self._anchors = anchors
        self._begun = begun
        self._seq, self._hash = chain.kept_after, chain.purged_hash
        self._purged: tuple[int, str] = (0, NO_HASH)
        self._pictures = pictures

    def faults(self) -> Iterator[str]:
        """Everything that is wrong with the chain, in the order of its rows."""
        chain = self._chain
        if (chain.kept_after == 0) != (chain.purged_hash == NO_HASH):
            yield "its record of what was purged was changed"
        for row in repository.rows_of(self._session, chain):
            yield from self._gap(row.seq)
            yield from self._row(row)
            self._seq, self._hash = row.seq, row.hash
        if (self._seq, self._hash) != (chain.seq, chain.hash):
            yield from self._gap(chain.seq + 1)
            yield f"row {chain.seq} is not the head that the chain states"
        if self._purged != (chain.kept_after, chain.purged_hash):
            yield f"its rows do not say that those up to {chain.kept_after} were purged"
        for seq in sorted(self._anchors):
            if seq > chain.seq:
                yield f"row {seq}, which an anchor names, is missing"
        yield from self._pictures.unexplained()

    def _gap(self, seq: int) -> Iterator[str]:
        first, last = self._seq + 1, seq - 1
        if first < last:
            yield f"rows {first} to {last} are missing"
        elif first == last:
            yield f"row {first} is missing"

    def _row(self, row: Row) -> Iterator[str]:
        if hash_of(row.body) != row.hash:
            yield f"row {row.seq} was changed"
            return
        try:
            body = bodies.read(row.body)
        except ValueError as error:
            yield f"row {row.seq} is none that Kith writes ({error})"
            return
        if not _repeats(row, self._chain, body):
            yield f"row {row.seq} was changed"
            return
        details = body["details"]
        if body["prev"] != self._hash:
            yield f"row {row.seq} does not follow row {row.seq - 1}: one of them was replaced"
        if self._anchors.get(row.seq, row.hash) != row.hash:
            yield f"row {row.seq} is another than its anchor says"
        yield from self._pictures.row(row, body)
        if row.action == "audit.purged":
            self._purged = details["through"], details["hash"]
        if row.action == "chain.begun":
            self._begun[row.object_id] = details["of"]


def _repeats(row: Row, chain: Chain, body: Mapping[str, Any]) -> bool:
    """Whether the columns of a row say what its body says."""
    details = body["details"]
    said = (
        body["chain"],
        body["seq"],
        body["collection"],
        body["at"],
        body["action"],
        body["object"]["id"],
        details.get("person"),
        details.get("reason"),
    )
    return said == (
        chain.id,
        row.seq,
        chain.collection_id,
        written(row.at),
        row.action,
        row.object_id,
        row.person_id,
        row.reason,
    )
