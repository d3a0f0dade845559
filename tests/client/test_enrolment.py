"""Many people are enrolled: some at a time, and again without doing anything twice."""

import asyncio
import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.core import ids
from kith_client import AsyncKith, Kith, Person, people_in_csv, people_in_folder
from kith_client.bulk import async_results, results
from kith_client.names import id_of_name
from kith_client.problems import NotFound
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("ada", "Zoë Müller", "bob")):
        (tmp_path / name / "older").mkdir(parents=True)
        (tmp_path / name / "1.png").write_bytes(picture(number))
        (tmp_path / name / "older" / "2.PNG").write_bytes(picture(number, 1))
        (tmp_path / name / ".hidden.png").write_bytes(b"")
        (tmp_path / name / "notes.txt").write_text("no image")
    (tmp_path / "bob" / "3.jpg").write_bytes(b"no image at all")
    return tmp_path


def test_a_folder_is_enrolled_once(client: Kith, collection: str, folder: Path) -> None:
    people = people_in_folder(folder)
    found = {each.person.name: each for each in client.enroll(collection, people)}
    assert {name: each.outcome for name, each in found.items()} == dict.fromkeys(found, "created")
    assert {name: each.added for name, each in found.items()} == dict.fromkeys(found, 2)
    assert found["Zoë Müller"].person_id == ids.id_of_name("Zoë Müller")
    (rejected,) = found["bob"].rejected
    assert (rejected.file, rejected.reasons) == ("3.jpg", ["invalid_image"])

    (folder / "ada" / "4.png").write_bytes(picture(0, 7))
    again = {each.person.name: each for each in client.enroll(collection, people_in_folder(folder))}
    assert {name: each.outcome for name, each in again.items()} == {
        "ada": "changed",
        "Zoë Müller": "unchanged",
        "bob": "unchanged",
    }
    assert (again["ada"].added, again["ada"].already) == (1, 2)
    assert client.get_person(collection, "ada").face_count == 3


def test_a_csv_file_is_enrolled_and_changed(
    client: Kith, collection: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(until: str) -> list[Person]:
        with (folder / "people.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["external_id", "name", "valid_until", "images"])
            rows.writerow(["77", "Ada", until, "ada/1.png|ada/older/2.PNG"])
            rows.writerow(["78", "Bob", "", "ada/missing.png"])
        return people_in_csv(folder / "people.csv")

    first = [*client.enroll(collection, write("2030-01-01T00:00:00+01:00"), progress=True)]
    assert {each.outcome for each in first} == {"created", "refused"}
    assert "Enrolling" in capsys.readouterr().err
    (bob,) = (each for each in first if each.person.name == "Bob")
    assert bob.rejected[0].reasons == ["unreadable"]
    second = [*client.enroll(collection, write("2030-01-01T00:00:00+01:00"))]
    assert {each.outcome for each in second} == {"unchanged", "refused"}
    third = [*client.enroll(collection, write("2031-01-01T00:00:00+01:00"))]
    assert {each.outcome for each in third} == {"changed", "refused"}
    (folder / "people.csv").write_text("ids,name\n7,Ada\n")
    with pytest.raises(ValueError, match="ids"):
        people_in_csv(folder / "people.csv")


def test_somebody_else_of_the_same_id_is_left_alone(client: Kith, collection: str) -> None:
    client.create_person(collection, id="ada", name="Another")
    (result,) = client.enroll(collection, [Person(name="ada", images=[picture(1)])])
    assert (result.outcome, result.rejected[0].reasons) == ("refused", ["not_this_person"])
    assert client.get_person(collection, "ada").face_count == 0


def test_what_is_wrong_with_one_person_holds_up_nobody(client: Kith, collection: str) -> None:
    client.create_person(collection, id="taken", external_id="7")
    people = [
        Person(id="a", external_id="7", images=[picture(1)]),
        Person(id="b", name="\x00"),
        Person(id="c", images=[b"none", b"no image"]),
        Person(id="d"),
    ]
    found = {each.person.id: each for each in client.enroll(collection, people, at_once=1)}
    assert {name: each.outcome for name, each in found.items()} == {
        "a": "refused",
        "b": "refused",
        "c": "refused",
        "d": "created",
    }
    assert found["a"].error is not None
    assert found["a"].error.code == "already_exists"
    assert [each.file for each in found["c"].rejected] == ["image-0", "image-1"]


def test_a_wrong_collection_ends_it(client: Kith) -> None:
    with pytest.raises(NotFound):
        next(client.enroll("nowhere", [Person(id="a")]))


def test_it_is_awaited_as_well(service: ServerProcess, collection: str, folder: Path) -> None:
    async def enrol() -> set[str | None]:
        async with AsyncKith(service.url, ADMIN_KEY) as kith:
            people = people_in_folder(folder)
            return {each.person_id async for each in kith.enroll(collection, people, at_once=2)}

    assert asyncio.run(enrol()) == {"ada", "bob", ids.id_of_name("Zoë Müller")}


def test_a_service_that_is_too_busy_is_waited_for(
    server: Callable[..., ServerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More is sent at once than it can take, for as long as it takes all; nobody is lost."""
    busy = server(KITH_THREADS="1", KITH_QUEUE="0")
    refused: list[int] = []

    def watch(response: httpx.Response) -> None:
        refused.append(response.status_code)

    http = httpx.Client(event_hooks={"response": [watch]})
    monkeypatch.setattr("kith_client.attempts._FIRST_WAIT", 0.05)
    kith = Kith(busy.url, ADMIN_KEY, http=http)
    collection = kith.create_collection().id
    rounds = 0
    while 503 not in refused and rounds < 20:
        numbers = range(8 * rounds, 8 * rounds + 8)
        people = [Person(id=f"p{n}", images=[picture(n, k) for k in range(3)]) for n in numbers]
        done = [*kith.enroll(collection, people, at_once=8)]
        assert [each.outcome for each in done] == ["created"] * 8
        rounds += 1
    assert kith.get_collection(collection).face_count == 24 * rounds
    assert 503 in refused
    http.close()


def test_people_are_asked_for_when_there_is_room() -> None:
    """So a generator of millions costs the memory of a few."""
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            begun.append(number)
            yield number

    found = results(items(), lambda number: number * 2, at_once=3)
    assert next(found) in (0, 2, 4)
    assert len(begun) <= 4
    assert len([*found]) == 99


def test_a_failure_ends_all_of_it() -> None:
    def work(number: int) -> int:
        return 1 // (number - 2)

    with pytest.raises(ZeroDivisionError):
        [*results(range(100), work, at_once=2)]

    async def fail() -> None:
        async def awaited(number: int) -> int:
            return work(number)

        async for _ in async_results(range(100), awaited, at_once=2):
            pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(fail())


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "Zoë Müller",
        "Zoe\u0308",
        "Анна Петрова",
        "ﬁ ß æ ł",
        "x" * 70,
        "é " * 40,
        "-a",
        "a/b",
        "ada-0123456789abcdef",
        "\udce9",
        "...",
        "李",
        "ada ",
        "Ada",
    ],
)
def test_a_name_has_the_id_that_the_service_gives_it(name: str) -> None:
    assert id_of_name(name) == ids.id_of_name(name)
