"""``kith identify`` and ``kith persons`` at a real server, each with a key of one scope."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.support import made, ok
from tests.support.commands import Command
from tests.support.pictures import picture
from tests.support.server import ServerProcess

ADA, BOB, STRANGER = 1, 2, 3
SECRET = "MARK-4711"


@pytest.fixture
def running(server: Callable[..., ServerProcess]) -> ServerProcess:
    one = server()
    with one.client() as client:
        made(client.post("/collections", json={"id": "hq"}))
        for person, seed, name in (("ada", ADA, "[red]Ada"), ("bob", BOB, "Bob")):
            images = [("images", picture(seed, shake)) for shake in (1, 2)]
            fields = {"id": person, "name": name}
            made(client.post("/collections/hq/persons", data=fields, files=images))
        card = {"credentials": [{"system": "acs", "type": "card", "value": SECRET}]}
        ok(client.patch("/collections/hq/persons/ada", json=card))
    return one


@pytest.fixture
def key(running: ServerProcess, tmp_path: Path) -> Callable[..., Path]:
    def with_scopes(*scopes: str) -> Path:
        file = tmp_path / "-".join(scopes)
        with running.client() as client:
            new = {"scopes": scopes, "collections": ["hq"]}
            file.write_text(f"{made(client.post('/keys', json=new))['key']}\n")
        return file

    return with_scopes


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    files = {}
    for name, seed in (("ada", ADA), ("stranger", STRANGER)):
        files[name] = tmp_path / f"{name}.png"
        files[name].write_bytes(picture(seed, 9))
    files["text"] = tmp_path / "note.png"
    files["text"].write_text("no image")
    return files


def test_each_photo_gets_a_line_and_a_refused_one_stops_no_other(
    running: ServerProcess,
    key: Callable[..., Path],
    photos: dict[str, Path],
    kith_command: Command,
) -> None:
    there = "--collection", "hq", "--url", running.url
    reader = *there, "--key-file", key("identify", "read")
    ended = kith_command("identify", *photos.values(), *reader)
    assert ended.status == 3
    (of_ada, of_stranger) = ended.out.splitlines()
    assert of_ada.startswith(f"{photos['ada']}: identified ada ([red]Ada) similarity ")
    assert of_stranger.startswith(f"{photos['stranger']}: unknown")
    (refused,) = ended.err.splitlines()
    assert refused.startswith(f"{photos['text']}: ")
    ended = kith_command("identify", photos["stranger"], photos["ada"], *reader, "--json")
    assert (ended.status, ended.err) == (0, "")
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [each["file"] for each in answers] == [str(photos["stranger"]), str(photos["ada"])]
    assert [each["faces"][0]["person_id"] for each in answers] == [None, "ada"]
    ended = kith_command("identify", photos["ada"], *there, "--key-file", key("identify"))
    assert ended.out.startswith(f"{photos['ada']}: identified ada similarity")  # no name is due


def test_people_are_listed_shown_and_erased(
    running: ServerProcess,
    key: Callable[..., Path],
    photos: dict[str, Path],
    kith_command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = "--collection", "hq", "--url", running.url
    reader = *there, "--key-file", key("read")
    listed = kith_command("persons", "list", *reader)
    assert (listed.status, listed.err) == (0, "")
    assert [line.split()[1] for line in listed.out.splitlines() if "always" in line] == [
        "ada",
        "bob",
    ]
    assert "[red]Ada" in listed.out
    with running.client() as admin:
        for ends in ("2027-12-31T23:00:00Z", None):
            admin.patch("/collections/hq/persons/bob", json={"valid_until": ends})
            table = kith_command("persons", "list", *reader).out
            assert ("until" in table) is (ends is not None)
    assert "bob" not in kith_command("persons", "list", "--name", "[red]Ada", *reader).out
    assert "no such person" in kith_command("persons", "list", "--external-id", "7", *reader).out
    monkeypatch.setattr("app.cli.persons._PAGE", 1)
    lines = kith_command("persons", "list", "--json", *reader).out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["ada", "bob"]
    monkeypatch.setattr("app.cli.persons._MOST_SHOWN", 1)
    short = kith_command("persons", "list", *reader).out
    assert ("more than 1" in short, "bob" in short) == (True, False)
    shown = kith_command("persons", "show", "ada", *reader)
    assert ("name: [red]Ada" in shown.out, SECRET in shown.out) == (True, False)
    whole = json.loads(kith_command("persons", "show", "ada", "--json", *reader).out)
    assert (whole["face_count"], len(whole["faces"])) == (2, 2)
    assert kith_command("persons", "erase", "ada", *reader).status == 1  # the key may read only
    erased = kith_command("persons", "erase", "ada", *there, "--key-file", key("enroll"))
    assert (erased.status, erased.err) == (0, "Erased ada ([red]Ada), faces 2.\n")
    ended = kith_command("identify", photos["ada"], *there, "--key-file", key("identify"))
    assert "unknown" in ended.out
    assert "'ada'" in kith_command("persons", "show", "ada", *reader).err


def test_what_is_wrong_is_one_sentence(
    running: ServerProcess,
    key: Callable[..., Path],
    photos: dict[str, Path],
    kith_command: Command,
) -> None:
    there = "--collection", "hq", "--url", running.url
    identifies, reads = key("identify"), key("read")
    for said, arguments in (
        ("set KITH_KEY to one of scope read", ("persons", "list", *there)),
        ("set KITH_KEY to one of scope enroll", ("persons", "erase", "ada", *there)),
        ("set KITH_KEY to one of scope identify", ("identify", photos["ada"], *there)),
        ("scope", ("identify", photos["ada"], *there, "--key-file", reads)),
        ("scope", ("persons", "list", *there, "--key-file", identifies)),
        ("no id of a person", ("persons", "show", "a/b", *there, "--key-file", reads)),
        ("no id of a collection", ("identify", photos["ada"], "--collection", "h/q")),
        (
            "does not answer",
            ("persons", "list", *there[:2], "--url", "http://127.0.0.1:9", "--key-file", reads),
        ),
        (
            "is no Kith",
            ("persons", "list", *there[:2], "--url", f"{running.url}/docs?", "--key-file", reads),
        ),
    ):
        ended = kith_command(*arguments)
        assert ended.status == 1, arguments
        assert said in ended.err, ended.err
        assert (len(ended.err.splitlines()), ended.out) == (1, ""), ended.err
