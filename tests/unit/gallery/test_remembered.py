"""What a process remembers of everybody is what SQL has, by following the change log."""

from collections.abc import Callable, Iterator
from threading import current_thread, main_thread

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, update

from app.bootstrap import Container, build
from app.errors import ContractMismatch, DatabaseLost, NotFound
from app.gallery.cards import Card
from app.gallery.models import Collection, Feedback
from app.gallery.remembered import Remembered
from app.replication.history import Position
from app.settings import Settings
from tests.api.support import client_of, enrol, files, made, make_collection, told
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


@pytest.fixture
def memory(container: Container, client: TestClient) -> Remembered:
    made_of_it = fresh(container, client)
    made_of_it.watch()
    return made_of_it


def fresh(container: Container, client: TestClient) -> Remembered:
    contract_id = told(client.get(DOORS))["contract_id"]
    return Remembered(container.database, contract_named(contract_id))


def look(memory: Remembered, meanwhile: Callable[[], object] = lambda: None) -> None:
    with memory.reading():
        meanwhile()


def known(memory: Remembered, person: str) -> Card | None:
    doors = memory.collection("doors")
    return memory.card(doors, memory.person_key(doors, person))


def everything(memory: Remembered, people: str) -> list[object]:
    """What is told of each of these, in a form that can be compared."""
    found: list[object] = []
    for person in people:
        try:
            card = known(memory, person)
        except NotFound:
            found.append(None)
            continue
        others = None if card is None or card.others is None else card.others.tobytes()
        found.append((card and card.person, others))
    return found


def report(client: TestClient, person: str, somebody: int, verdict: str = "not_them") -> None:
    form = {"person_id": person, "verdict": verdict}
    image = files(picture(somebody), field="image")
    made(client.post(f"{DOORS}/feedback", data=form, files=image))


def test_looks_lead_where_reading_all_anew_leads(
    container: Container, client: TestClient, memory: Remembered
) -> None:
    steps: list[Callable[[], object]] = [
        lambda: enrol(client, DOORS, "a", picture(1), name="A"),
        lambda: enrol(client, DOORS, "b", picture(2), external_id="2"),
        lambda: told(client.patch(f"{DOORS}/persons/a", json={"name": "Anna"})),
        lambda: told(client.patch(f"{DOORS}/persons/a", json={"external_id": "1"})),
        lambda: report(client, "a", 7),
        lambda: report(client, "a", 8),
        lambda: report(client, "b", 7),
        lambda: report(client, "a", 7, "them"),
        lambda: client.delete(f"{DOORS}/persons/b"),
        lambda: enrol(client, DOORS, "b", picture(3), name="another B"),
    ]
    for step in steps:
        step()
        look(memory)
        anew = fresh(container, client)
        look(anew)
        assert everything(memory, "ab") == everything(anew, "ab")
    anna, another = known(memory, "a"), known(memory, "b")
    assert anna is not None
    assert anna.others is not None
    assert another is not None
    assert (anna.person.name, anna.person.external_id, len(anna.others)) == ("Anna", "1", 1)
    assert (another.person.name, another.others) == ("another B", None)


def test_a_look_reads_those_who_changed_and_nobody_else(
    container: Container, client: TestClient, memory: Remembered
) -> None:
    for number in range(5):
        enrol(client, DOORS, f"p{number}", picture(number))
    look(memory)
    before = known(memory, "p1")
    told(client.patch(f"{DOORS}/persons/p3", json={"name": "Three"}))
    look(memory)
    after, changed = known(memory, "p1"), known(memory, "p3")
    assert after is before  # the very object: it was not made again
    assert changed is not None
    assert changed.person.name == "Three"
    read: list[str] = []

    def note(*args: object) -> None:
        if current_thread() is main_thread():  # and not the service's own follower
            read.append(str(args[2]))

    event.listen(container.database.engine, "before_cursor_execute", note)
    look(memory)
    assert len([each for each in read if "FROM" in each]) == 1, read  # the collections


def test_where_no_decision_may_be_stale_nothing_is_remembered(
    container: Container, client: TestClient
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    made(client.post("/keys", json={"scopes": ["read"]}))
    with container.follower._polling():
        pass
    search = container.services.verification._search
    memory: Remembered = search._last_known._remembered
    assert (memory._collections, memory._cards, dict(memory._changed)) == ({}, {}, {})
    assert container.services.cached_keys._known == {}


def test_whom_this_process_changed_is_not_told_before_a_look_has_seen_it(
    client: TestClient, memory: Remembered
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    enrol(client, DOORS, "bob", picture(2))
    look(memory)
    assert client.delete(f"{DOORS}/persons/ada").status_code == 204
    report(client, "bob", 7)
    assert (known(memory, "ada"), known(memory, "bob")) == (None, None)
    look(memory)
    assert known(memory, "bob") is not None
    with pytest.raises(NotFound):
        known(memory, "ada")


def test_what_changed_during_a_look_is_not_taken_for_seen(
    client: TestClient, memory: Remembered
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    look(memory)
    look(memory, lambda: client.delete(f"{DOORS}/persons/ada"))
    assert known(memory, "ada") is None


def test_until_the_galleries_followed_collections_are_as_they_were(
    client: TestClient, memory: Remembered
) -> None:
    look(memory)
    before = memory.collection("doors").revision
    enrol(client, DOORS, "ada", picture(1))

    def fail() -> None:
        raise DatabaseLost("gone")

    with pytest.raises(DatabaseLost):
        look(memory, fail)
    assert memory.collection("doors").revision == before
    look(memory)
    assert memory.collection("doors").revision == before + 1


def test_a_collection_that_is_no_more_is_not_known(
    container: Container, client: TestClient, memory: Remembered
) -> None:
    look(memory)
    key = memory.collection("doors").key

    def delete() -> None:
        assert client.delete(f"{DOORS}?force=true").status_code == 204
        memory.forget(key)

    look(memory, delete)
    with pytest.raises(NotFound):
        memory.collection("doors")  # though the look began before
    look(memory)
    with pytest.raises(NotFound):
        memory.collection("doors")
    assert not memory._deleted  # the last look has seen it
    assert not memory._changed


def test_another_models_collection_is_refused(
    container: Container, client: TestClient, memory: Remembered
) -> None:
    with container.database.write() as session:
        session.execute(update(Collection).values(contract_id="another"))
    look(memory)
    with pytest.raises(ContractMismatch, match="another"):
        memory.collection("doors")


def test_a_restored_collection_is_read_anew(
    container: Container, client: TestClient, memory: Remembered
) -> None:
    enrol(client, DOORS, "ada", picture(1), name="before")
    look(memory)
    with container.database.write() as session:  # the revision stays where it was
        session.execute(update(Position).values(epoch="restored"))
    with container.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE persons SET name = 'restored'")
    look(memory)
    ada = known(memory, "ada")
    assert ada is not None
    assert ada.person.name == "restored"


def test_one_gallery_that_cannot_be_read_keeps_no_other_from_being_known(
    container: Container, client: TestClient, memory: Remembered
) -> None:
    enrol(client, DOORS, "ada", picture(1))
    report(client, "ada", 7)
    enrol(client, make_collection(client, "gates"), "bob", picture(2))
    with container.database.write() as session:
        session.execute(update(Feedback).values(embedding=b"odd"))
    look(memory)
    with pytest.raises(DatabaseLost):
        memory.collection("doors")
    gates = memory.collection("gates")
    assert memory.card(gates, memory.person_key(gates, "bob")) is not None
