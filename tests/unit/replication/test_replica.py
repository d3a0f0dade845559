"""A replica answers from the revision it was asked for, or says that it cannot."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.core.clock import microseconds
from app.decision.fusion import Fused
from app.errors import NotFound, NotReady
from app.index.base import Keys, Neighbours, VectorIndex, Vectors
from app.index.reference import ReferenceIndex
from app.replication import replica as room
from app.replication.deltas import ChangeFeed, CollectionPosition, Delta
from app.replication.replica import CollectionReplica
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from app.replication.validity import ALWAYS, FOREVER
from tests.support.fake_bundle import contract_named

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

    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Delta:
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
                np.ones(len(there)),
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


class FaultyIndex(ReferenceIndex):
    """Runs out of memory in the middle of a ``put``, as often as it is told."""

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


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def replica(truth: Truth) -> CollectionReplica:
    FaultyIndex.failures = 0
    return of(truth, lambda: FaultyIndex(DIMENSION))


def vector(person: int) -> Vectors:
    angle = person / 10
    return np.array([np.cos(angle), np.sin(angle), 0], np.float32)


def found(replica: CollectionReplica, revision: int) -> list[int]:
    """Everybody whom a search at ``revision`` finds, in the order of their keys."""
    keys = replica.search(PROBE, 100, revision=revision, now=NOW).neighbours.keys
    return sorted(int(key) for key in keys[0])


def counts(replica: CollectionReplica, revision: int) -> dict[int, int]:
    """How many valid persons have how many templates."""
    return dict(replica.state(revision=revision, now=NOW).size.persons_by_templates)


def test_the_first_search_reads_everything(truth: Truth, replica: CollectionReplica) -> None:
    truth.put(1)
    assert found(replica, truth.put(2)) == [1, 2]
    assert truth.asked == [None]


def test_the_nearest_comes_first(truth: Truth, replica: CollectionReplica) -> None:
    for person in (3, 1, 2):
        truth.put(person)
    answer = replica.search(PROBE, 2, revision=truth.revision, now=NOW)
    assert answer.neighbours.keys.tolist() == [[1, 2]]
    assert answer.neighbours.similarities[0] == pytest.approx([np.cos(0.1), np.cos(0.2)])


def test_later_searches_read_only_what_changed(truth: Truth, replica: CollectionReplica) -> None:
    truth.put(1)
    found(replica, truth.revision)
    truth.put(2)
    truth.remove(1)
    assert found(replica, truth.revision) == [2]
    assert truth.asked == [None, 1]


def test_a_replica_that_is_there_already_asks_nobody(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1)
    for revision in (1, 1, 0):
        assert found(replica, revision) == [1]
    assert truth.asked == [None]


def test_a_search_tells_revision_and_size_of_the_gallery_it_saw(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1, templates=2)
    truth.put(2, templates=1)
    truth.put(3, templates=2)
    answer = replica.search(PROBE, 1, revision=2, now=NOW)
    assert answer.gallery.revision == 3
    assert answer.gallery.size.persons_by_templates == {1: 1, 2: 2}


def test_the_size_follows_every_change(truth: Truth, replica: CollectionReplica) -> None:
    truth.put(1, templates=2)
    assert counts(replica, truth.revision) == {2: 1}
    truth.put(1, templates=3)
    assert counts(replica, truth.revision) == {3: 1}
    assert counts(replica, truth.remove(1)) == {}


def test_who_is_not_valid_is_found_and_neither_counted_nor_evidence(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.until[1] = microseconds(NOW + timedelta(hours=1))
    truth.put(1)
    assert counts(replica, truth.put(2, templates=3)) == {1: 1, 3: 1}
    later = replica.search(PROBE, 5, revision=2, now=NOW + timedelta(hours=1))
    assert later.gallery.size.persons_by_templates == {3: 1}
    assert sorted(later.neighbours.keys[0].tolist()) == [1, 2]
    assert later.gallery.evidence.persons == 1
    before = replica.state(revision=2, now=NOW).evidence
    assert before.persons == 2
    assert before.mean == pytest.approx(np.cos(0.1))


def test_an_empty_gallery_has_no_neighbours(replica: CollectionReplica) -> None:
    answer = replica.search(PROBE, 5, revision=0, now=NOW)
    assert answer.neighbours.keys.shape == (1, 0)
    assert answer.gallery.size.persons == 0


def test_a_delta_that_fails_half_way_is_forgotten_and_everything_read_again(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1)
    found(replica, truth.revision)
    truth.put(2)
    truth.put(3)
    FaultyIndex.failures = 1
    with pytest.raises(MemoryError):
        found(replica, truth.revision)
    assert found(replica, truth.revision) == [1, 2, 3]
    assert truth.asked == [None, 1, None]
    assert counts(replica, truth.revision) == {1: 3}


def test_a_first_read_that_fails_leaves_nothing_behind(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1)
    FaultyIndex.failures = 1
    with pytest.raises(MemoryError):
        found(replica, truth.revision)
    assert found(replica, truth.remove(1)) == []
    assert counts(replica, truth.revision) == {}


def test_a_feed_that_fails_changes_nothing(truth: Truth, replica: CollectionReplica) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    truth.put(1)
    found(replica, truth.revision)
    revision = truth.put(2)
    truth.before_answer = fail
    with pytest.raises(OSError, match="disk"):
        found(replica, revision)
    assert found(replica, 1) == [1]
    truth.before_answer = lambda: None
    assert found(replica, revision) == [1, 2]
    assert truth.asked == [None, 1, 1]


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


@pytest.mark.parametrize("is_whole", [False, True])
def test_searches_at_the_present_revision_go_on_while_another_thread_reads(
    truth: Truth, replica: CollectionReplica, monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    """Of a delta, and of everything where the log does not reach back so far."""
    monkeypatch.setattr(room, "CATCH_UP_SECONDS", 0.0)  # who would have to wait answers 503
    truth.put(1)
    assert found(replica, truth.put(2)) == [1, 2]
    truth.remove(1)
    later = truth.put(3)
    truth.log_reaches_to = later if is_whole else 0
    truth.before_answer = slow = Slow()
    with while_another_waits_in(slow, replica, later) as answers:
        assert found(replica, 2) == [1, 2]
        assert counts(replica, 1) == {1: 2}
        assert len(replica.everybody(revision=2).owners) == 2
        replica.catch_up(2)
        with pytest.raises(NotReady):
            found(replica, later)
    assert answers == [[2, 3]]
    assert found(replica, later) == [2, 3]


def test_searches_at_the_present_revision_go_on_while_a_gallery_is_built_anew(
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


def test_a_replica_says_in_what_state_it_is_and_how_far_behind(
    truth: Truth, replica: CollectionReplica
) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    def is_now() -> tuple[str, int | None, int]:
        status = replica.status()
        return status.state.value, status.revision, status.lag

    assert is_now() == ("unloaded", None, 0)
    truth.before_answer = first = Slow()
    truth.put(1)
    with while_another_waits_in(first, replica, truth.put(2)):
        assert is_now() == ("building", None, 2)
    assert is_now() == ("ready", 2, 0)
    truth.put(3)
    truth.before_answer = second = Slow()
    with while_another_waits_in(second, replica, truth.put(4)):
        assert is_now() == ("behind", 2, 2)
        assert found(replica, 2) == [1, 2]
    assert is_now() == ("ready", 4, 0)
    truth.before_answer = fail
    with pytest.raises(OSError, match="disk"):
        found(replica, truth.put(5))
    assert is_now() == ("failed", 4, 1)
    assert replica.status().last_error == "OSError"
    assert found(replica, 4) == [1, 2, 3, 4]
    truth.before_answer = lambda: None
    assert found(replica, 5) == [1, 2, 3, 4, 5]
    assert (is_now(), replica.status().last_error) == (("ready", 5, 0), None)
    replica.expect(7)
    assert is_now() == ("behind", 5, 2)


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


def test_a_database_that_is_behind_what_was_asked_is_not_waited_for(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1)
    with pytest.raises(NotReady):
        found(replica, 2)
    assert found(replica, truth.put(2)) == [1, 2]


def test_a_collection_deleted_meanwhile_is_not_found(
    truth: Truth, replica: CollectionReplica
) -> None:
    def gone() -> None:
        raise NotFound("gone")

    found(replica, truth.put(1))
    truth.before_answer = gone
    with pytest.raises(NotFound):
        found(replica, truth.revision + 1)


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

    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Delta:
        with self._gate:
            return self._truth.since(collection_key, revision, all_payloads=all_payloads)

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        with self._gate:
            return self._truth.people_of(collection_key)

    def positions(self) -> list[CollectionPosition]:
        return self._truth.positions()


def test_a_replica_has_the_payload_of_everybody_or_says_that_it_has_none(
    truth: Truth, tmp_path: Path
) -> None:
    snapshots = Snapshots(tmp_path, contract_named("test", DIMENSION))
    replicas = Replicas(truth, lambda: ReferenceIndex(DIMENSION), snapshots)

    def names(people: Replicas, revision: int) -> list[str] | None:
        people.of(COLLECTION, EPOCH).catch_up(revision)
        kept = people.kept(COLLECTION, EPOCH, revision)
        if kept is None:
            return None
        found = kept.people(np.arange(9), revision=revision).payloads
        assert all(kept.key_of(each.id, revision=revision) == key for key, each in found.items())
        return [each.id for each in found.values()]

    truth.put(1)
    assert names(replicas, truth.put(2)) is None  # none are kept
    truth.names = True
    assert names(replicas, truth.put(3)) == ["person 1", "person 2", "person 3"]
    assert names(replicas, truth.remove(1)) == ["person 2", "person 3"]
    assert replicas.of(COLLECTION, EPOCH).key_of("person 1", revision=truth.revision) is None
    assert replicas.kept(COLLECTION, "restored", truth.revision) is None
    assert replicas.kept(COLLECTION, EPOCH, truth.revision + 1) is None
    assert replicas.kept(COLLECTION + 1, EPOCH, 0) is None
    replicas.keep()
    assert b"person 2" not in snapshots.file(COLLECTION).read_bytes()
    truth.put(4)
    later = Replicas(truth, lambda: ReferenceIndex(DIMENSION), snapshots)
    assert names(later, truth.revision) == ["person 2", "person 3", "person 4"]
    assert truth.asked[-1] == truth.revision - 1  # from the snapshot
    truth.names = False  # they cannot be read
    assert names(later, truth.put(5)) is None
    truth.names = True
    assert names(later, truth.put(6)) == [f"person {key}" for key in (2, 3, 4, 5, 6)]


def test_a_collection_has_one_replica_until_it_is_forgotten(truth: Truth) -> None:
    replicas = Replicas(truth, lambda: ReferenceIndex(DIMENSION))
    revision = truth.put(1)
    replica = replicas.of(COLLECTION, EPOCH)
    found(replica, revision)
    assert replicas.of(COLLECTION, EPOCH) is replica
    assert replicas.of(COLLECTION + 1, EPOCH) is not replica
    replicas.forget(COLLECTION)
    assert replicas.of(COLLECTION, EPOCH) is not replica
    replicas.forget(COLLECTION + 2)


def test_a_search_for_nothing_finds_nothing() -> None:
    nothing: Neighbours = ReferenceIndex(DIMENSION).search(PROBE, 3)
    assert nothing.similarities.shape == (1, 0)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path, contract_named("contract", DIMENSION))


def restarted(truth: Truth, snapshots: Snapshots) -> CollectionReplica:
    truth.asked.clear()
    return of(truth, lambda: ReferenceIndex(DIMENSION), snapshots)


def kept(truth: Truth, snapshots: Snapshots) -> None:
    """Somebody was there, with a window, and a snapshot was written."""
    truth.until[2] = microseconds(NOW - timedelta(days=1))
    for person in (1, 2, 3):
        truth.put(person, templates=person)
    replica = of(truth, lambda: ReferenceIndex(DIMENSION), snapshots)
    replica.catch_up(truth.revision)
    assert replica.keep()
    assert not replica.keep()  # nothing changed since


def test_after_a_restart_only_what_changed_since_the_snapshot_is_read(
    truth: Truth, snapshots: Snapshots
) -> None:
    kept(truth, snapshots)
    truth.remove(1)
    truth.put(4)
    replica = restarted(truth, snapshots)
    assert found(replica, truth.revision) == [2, 3, 4]
    assert counts(replica, truth.revision) == {3: 1, 1: 1}  # person 2 is no longer valid
    assert None not in truth.asked


def test_a_snapshot_that_is_damaged_is_passed_over(truth: Truth, snapshots: Snapshots) -> None:
    kept(truth, snapshots)
    snapshots.file(COLLECTION).write_bytes(b"no snapshot")
    replica = restarted(truth, snapshots)
    assert found(replica, truth.revision) == [1, 2, 3]
    assert truth.asked == [None]
    assert replica.keep()  # and written anew


def test_a_snapshot_of_a_history_that_was_undone_is_passed_over(
    truth: Truth, snapshots: Snapshots
) -> None:
    """The database was restored from a backup: it is at an earlier revision."""
    kept(truth, snapshots)
    restored = Truth()
    restored.put(9)
    assert found(restarted(restored, snapshots), restored.revision) == [9]


def test_a_snapshot_of_another_epoch_is_passed_over(truth: Truth, snapshots: Snapshots) -> None:
    kept(truth, snapshots)
    whole = snapshots.read(COLLECTION)
    assert whole is not None
    snapshots.write(COLLECTION, replace(whole, epoch="other"))
    restored = Truth()
    for person in (7, 8, 9, 10):
        restored.put(person)
    assert found(restarted(restored, snapshots), restored.revision) == [7, 8, 9, 10]


def test_a_snapshot_that_leads_to_other_people_than_sql_has_is_passed_over(
    truth: Truth, snapshots: Snapshots
) -> None:
    kept(truth, snapshots)
    del truth.people[3]  # behind the log's back
    replica = restarted(truth, snapshots)
    assert found(replica, truth.revision) == [1, 2]
    assert truth.asked[-1] is None


def test_a_replica_of_a_collection_that_was_restored_says_so_and_another_takes_its_place(
    truth: Truth,
) -> None:
    replicas = Replicas(truth, lambda: ReferenceIndex(DIMENSION))
    truth.put(1)
    with pytest.raises(NotReady, match="restored"):
        found(replicas.of(COLLECTION, "before"), truth.revision)
    assert found(replicas.of(COLLECTION, EPOCH), truth.revision) == [1]


def test_who_is_too_far_behind_for_the_log_forgets_whoever_is_not_told(truth: Truth) -> None:
    replica = of(truth, lambda: ReferenceIndex(DIMENSION))
    truth.put(1)
    assert found(replica, truth.put(2)) == [1, 2]
    truth.remove(1)
    truth.log_reaches_to = truth.revision
    assert found(replica, truth.put(3)) == [2, 3]
