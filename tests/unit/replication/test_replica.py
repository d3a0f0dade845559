"""A replica answers from the revision it was asked for, or says that it cannot."""

from datetime import timedelta

import numpy as np
import pytest

from app.core.clock import microseconds
from app.decision.cohort import Cohort, CohortSums
from app.decision.fusion import Fused
from app.decision.rates import GallerySize
from app.errors import NotFound, NotReady
from app.index.base import Neighbours, Vectors
from app.index.flat import FlatIndex
from app.index.reference import ReferenceIndex
from app.replication.reader import cohort_near
from app.replication.replica import CollectionReplica
from tests.unit.replication.truth import (
    DIMENSION,
    NOW,
    PROBE,
    FaultyIndex,
    Slow,
    Truth,
    found,
    of,
    size,
    vectors,
    while_another_waits_in,
)


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


def test_a_search_shows_revision_and_size_of_the_gallery_it_saw(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1, templates=2)
    truth.put(2, templates=1)
    truth.put(3, templates=2)
    answer = replica.search(PROBE, 1, revision=2, now=NOW)
    assert answer.gallery.revision == 3
    assert answer.gallery.size == GallerySize(3, 5)


def test_the_size_follows_every_change(truth: Truth, replica: CollectionReplica) -> None:
    truth.put(1, templates=2)
    assert size(replica, truth.revision) == GallerySize(1, 2)
    truth.put(1, templates=3)
    assert size(replica, truth.revision) == GallerySize(1, 3)
    assert size(replica, truth.remove(1)) == GallerySize(0, 0)


