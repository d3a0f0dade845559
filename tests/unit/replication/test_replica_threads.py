"""Many threads use one replica: none waits without need, and none sees half of a change."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.decision.rates import GallerySize
from app.errors import NotReady
from app.index.base import Keys, Vectors
from app.index.reference import ReferenceIndex
from app.replication import replica as room
from app.replication.deltas import CollectionPosition, Delta
from app.replication.replica import CollectionReplica
from tests.unit.replication.truth import (
    DIMENSION,
    FaultyIndex,
    Slow,
    Truth,
    found,
    in_parts,
    of,
    size,
    while_another_waits_in,
)


def test_a_search_is_not_answered_from_a_delta_that_another_search_left_half_applied(
    truth: Truth, replica: CollectionReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a search's catching up and its reading, another one's delta fails."""
    truth.put(1)
    first = truth.put(2)
    catch_up = replica.catch_up
    interruptions = [truth.put]

    def interrupted(revision: int) -> None:
        catch_up(revision)
        if interruptions:
            later = interruptions.pop()(3)
            FaultyIndex.failures = 2
            for _ in range(2):
                with pytest.raises(MemoryError):
                    catch_up(later)

    monkeypatch.setattr(replica, "catch_up", interrupted)
    assert found(replica, first) == [1, 2, 3]


@pytest.mark.parametrize("is_whole", [False, True])
def test_searches_at_the_present_revision_go_on_while_another_thread_reads(
    truth: Truth, replica: CollectionReplica, monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    """A thread reads a delta, or everything where the log does not reach back so far."""
    monkeypatch.setattr(room, "CATCH_UP_SECONDS", 0.0)  # who would have to wait answers 503
    truth.put(1)
    assert found(replica, truth.put(2)) == [1, 2]
    truth.remove(1)
    later = truth.put(3)
    truth.log_reaches_to = later if is_whole else 0
    truth.before_answer = slow = Slow()
    with while_another_waits_in(slow, replica, later) as answers:
        assert found(replica, 2) == [1, 2]
        assert size(replica, 1) == GallerySize(2, 2)
        assert len(replica.everybody(revision=2).owners) == 2
        replica.catch_up(2)
        with pytest.raises(NotReady):
            found(replica, later)
    assert answers == [[2, 3]]
    assert found(replica, later) == [2, 3]


def test_searches_at_the_present_revision_go_on_while_a_gallery_is_built_again(
    truth: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CATCH_UP_SECONDS", 0.0)
    slow: Callable[[], None] = lambda: None  # noqa: E731 - replaced below

    class SlowIndex(ReferenceIndex):
        def put(self, keys: Keys, vectors: Vectors) -> None:
            slow()
            super().put(keys, vectors)

    replica = of(truth, lambda: SlowIndex(DIMENSION))
    truth.put(1)
    assert found(replica, truth.put(2)) == [1, 2]
    truth.log_reaches_to = later = truth.put(3)
    slow = held = Slow()
    with while_another_waits_in(held, replica, later) as answers:
        assert found(replica, 2) == [1, 2]
    assert answers == [[1, 2, 3]]


def test_a_search_that_cannot_wait_for_another_thread_says_try_again(
    truth: Truth, replica: CollectionReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CATCH_UP_SECONDS", 0.0)
    revision = truth.put(1)
    truth.before_answer = slow = Slow()
    with (
        while_another_waits_in(slow, replica, revision) as answers,
        pytest.raises(NotReady) as error,
    ):
        found(replica, revision)
    assert error.value.retry_after >= 1
    assert answers == [[1]]
    assert truth.asked == [None]


def test_many_threads_see_every_change_that_was_answered_before_they_asked(
    truth: Truth, replica: CollectionReplica
) -> None:
    wrong, gate = list[str](), threading.Lock()
    removed: set[int] = set()
    added: set[int] = set()

    def search() -> None:
        for _ in range(100):
            with gate:
                revision, before, without = truth.revision, set(added), set(removed)
            seen = set(found(replica, revision))
            if not before - seen <= removed or seen & without:
                wrong.append(f"{seen} at {revision}")

    def change() -> None:
        for person in range(60):
            with gate:
                truth.put(person)
                added.add(person)
            if person % 3 == 0:
                with gate:
                    truth.remove(person)
                    added.discard(person)
                    removed.add(person)

    truth.before_answer = lambda: None
    feed = LockedFeed(truth, gate)
    replica = of(feed, lambda: ReferenceIndex(DIMENSION))
    threads = [threading.Thread(target=work, daemon=True) for work in (change, search, search)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert found(replica, truth.revision) == sorted(added)


class LockedFeed:
    """One snapshot an answer, as a database's transaction gives it."""

    def __init__(self, truth: Truth, gate: threading.Lock) -> None:
        self._truth = truth
        self._gate = gate

    @contextmanager
    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Iterator[Iterator[Delta]]:
        with self._gate:
            delta = self._truth.delta(collection_key, revision, all_payloads=all_payloads)
        yield in_parts(delta)

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        with self._gate:
            return self._truth.people_of(collection_key)

    def positions(self) -> list[CollectionPosition]:
        return self._truth.positions()
