"""``kith enroll``: whose folder it is, in any script and spelling."""

import sqlite3
import unicodedata
from pathlib import Path
from typing import Literal

from app.gallery.schemas import NewPerson, PersonPatch
from app.receipts.keeping import keep_nothing
from app.settings import Settings
from tests.support.commands import Kith
from tests.support.folders import people_enrolled, put_photo, read_report
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, near, running

FIVE_SCRIPTS = ("Анна Петрова", "王小明", "محمد علي", "Zoë Müller", "김철수", "राम शर्मा")
FIVE_MORE = ("Борис Иванов", "李小龙", "فاطمة حسن", "Zoé Möller", "이영희", "सीता शर्मा")
"""Which all had the ids of the first ones, made of their Latin letters alone."""


def test_people_of_five_scripts_in_two_runs_are_people_of_their_own(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data = tmp_path / "data"
    for run, names in enumerate((FIVE_SCRIPTS, FIVE_MORE)):
        for number, name in enumerate(names):
            put_photo(tmp_path / f"run {run}", name, "1.png", picture(20 * run + number))
        said = kith(data, fake_bundle, "enroll", "--collection", "hq", tmp_path / f"run {run}")
        assert f"{len(names)} photos enrolled, 0 were already, 0 refused." in said
        assert said.endswith("[0]")
    enrolled = people_enrolled(data, fake_bundle)
    assert set(enrolled) == {*FIVE_SCRIPTS, *FIVE_MORE}
    assert {count for _, count in enrolled.values()} == {1}
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        assert enrolled["Борис Иванов"][0] in near(container, 20, "hq")
    again = kith(data, fake_bundle, "enroll", "--collection", "hq", tmp_path / "run 0")
    assert f"0 photos enrolled, {len(FIVE_SCRIPTS)} were already, 0 refused." in again
    assert people_enrolled(data, fake_bundle) == enrolled


def test_a_person_of_the_id_but_of_another_name_is_left_alone(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data, people, report = tmp_path / "data", tmp_path / "people", tmp_path / "report.json"
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        make_collection(container, "hq")
        persons = container.services.persons
        for person_id, name in (("ada", "Ada Lovelace"), ("bob", None), ("eve", "eve")):
            persons.create("hq", NewPerson(id=person_id, name=name), [], keep_nothing)
    for somebody, name in enumerate(("ada", "bob", "eve")):
        for shake in range(2):
            put_photo(people, name, f"{shake}.png", picture(somebody, shake))

    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people, "--report", report)

    assert "2 photos enrolled, 0 were already, 4 refused." in said
    assert "ada/ (photos: 2): not_this_person: The person 'ada' is called 'Ada Lovelace'." in said
    assert "bob/ (photos: 2): not_this_person: The person 'bob' has no name." in said
    assert said.endswith("[3]")
    written = read_report(report)
    assert [row["person_id"] for row in written["photos"] if row["outcome"] == "refused"] == [
        None
    ] * 4
    assert people_enrolled(data, fake_bundle) == {
        "Ada Lovelace": ("ada", 0),
        "None": ("bob", 0),
        "eve": ("eve", 2),
    }
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        persons = container.services.persons
        persons.update("hq", "ada", PersonPatch(name="ada"))
    assert "2 photos enrolled, 2 were already, 2 refused." in kith(
        data, fake_bundle, "enroll", "--collection", "hq", people
    )


def _former(data: Path, bundle: Path, people: dict[str, tuple[str, int]]) -> None:
    """A gallery as Kith enrolled it when an id was a name without what an id may not hold."""
    with running(Settings(data_dir=data, model=bundle), data) as container:
        make_collection(container, "hq")
        for person_id, somebody in people.values():
            enrol(container, person_id, somebody, "hq")
    connection = sqlite3.connect(data / "kith.db")
    with connection:
        for name, (person_id, _) in people.items():
            connection.execute("UPDATE persons SET name = ? WHERE id = ?", (name, person_id))
    connection.close()


def test_a_gallery_that_an_earlier_kith_enrolled_goes_on(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data, people = tmp_path / "data", tmp_path / "people"
    nfd = unicodedata.normalize("NFD", "Zoë M")
    former = {"Анна Петрова": ("person", 1), nfd: ("Zoe-M", 2), "Ada Lovelace": ("Ada-Lovelace", 3)}
    _former(data, fake_bundle, former)
    somebodies = {"Анна Петрова": 1, "Zoë M": 2, "Ada Lovelace": 3}
    others = {"Борис Иванов": 4, "Zoe+M": 5, "Ada+Lovelace": 6}
    for name, somebody in {**somebodies, **others}.items():
        put_photo(people, name, "1.png", picture(somebody))
        put_photo(people, name, "2.png", picture(somebody, 1))

    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people)

    assert "9 photos enrolled, 3 were already, 0 refused." in said
    enrolled = people_enrolled(data, fake_bundle)
    assert {name: enrolled[name] for name in former} == {
        name: (person_id, 2) for name, (person_id, _) in former.items()
    }
    assert set(enrolled) == {*former, *others}
    assert "0 photos enrolled, 12 were already, 0 refused." in kith(
        data, fake_bundle, "enroll", "--collection", "hq", people
    )


def test_a_name_is_one_however_the_disk_spells_it(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data = tmp_path / "data"
    forms: tuple[tuple[Literal["NFC", "NFD"], int], ...] = (("NFC", 0), ("NFD", 1))
    for form, shake in forms:
        name = unicodedata.normalize(form, "Zoë Müller")
        put_photo(tmp_path / form, name, f"{form}.png", picture(1, shake))
        put_photo(tmp_path / "both", name, f"{form}.png", picture(1, shake))
    for folder, said in (
        ("NFC", "1 photos enrolled, 0 were already, 0 refused."),
        ("NFD", "1 photos enrolled, 0 were already, 0 refused."),
        ("both", "0 photos enrolled, 2 were already, 0 refused."),
    ):
        assert said in kith(data, fake_bundle, "enroll", "--collection", "hq", tmp_path / folder)
    ((name, (_, faces)),) = people_enrolled(data, fake_bundle).items()
    assert (name, faces) == ("Zoë Müller", 2)
