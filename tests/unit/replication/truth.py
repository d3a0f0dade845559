"""A database of one collection in memory, and what a replica of it finds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from app.decision.fusion import Fused
from app.decision.rates import GallerySize
from app.index.base import Keys, VectorIndex, Vectors
from app.index.reference import ReferenceIndex
from app.replication.deltas import ChangeFeed, CollectionPosition, Delta
from app.replication.replica import CollectionReplica
from app.replication.snapshot import Snapshots
from app.replication.validity import ALWAYS, FOREVER

DIMENSION = 3
COLLECTION = 7
EPOCH = "first"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
PROBE = np.array([[1, 0, 0]], np.float32)


@dataclass(frozen=True)
class Named:
    """A payload."""

    id: str


class Truth:
    """A database of one collection: who has how many templates, and who changed when."""

    def __init__(self) -> None:
        self.revision = 0
        self.people: dict[int, int] = {}
        self.until: dict[int, int] = {}
        self.log: list[tuple[int, int]] = []
        self.asked: list[int | None] = []
        self.log_reaches_to = 0
        self.names = False
        self.before_answer: Callable[[], None] = lambda: None

    def put(self, person: int, templates: int = 1) -> int:
        self.people[person] = templates
        return self._changed(person)

    def remove(self, person: int) -> int:
        del self.people[person]
        return self._changed(person)

    @contextmanager
    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Iterator[Iterator[Delta]]:
        yield in_parts(self.delta(collection_key, revision, all_payloads=all_payloads))

    def delta(self, collection_key: int, revision: int | None, *, all_payloads: bool) -> Delta:
        assert collection_key == COLLECTION
        self.asked.append(revision)
        self.before_answer()
        touched = set(self.people)
        if revision is not None and revision < self.log_reaches_to:
            revision = None
        if revision is not None:
            touched = {person for person, at in self.log if at > revision}
        there = sorted(touched & self.people.keys())
        named = sorted(self.people) if all_payloads else there
        return Delta(
            EPOCH,
            self.revision,
            revision is None,
            Fused(
                np.array(there, np.int64),
                np.array([vector(person) for person in there], np.float32).reshape(-1, DIMENSION),
                np.array([self.people[person] for person in there], np.int64),
            ),
            np.full(len(there), ALWAYS),
            np.array([self.until.get(person, FOREVER) for person in there], np.int64),
            np.array(sorted(touched - self.people.keys()), np.int64),
            {key: Named(f"person {key}") for key in named} if self.names else None,
        )

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        del collection_key
        return EPOCH, self.revision, len(self.people)

    def _changed(self, person: int) -> int:
        self.revision += 1
        self.log.append((person, self.revision))
        return self.revision

    def positions(self) -> list[CollectionPosition]:
        return [CollectionPosition(COLLECTION, "doors", EPOCH, self.revision)]


def in_parts(delta: Delta) -> Iterator[Delta]:
    """A whole delta as parts of three people, the last of which has the payloads."""
    count = len(delta.people.owners)
    if not delta.whole or not count:
        yield delta
        return
    for start in range(0, count, 3):
        part, people = slice(start, start + 3), delta.people
        yield replace(
            delta,
            people=Fused(people.owners[part], people.vectors[part], people.templates[part]),
            valid_from=delta.valid_from[part],
            valid_until=delta.valid_until[part],
            payloads=delta.payloads if start + 3 >= count else None,
        )


class FaultyIndex(ReferenceIndex):
    """Runs out of memory in the middle of a ``put``, as often as the test says."""

    failures = 0

    def put(self, keys: Keys, vectors: Vectors) -> None:
        if FaultyIndex.failures:
            FaultyIndex.failures -= 1
            super().put(keys[:1], vectors[:1])
            raise MemoryError
        super().put(keys, vectors)


def of(
    feed: ChangeFeed, new_index: Callable[[], VectorIndex], snapshots: Snapshots | None = None
) -> CollectionReplica:
    return CollectionReplica(COLLECTION, EPOCH, feed=feed, new_index=new_index, snapshots=snapshots)


def vector(person: int) -> Vectors:
    angle = person / 10
    return np.array([np.cos(angle), np.sin(angle), 0], np.float32)


def vectors(*people: int) -> Vectors:
    return np.array([vector(person) for person in people])


def found(replica: CollectionReplica, revision: int) -> list[int]:
    """Everybody whom a search at ``revision`` finds, in the order of their keys."""
    keys = replica.search(PROBE, 100, revision=revision, now=NOW).neighbours.keys
    return sorted(int(key) for key in keys[0])


def size(replica: CollectionReplica, revision: int) -> GallerySize:
    """How many valid persons have how many templates together."""
    return replica.state(revision=revision, now=NOW).size


class Slow:
    """Holds the thread that comes here until it may go on."""

    def __init__(self) -> None:
        self.reached, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.may_go_on.wait(30)


@contextmanager
def while_another_waits_in(
    slow: Slow, replica: CollectionReplica, revision: int
) -> Iterator[list[list[int]]]:
    """A block during which another thread's search at ``revision`` waits in ``slow``; gives what
    it found, once the block has ended.
    """
    answers: list[list[int]] = []
    thread = threading.Thread(target=lambda: answers.append(found(replica, revision)), daemon=True)
    thread.start()
    try:
        assert slow.reached.wait(30)
        yield answers
    finally:
        slow.may_go_on.set()
        thread.join(30)