def test_who_is_not_valid_is_found_and_not_counted(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.until[1] = microseconds(NOW + timedelta(hours=1))
    truth.put(1)
    assert size(replica, truth.put(2, templates=3)) == GallerySize(2, 4)
    later = replica.search(PROBE, 5, revision=2, now=NOW + timedelta(hours=1))
    assert later.gallery.size == GallerySize(1, 3)
    assert sorted(later.neighbours.keys[0].tolist()) == [1, 2]
    assert later.gallery.cohort == Cohort.of(vectors(2))
    assert replica.state(revision=2, now=NOW).cohort == Cohort.of(vectors(1, 2))


def test_two_replicas_have_the_same_cohort_whatever_their_ways(
    truth: Truth, replica: CollectionReplica
) -> None:
    """One follows every change; one begins late; one has the same people from another history."""
    for person in (5, 3, 8, 1):
        replica.state(revision=truth.put(person), now=NOW)
    replica.state(revision=truth.remove(3), now=NOW)
    replica.state(revision=truth.put(8, templates=2), now=NOW)
    late = of(truth, lambda: ReferenceIndex(DIMENSION))
    other = Truth()
    for person in (1, 8, 5):
        other.put(person, templates=1 + (person == 8))
    states = [
        replica.state(revision=truth.revision, now=NOW),
        late.state(revision=truth.revision, now=NOW),
        of(other, lambda: FlatIndex(DIMENSION)).state(revision=other.revision, now=NOW),
    ]
    assert all(each.size == GallerySize(3, 4) for each in states)
    assert all(each.cohort == Cohort.of(vectors(1, 5, 8)) for each in states)


def test_the_state_of_a_gallery_that_did_not_change_is_the_same_object(
    truth: Truth, replica: CollectionReplica
) -> None:
    first = replica.state(revision=truth.put(1), now=NOW)
    assert replica.state(revision=1, now=NOW + timedelta(days=9)).cohort is first.cohort
    second = replica.state(revision=truth.put(2), now=NOW)
    assert (first.cohort.persons, second.cohort.persons) == (1, 2)


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
    assert size(replica, truth.revision) == GallerySize(3, 3)


def test_a_count_that_fails_half_way_is_forgotten_and_everybody_counted_again(
    truth: Truth, replica: CollectionReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (1, 2):
        truth.put(person)
    truth.until[1] = microseconds(NOW + timedelta(hours=1))
    replica.state(revision=truth.revision, now=NOW)
    add = CohortSums.add

    def fails(sums: CohortSums, vectors: Vectors) -> None:
        add(sums, vectors[:0])
        raise MemoryError

    later = NOW + timedelta(hours=2)
    revision = truth.put(3)
    with monkeypatch.context() as patched:
        patched.setattr(CohortSums, "add", fails)
        for now in (later, NOW):
            with pytest.raises(MemoryError):
                replica.state(revision=revision, now=now)
    assert replica.state(revision=revision, now=later).cohort == Cohort.of(vectors(2, 3))
    assert size(replica, revision) == GallerySize(3, 3)


def test_a_first_read_that_fails_leaves_nothing_behind(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1)
    FaultyIndex.failures = 1
    with pytest.raises(MemoryError):
        found(replica, truth.revision)
    assert found(replica, truth.remove(1)) == []
    assert size(replica, truth.revision) == GallerySize(0, 0)


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


def test_a_database_that_is_behind_what_was_asked_is_not_waited_for(
    truth: Truth, replica: CollectionReplica
) -> None:
    truth.put(1)
    with pytest.raises(NotReady):
        found(replica, 2)
    assert found(replica, truth.put(2)) == [1, 2]


def test_a_collection_deleted_in_between_is_not_found(
    truth: Truth, replica: CollectionReplica
) -> None:
    def gone() -> None:
        raise NotFound("gone")

    found(replica, truth.put(1))
    truth.before_answer = gone
    with pytest.raises(NotFound):
        found(replica, truth.revision + 1)


def test_a_search_for_nothing_finds_nothing() -> None:
    nothing: Neighbours = ReferenceIndex(DIMENSION).search(PROBE, 3)
    assert nothing.similarities.shape == (1, 0)


def test_who_is_too_far_behind_for_the_log_forgets_everybody_who_is_not_in_it(truth: Truth) -> None:
    replica = of(truth, lambda: ReferenceIndex(DIMENSION))
    truth.put(1)
    assert found(replica, truth.put(2)) == [1, 2]
    truth.remove(1)
    truth.log_reaches_to = truth.revision
    assert found(replica, truth.put(3)) == [2, 3]


@pytest.mark.parametrize("but", [None, 5, 10, 28])
def test_people_who_are_not_valid_take_up_no_place(
    truth: Truth, replica: CollectionReplica, but: int | None
) -> None:
    """The first ten of thirty people, nearest first, have expired, and every second one of the
    rest.
    """
    for person in range(30):
        truth.put(person)
        if person < 10 or person % 2:
            truth.until[person] = microseconds(NOW)
    others = [person for person in range(10, 30, 2) if person != but]
    for count in (1, 3, 9, 10, 99):
        answer = cohort_near(replica, PROBE, count, revision=truth.revision, now=NOW, but=but)
        keys = answer.neighbours.keys[0]
        valid = [key for key in keys[answer.valid[0]].tolist() if key != but]
        assert valid[:count] == others[:count]
        assert sorted(keys.tolist()) == keys.tolist()
        assert keys[:count].tolist() == list(range(min(count, 30)))


def test_second_names_are_not_in_the_cohort_while_they_are_valid(truth: Truth) -> None:
    """Everybody odd is the one before them, where that one is valid too."""

    def odd(cohort: Cohort, people: Fused) -> dict[int, int]:
        assert cohort == Cohort.of(people.vectors)
        there = people.owners.tolist()
        return {key: key - 1 for key in there if key % 2 and key - 1 in there}

    replica = CollectionReplica(
        7, "first", feed=truth, new_index=lambda: ReferenceIndex(DIMENSION), snapshots=None,
        second_names=odd,
    )  # fmt: skip
    for person in range(6):
        truth.put(person, templates=2)
    state = replica.state(revision=truth.revision, now=NOW)
    assert state.second_names == {1: 0, 3: 2, 5: 4}
    assert state.size == GallerySize(6, 12)
    assert state.cohort == Cohort.of(vectors(0, 2, 4))
    found = cohort_near(replica, PROBE, 2, revision=truth.revision, now=NOW)
    assert found.neighbours.keys.tolist()[0][:3] == [0, 1, 2]
    assert found.counts.tolist()[0][:3] == [True, False, True]
    truth.until[2] = microseconds(NOW)
    truth.put(2)
    truth.remove(4)
    state = replica.state(revision=truth.revision, now=NOW)
    assert state.second_names == {1: 0}
    assert state.cohort == Cohort.of(vectors(0, 3, 5))
