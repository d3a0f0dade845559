"""The change log in a real database, read by the feed that replicas follow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app.core.db import Database
from app.core.ids import new_id
from app.errors import NotFound
from app.gallery import repository
from app.gallery import templates as reading
from app.gallery.models import Collection, Face, Person
from app.gallery.templates import TemplateFeed
from app.index.base import Vectors
from app.index.packing import pack, unpack
from app.replication import history
from app.replication.deltas import CollectionPosition, Delta, joined
from app.replication.history import Change
from app.replication.validity import ALWAYS, FOREVER
from migrations import upgrade
from tests.support.fake_bundle import contract_named

pytestmark = pytest.mark.both_databases

DIMENSION = 4
NOW = datetime(2024, 5, 1, tzinfo=UTC)


class Gallery:
    """One collection, changed as the services change it: everything in one transaction."""

    def __init__(self, database: Database, name: str = "doors") -> None:
        self.database = database
        self.row = Collection(
            id=name,
            target_fpir=0.001,
            target_fmr=1e-4,
            max_faces_per_person=20,
            attributes={},
            contract_id="contract",
            created_at=NOW,
            updated_at=NOW,
        )
        with database.write() as session:
            session.add(self.row)

    def enrol(self, persons: int, *, templates: int = 1) -> list[int]:
        """Keys of new persons with this many templates each; one revision for all of them."""
        with self.database.write() as session:
            rows = [self._person() for _ in range(persons)]
            session.add_all(rows)
            session.flush()
            keys = [row.key for row in rows]
            faces = [self._face(key, i) for key in keys for i in range(templates)]
            repository.log_change(session, self.row, keys, now=NOW, enrolled=faces)
            session.add_all(faces)
        return keys

    def remove(self, *keys: int) -> None:
        with self.database.write() as session:
            repository.log_change(session, self.row, keys, now=NOW)
            session.execute(delete(Person).where(Person.key.in_(keys)))

    def limit(self, person: int, start: datetime | None, end: datetime | None) -> None:
        """Change when a person is valid."""
        with self.database.write() as session:
            repository.log_change(session, self.row, [person], now=NOW)
            session.execute(
                update(Person).where(Person.key == person).values(valid_from=start, valid_until=end)
            )

    def log_twice(self, keys: list[int]) -> None:
        """A transaction whose second half fails."""
        with self.database.write() as session:
            repository.log_change(session, self.row, keys, now=NOW)
            session.add(Change(collection_key=self.row.key, revision=2, person_key=keys[0]))

    def delete(self) -> None:
        with self.database.write() as session:
            session.delete(session.get_one(Collection, self.row.key))

    def changes(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Change)) or 0

    def _person(self) -> Person:
        return Person(
            collection_key=self.row.key,
            id=new_id("per"),
            attributes={},
            created_at=NOW,
            updated_at=NOW,
        )

    def _face(self, person: int, number: int) -> Face:
        return Face(
            person_key=person,
            collection_key=self.row.key,
            contract_id="contract",
            embedding=pack(template(person, number)),
            image_sha256=f"{person}-{number}",
            box={},
            detection_score=1.0,
            quality={},
            created_at=NOW,
        )


def template(person: int, number: int) -> Vectors:
    vector = np.random.default_rng([person, number]).normal(size=DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def gallery(database_url: str) -> Iterator[Gallery]:
    database = Database(database_url)
    upgrade(database)
    yield Gallery(database)
    database.close()


def since(gallery: Gallery, revision: int | None) -> Delta:
    with feed(gallery).since(gallery.row.key, revision) as parts:
        return joined(parts)


def feed(gallery: Gallery) -> TemplateFeed:
    return TemplateFeed(gallery.database, contract_named("contract", DIMENSION))


def test_without_a_revision_everything_is_reported(gallery: Gallery) -> None:
    first = gallery.enrol(2)
    second = gallery.enrol(1, templates=3)
    gallery.remove(first[0])
    delta = since(gallery, None)
    assert delta.revision == 3
    assert delta.people.owners.tolist() == [first[1], *second]
    assert delta.people.templates.tolist() == [1, 3]
    assert delta.gone.tolist() == []


def test_after_a_revision_only_the_touched_are_reported(gallery: Gallery) -> None:
    old = gallery.enrol(2)
    new = gallery.enrol(1)
    gallery.remove(old[1])
    delta = since(gallery, 1)
    assert (delta.people.owners.tolist(), delta.gone.tolist(), delta.revision) == (new, [old[1]], 3)
    last = since(gallery, 3)
    assert (last.people.owners.tolist(), last.gone.tolist(), last.revision) == ([], [], 3)


def test_a_person_added_and_removed_since_is_gone(gallery: Gallery) -> None:
    gallery.enrol(1)
    passing = gallery.enrol(1)
    gallery.remove(*passing)
    assert since(gallery, 1).gone.tolist() == passing


def test_the_vector_of_a_person_is_the_unit_centroid_of_the_templates(gallery: Gallery) -> None:
    (person,) = gallery.enrol(1, templates=3)
    mean = np.mean([template(person, i) for i in range(3)], axis=0)
    found = since(gallery, None).people.vectors
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [mean / np.linalg.norm(mean)], atol=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
def test_a_person_whose_templates_are_read_in_several_parts_is_one(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    keys = [*gallery.enrol(2, templates=3), *gallery.enrol(1, templates=5), *gallery.enrol(2)]
    whole = since(gallery, None).people
    monkeypatch.setattr(reading, "_ROWS", rows)
    for revision in (None, 0):
        people = since(gallery, revision).people
        assert people.owners.tolist() == keys
        assert people.templates.tolist() == [3, 3, 5, 1, 1]
        np.testing.assert_array_equal(people.vectors, whole.vectors)


def test_from_when_until_when_a_person_is_valid_is_reported_to_the_microsecond(
    gallery: Gallery,
) -> None:
    ada, bob, cyd = gallery.enrol(3)
    instant = datetime(2026, 5, 4, 12, 0, 0, 1, tzinfo=UTC)
    gallery.limit(bob, instant, None)
    gallery.limit(cyd, None, datetime.max.replace(tzinfo=UTC))
    for revision, touched in ((None, [ada, bob, cyd]), (1, [bob, cyd])):
        delta = since(gallery, revision)
        assert delta.people.owners.tolist() == touched
        places = slice(3 - len(touched), 3)
        starts, ends = (
            [ALWAYS, 1_777_896_000_000_001, ALWAYS],
            [FOREVER, FOREVER, 253402300799999999],
        )
        assert (delta.valid_from.tolist(), delta.valid_until.tolist()) == (
            starts[places],
            ends[places],
        )


def test_the_validity_of_somebody_without_templates_is_no_ones(gallery: Gallery) -> None:
    (person,) = gallery.enrol(1, templates=0)
    gallery.limit(person, NOW, None)
    delta = since(gallery, None)
    assert (delta.people.owners.tolist(), delta.valid_from.tolist()) == ([], [])


def test_more_persons_than_a_statement_takes_parameters(gallery: Gallery) -> None:
    gallery.enrol(1)
    many = gallery.enrol(1200)
    gallery.remove(*many[::2])
    delta = since(gallery, 1)
    assert delta.people.owners.tolist() == many[1::2]
    assert delta.gone.tolist() == many[::2]


def test_an_empty_collection_is_at_its_revision(gallery: Gallery) -> None:
    delta = since(gallery, None)
    assert (delta.revision, delta.people.vectors.shape) == (0, (0, DIMENSION))


def test_a_deleted_collection_is_not_found_and_takes_its_changes_along(gallery: Gallery) -> None:
    gallery.enrol(3)
    assert gallery.changes() == 3
    gallery.delete()
    assert gallery.changes() == 0
    for revision in (None, 1):
        with pytest.raises(NotFound):
            since(gallery, revision)


def test_the_log_of_a_removal_outlives_the_person(gallery: Gallery) -> None:
    people = gallery.enrol(1)
    gallery.remove(*people)
    assert gallery.changes() == 2


def test_a_change_that_fails_leaves_neither_log_nor_revision(gallery: Gallery) -> None:
    people = gallery.enrol(1)
    with pytest.raises(IntegrityError):
        gallery.log_twice(people)
    assert gallery.changes() == 1
    assert since(gallery, None).revision == 1


def test_a_change_of_nobody_is_no_row(gallery: Gallery) -> None:
    with gallery.database.write() as session:
        assert history.log_change(session, gallery.row.key, []) == 1
    assert (gallery.changes(), since(gallery, 0).revision) == (0, 1)


def test_embeddings_are_stored_bit_by_bit() -> None:
    rows = [template(1, i) for i in range(5)]
    packed = [pack(row) for row in rows]
    assert {len(each) for each in packed} == {4 * DIMENSION}
    np.testing.assert_array_equal(unpack(packed, DIMENSION), rows)


def test_the_log_is_kept_short_and_who_is_further_behind_reads_everything(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEPT", 4)
    people = [gallery.enrol(1)[0] for _ in range(7)]
    history.compact(gallery.database)
    assert gallery.changes() == 7  # not yet twice as many as are kept
    people += [gallery.enrol(1)[0] for _ in range(4)]
    gallery.remove(people[0])  # revision 12
    assert gallery.changes() == 12  # no write waits for it
    with ThreadPoolExecutor(2) as replicas:  # each replica of a service compacts
        list(replicas.map(history.compact, [gallery.database] * 2))
    assert gallery.changes() == 4
    behind, beyond = since(gallery, 8), since(gallery, 7)
    assert not behind.whole
    assert (behind.people.owners.tolist(), behind.gone.tolist()) == (people[8:], people[:1])
    assert beyond.whole
    assert (beyond.people.owners.tolist(), beyond.gone.tolist()) == (people[1:], [])


def test_the_log_of_one_collection_is_not_shortened_by_another(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEPT", 4)
    other = Gallery(gallery.database, "gates")
    gallery.enrol(1)
    for _ in range(9):
        other.enrol(1)
    history.compact(gallery.database)
    assert not since(gallery, 0).whole
    assert since(other, 3).whole


def test_a_collection_made_again_under_the_same_id_is_of_another_epoch(gallery: Gallery) -> None:
    before = since(gallery, None).epoch
    gallery.delete()
    assert since(Gallery(gallery.database), None).epoch != before


def test_how_many_people_have_templates(gallery: Gallery) -> None:
    gallery.enrol(2, templates=3)
    gallery.enrol(1, templates=0)
    found = feed(gallery)
    assert found.people_of(gallery.row.key)[1:] == (2, 2)
    epoch = since(gallery, None).epoch
    assert found.positions() == [CollectionPosition(gallery.row.key, "doors", epoch, 2)]
