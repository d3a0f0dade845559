"""Verifies chains: whether a row was changed, removed, put in or moved since it was written.

A chain by itself proves that nobody who could not compute hashes has touched it. An *anchor*, the
head of a chain at some time that is kept somewhere else, proves it against everybody who can.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain as chained
from typing import Any

from sqlalchemy.orm import Session

from app.trail import bodies, evidence_repository, repository
from app.trail.anchors import Anchor, purged_early
from app.trail.chain import NO_HASH, hash_of, written
from app.trail.evidence import PictureCheck
from app.trail.models import Chain, Row


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a chain: ``what`` is wrong with it; ``collection`` is None for the site's own, and
    where nothing is left that says whose it was.
    """

    chain: str
    collection: str | None
    what: str
    of_site: bool = False


def faults(
    session: Session, known: Sequence[Anchor] = (), *, kept_since: datetime | None = None
) -> Iterator[Fault]:
    """Everything that is wrong with the chains, by themselves and against ``known`` anchors.

    Rows of ``kept_since`` and later are still to be there. None: it is not known which.
    """
    found = repository.chains(session)
    there = {each.id for each in found}
    begun: dict[str, str | None] = {}
    restored = evidence_repository.restored_at(session)
    for chain in found:
        mine = [each for each in known if each.chain == chain.id]
        walk = _Walk(session, chain, mine, begun, PictureCheck(session, chain, restored))
        for what in chained(walk.faults(), purged_early(chain, mine, kept_since)):
            yield Fault(chain.id, chain.collection_id, what, of_site=bool(chain.of_site))
    for missing in sorted({*begun, *(each.chain for each in known)} - there):
        yield Fault(missing, begun.get(missing), "the whole chain is missing")


class _Walk:
    """Walks along one chain. It adds the chains whose beginning it passes to ``begun``, by id, with
    the collection of each, and compares hashes with ``anchors``: those of one ``seq`` may differ.
    """

    def __init__(
        self,
        session: Session,
        chain: Chain,
        anchors: Sequence[Anchor],
        begun: dict[str, str | None],
        pictures: PictureCheck,
    ) -> None:
        self._session = session
        self._chain = chain
        self._anchors = defaultdict[int, set[str]](set)
        for each in anchors:
            self._anchors[each.seq].add(each.hash)
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
        if not self._anchors.get(row.seq, set()) <= {row.hash}:
            yield f"row {row.seq} is another than its anchor says"
        yield from self._pictures.row(row, body)
        if row.action == "audit.purged":
            self._purged = details["through"], details["hash"]
        self._begun.update(bodies.begun_in(body))


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
        written(row.at) if isinstance(row.at, datetime) else None,
        row.action,
        row.object_id,
        row.person_id,
        row.reason,
    )
