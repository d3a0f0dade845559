"""A replica's index becomes large while it is searched and changed, and no answer is wrong."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from app.decision.fusion import Fused
from app.index import large
from app.index.large import LargeIndex
from app.replication.deltas import CollectionPosition, Delta
from app.replication.replica import CollectionReplica
from app.replication.validity import ALWAYS, FOREVER
from tests.unit.replication.truth import NOW

DIMENSION, PEOPLE = 16, 600


class Crowd:
    """A database of people under the keys from 0 on; the first ``gone`` were removed since."""

    def __init__(self) -> None:
        rows = np.random.default_rng(0).standard_normal((PEOPLE, DIMENSION)).astype(np.float32)
        self.vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self.gone = 0

    @contextmanager
    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Iterator[Iterator[Delta]]:
        there = np.arange(self.gone if revision is None else PEOPLE, PEOPLE)
        people = Fused(there, self.vectors[there], np.ones(len(there), np.int64))
        always, forever = np.full(len(there), ALWAYS), np.full(len(there), FOREVER)
        gone = np.arange(revision or 0, self.gone)
        yield iter([Delta("first", self.gone, revision is None, people, always, forever, gone)])

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        return "first", self.gone, PEOPLE - self.gone

    def positions(self) -> list[CollectionPosition]:
        return [CollectionPosition(7, "doors", "first", self.gone)]


def test_people_are_removed_and_found_while_their_codes_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(large, "_STEP", 5)
    crowd, wrong = Crowd(), list[int]()
    replica = CollectionReplica(
        7,
        "first",
        feed=crowd,
        new_index=lambda: LargeIndex(DIMENSION, large_from=300, listed=32),
        snapshots=None,
    )
    replica.catch_up(0)
    assert replica.status().engine == "flat"
    tended = threading.Thread(target=replica.tend, kwargs={"stopping": lambda: False})
    tended.start()
    for person in range(200):
        crowd.gone = person + 1
        probes = crowd.vectors[[person, person + 200]]
        keys = replica.search(probes, 1, revision=crowd.gone, now=NOW).neighbours.keys
        if keys[0, 0] <= person or keys[1, 0] != person + 200:
            wrong.append(person)
    tended.join()
    assert wrong == []
    assert replica.status().engine == "large"
