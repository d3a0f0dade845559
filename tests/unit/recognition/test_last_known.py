"""In an outage a process knows everybody that SQL had, by following the change log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, current_thread, main_thread

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, event, update

from app.bootstrap import Container, build
from app.bundles.contract import Contract
from app.core.clock import SystemClock
from app.errors import Conflict, ContractMismatch, DatabaseLost, NotFound
from app.feedback.models import Feedback
from app.gallery.models import Collection
from app.gallery.templates import TemplateFeed
from app.index.base import Keys
from app.index.flat import FlatIndex
from app.recognition.last_known import LastKnownCollections, LastKnownSearch
from app.recognition.matches import Enrolled
from app.recognition.repository import last_known_people
from app.replication.follower import Follower
from app.replication.history import Position
from app.replication.reader import GalleryReader, People
from app.replication.replicas import Replicas
from app.settings import Settings
from tests.api.support import enrol, files, made, make_collection, ok
from tests.support.client import client_of
from tests.support.fake_bundle import contract_named
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases
DOORS = "/collections/doors"


@pytest.fixture
def container(settings: Settings) -> Container:
    return build(settings)


@pytest.fixture
def client(container: Container) -> Iterator[TestClient]:
    with client_of(container) as client:
        make_collection(client, "doors")
        yield client


class Memory:
    """All that a process keeps for an outage, by polls of its own."""

    def __init__(self, container: Container, contract: Contract) -> None:
        database = container.database
        payloads = partial(last_known_people, dimension=contract.dimension)
        self.feed = TemplateFeed(database, contract, payloads)
        self.replicas = Replicas(self.feed, lambda: FlatIndex(contract.dimension))
        self.collections = LastKnownCollections(database)
        self.search = LastKnownSearch(
            self.collections, self.replicas, SystemClock(), contract_id=contract.id
        )
        self._database = database

    def poll(self, in_between: Callable[[], object] = lambda: None) -> None:
        """Poll; ``in_between`` is called once the replicas have followed."""

        @contextmanager
        def polling() -> Iterator[None]:
            with self.collections.polling():
                yield
                in_between()

        wake = Event()
        Follower(self._database, self.feed, self.replicas, wake=wake, polling=polling)._poll()

    def key(self, person: str) -> int:
        found = self._reader().key_of(person, revision=0)
        if found is None:
            raise NotFound(person)
        return found

    def payload(self, person: str) -> object:
        return (
            self._reader()
            .people(np.array([self.key(person)]), revision=0)
            .payloads.get(self.key(person))
        )

    def _reader(self) -> GalleryReader:
        return self.search.source("doors").reader


@pytest.fixture
def memory(container: Container, client: TestClient) -> Memory:
    made_of_it = fresh(container, client)
    made_of_it.collections.watch()
    return made_of_it


def fresh(container: Container, client: TestClient) -> Memory:
    contract_id = ok(client.get(DOORS))["contract_id"]
    return Memory(container, contract_named(contract_id))


def known(memory: Memory, person: str) -> Enrolled | None:
    """A person as a search in an outage reads them; ``NotFound`` where nobody has the id."""
    source = memory.search.source("doors")
    key = memory.key(person)
    return source.confirm([key], 0)[1].get(key)


def everything(memory: Memory, people: str) -> list[object]:
    """The known values of each of these, in a form that can be compared."""
    found: list[object] = []
    for person in people:
        try:
            each = known(memory, person)
        except NotFound:
            found.append(None)
            continue
        others = None if each is None or each.others is None else each.others.tobytes()
        found.append((each and each.person, each and each.fused.tobytes(), others))
    return found


def report(client: TestClient, person: str, somebody: int, verdict: str = "not_them") -> None:
    form = {"person_id": person, "verdict": verdict}
    image = files(picture(somebody), field="image")
    made(client.post(f"{DOORS}/feedback", data=form, files=image))


def test_looks_lead_where_reading_all_again_leads(
    container: Container, client: TestClient, memory: Memory
) -> None:
    steps: list[Callable[[], object]] = [
        lambda: enrol(client, DOORS, "a", picture(1), name="A"),
        lambda: enrol(client, DOORS, "b", picture(2), external_id="2"),
        lambda: ok(client.patch(f"{DOORS}/persons/a", json={"name": "Anna"})),
        lambda: ok(client.patch(f"{DOORS}/persons/a", json={"external_id": "1"})),
        lambda: report(client, "a", 7),
        lambda: report(client, "a", 8),
        lambda: report(client, "b", 7),
        lambda: report(client, "a", 7, "them"),
        lambda: client.delete(f"{DOORS}/persons/b"),
        lambda: enrol(client, DOORS, "b", picture(3), name="another B"),
    ]
    for step in steps:
        step()
        memory.poll()
        anew = fresh(container, client)
        anew.poll()
        assert everything(memory, "ab") == everything(anew, "ab")
    anna, another = known(memory, "a"), known(memory, "b")
    assert anna is not None
    assert anna.others is not None
    assert another is not None
    assert (anna.person.name, anna.person.external_id, len(anna.others)) == ("Anna", "1", 1)
    assert (another.person.name, another.others) == ("another B", None)
    made(client.post(f"{DOORS}/persons", json={"id": "c"}))
    ok(client.patch(f"{DOORS}/persons/c", json={"name": "C"}))  # without a face; this is logged
    memory.poll()
    with pytest.raises(Conflict, match="has no faces"):
        memory.search.claimed("doors", "c")
    with pytest.raises(NotFound, match="no person 'd'"):
        memory.search.claimed("doors", "d")


def test_a_look_reads_those_who_changed_and_nobody_else(
    container: Container, client: TestClient, memory: Memory
) -> None:
    for number in range(5):
        enrol(client, DOORS, f"p{number}", picture(number))
    memory.poll()
    before = memory.payload("p1")
    ok(client.patch(f"{DOORS}/persons/p3", json={"name": "Three"}))
    memory.poll()
    after, changed = memory.payload("p1"), known(memory, "p3")
    assert after is before  # the very object: it was not made again
    assert changed is not None
    assert changed.person.name == "Three"
    read: list[str] = []

    def note(*args: object) -> None:
        if current_thread() is main_thread():  # and not the service's own follower
            read.append(str(args[2]))

    event.listen(container.database.engine, "before_cursor_execute", note)
    memory.poll()
    assert len([each for each in read if "FROM" in each]) == 2, read  # collections, positions


def test_where_no_decision_may_be_stale_nothing_is_remembered(
    container: Container, client: TestClient
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    made(client.post("/keys", json={"scopes": ["read"]}))
    container.follower._poll()
    search = container.services.verification._search
    kept: LastKnownCollections = search._last_known._collections
    assert (kept._collections, dict(kept._changed), kept._deleted) == ({}, {}, set())
    (replica,) = container.follower.replicas.there().values()
    assert replica.revision is not None
    assert not replica.has_payloads(0)
    assert container.services.cached_keys._known == {}


def test_a_change_by_this_process_is_not_shown_before_a_look_has_seen_it(
    client: TestClient, memory: Memory
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    enrol(client, DOORS, "bob", picture(2))
    memory.poll()
    assert client.delete(f"{DOORS}/persons/ada").status_code == 204
    report(client, "bob", 7)
    assert (known(memory, "ada"), known(memory, "bob")) == (None, None)
    memory.poll()
    assert known(memory, "bob") is not None
    with pytest.raises(NotFound):
        known(memory, "ada")


def test_what_changed_during_a_look_is_not_taken_for_seen(
    client: TestClient, memory: Memory
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    memory.poll()
    memory.poll(lambda: client.delete(f"{DOORS}/persons/ada"))
    assert known(memory, "ada") is None


def test_a_poll_that_ends_during_a_search_brings_nobody_back(
    client: TestClient, memory: Memory
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    memory.poll()
    source, ada = memory.search.source("doors"), memory.key("ada")
    assert client.delete(f"{DOORS}/persons/ada").status_code == 204
    people = source.reader.people

    def people_before_a_poll(keys: Keys, *, revision: int) -> People:
        found = people(keys, revision=revision)
        memory.poll()
        return found

    source.reader.people = people_before_a_poll  # type: ignore[method-assign]
    assert source.confirm([ada], 0)[1] == {}


def test_until_the_galleries_followed_collections_are_as_they_were(
    client: TestClient, memory: Memory
) -> None:
    memory.poll()
    before = memory.search.collection("doors").revision
    enrol(client, DOORS, "ada", picture(1))

    def fail() -> None:
        raise DatabaseLost("gone")

    with pytest.raises(DatabaseLost):
        memory.poll(fail)
    assert memory.search.collection("doors").revision == before
    memory.poll()
    assert memory.search.collection("doors").revision == before + 1


def test_a_collection_that_is_no_more_is_not_known(
    container: Container, client: TestClient, memory: Memory
) -> None:
    memory.poll()
    key = memory.search.collection("doors").key

    def delete() -> None:
        assert client.delete(f"{DOORS}?force=true").status_code == 204
        memory.collections.forget(key)

    memory.poll(delete)
    with pytest.raises(NotFound):
        memory.search.collection("doors")  # though the look began before
    memory.poll()
    with pytest.raises(NotFound):
        memory.search.collection("doors")
    assert not memory.collections._deleted  # the last look has seen it
    assert not memory.collections._changed


def test_another_models_collection_is_refused(
    container: Container, client: TestClient, memory: Memory
) -> None:
    with container.database.write() as session:
        session.execute(update(Collection).values(contract_id="another"))
    memory.poll()
    with pytest.raises(ContractMismatch, match="another"):
        memory.search.collection("doors")


def test_a_restored_collection_is_read_again(
    container: Container, client: TestClient, memory: Memory
) -> None:
    enrol(client, DOORS, "ada", picture(1), name="before")
    memory.poll()
    with container.database.write() as session:  # the revision stays where it was
        session.execute(update(Position).values(epoch="restored"))
    with container.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE persons SET name = 'restored'")
    memory.poll()
    ada = known(memory, "ada")
    assert ada is not None
    assert ada.person.name == "restored"


def test_one_gallery_that_cannot_be_read_keeps_no_other_from_being_known(
    container: Container, client: TestClient, memory: Memory
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    report(client, "ada", 7)
    enrol(client, make_collection(client, "gates"), "bob", picture(2))
    with container.database.write() as session:
        session.execute(update(Feedback).values(embedding=b"odd"))
    memory.poll()
    with pytest.raises(DatabaseLost):
        memory.search.collection("doors")
    gates = memory.search.collection("gates")
    assert memory.search.claimed(gates.id, "bob").person.id == "bob"
    (doors,) = (each for each in memory.feed.positions() if each.id == "doors")
    assert memory.replicas.of(doors.key, doors.epoch).revision == doors.revision  # SQL confirms
    with container.database.write() as session:
        session.execute(delete(Feedback))
    enrol(client, DOORS, "carl", picture(3))  # from the next change on all is known again
    memory.poll()
    assert memory.search.claimed("doors", "ada").person.id == "ada"


def test_expired_people_hide_nobody_from_a_search_in_an_outage(
    client: TestClient, memory: Memory
) -> None:
    for name in ("ada", "second-name"):
        enrol(client, DOORS, name, picture(1, len(name)), picture(1, 99))
    for number in range(30):
        enrol(client, DOORS, f"gone-{number}", picture(1), valid_until="2026-01-01T00:00:00Z")
    enrol(client, DOORS, "bob", picture(2))
    memory.poll()
    claimed, gone = memory.search.claimed("doors", "ada"), memory.search.claimed("doors", "gone-1")
    found = claimed.source.near(gone.fused[None], but=claimed.person.key)
    valid = found.neighbours.keys[found.valid].tolist()
    assert {memory.key(name) for name in ("ada", "second-name", "bob")} == set(valid)
    assert valid[-1] == memory.key("bob")
