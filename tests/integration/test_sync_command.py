"""``kith sync`` against a real server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.support import made, ok
from tests.support.commands import Command
from tests.support.server import ServerProcess

SECRET = "MARK-4711"


@pytest.fixture
def running(server: Callable[..., ServerProcess]) -> ServerProcess:
    one = server()
    with one.client() as client:
        made(client.post("/collections", json={"id": "hq"}))
        made(client.post("/collections/hq/groups", json={"id": "staff"}))
    return one


@pytest.fixture
def key(running: ServerProcess, tmp_path: Path) -> Path:
    """The file of a key that may enrol and nothing else."""
    with running.client() as client:
        new = made(client.post("/keys", json={"scopes": ["enroll"], "collections": ["hq"]}))
    file = tmp_path / "enroll.key"
    file.write_text(f"{new['key']}\n")
    return file


def written(folder: Path, *names: str, **fields: Any) -> Path:  # noqa: ANN401
    file = folder / "people.ndjson"
    lines = [{"external_id": name, "groups": ["staff"], **fields} for name in names]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def test_a_file_is_compared_then_taken_over(
    running: ServerProcess, key: Path, tmp_path: Path, kith_command: Command
) -> None:
    there = "--collection", "hq", "--url", running.url, "--key-file", key
    cards = [{"system": "acs", "type": "card", "value": SECRET}]
    file = written(tmp_path, "a/1", "[red]b", "c")
    ended = kith_command("sync", file, *there, "--dry-run")
    assert (ended.status, ended.err) == (0, "")
    assert "A dry run: nothing was changed" in ended.out
    assert "3 people in the file: 3 created" in ended.out
    ended = kith_command("sync", file, *there)
    assert ended.status == 0
    assert "[red]b" in ended.out
    with running.client() as client:
        people = ok(client.get("/collections/hq/persons"))["items"]
        assert [each["external_id"] for each in people] == ["a/1", "[red]b", "c"]
    ended = kith_command("sync", written(tmp_path, "a/1", credentials=cards), *there)
    assert "credentials" in ended.out
    assert "1 changed, 0 suspended" in ended.out
    assert SECRET not in ended.out + ended.err
    ended = kith_command(
        "sync", written(tmp_path, "a/1"), *there, "--missing", "suspend", "--dry-run"
    )
    assert ended.status == 3
    assert "max_change=0.67" in ended.err
    ended = kith_command("sync", written(tmp_path, "a/1"), *there, "--missing", "suspend")
    assert ended.status == 1
    assert "2 of 3 people" in ended.err
    more = "--missing", "suspend", "--max-change", "0.67"
    ended = kith_command("sync", written(tmp_path, "a/1"), *there, *more)
    assert (ended.status, "2 suspended" in ended.out) == (0, True)


def test_what_is_wrong_is_said_with_its_line(
    running: ServerProcess, key: Path, tmp_path: Path, kith_command: Command
) -> None:
    there = "--collection", "hq", "--url", running.url
    file = written(tmp_path, "a", groups=["staff", "nobody"])
    ended = kith_command("sync", file, *there, "--key-file", key)
    assert ended.status == 1
    assert "line 1: groups[1]: there is no group 'nobody'" in ended.err
    assert "KITH_KEY" in kith_command("sync", file, *there).err
    ended = kith_command("sync", file, *there, KITH_KEY="not-a-key-of-this-service")
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    elsewhere = "--collection", "hq", "--url", "http://127.0.0.1:9", "--key-file", key
    assert "does not answer" in kith_command("sync", file, *elsewhere).err
    ended = kith_command("sync", file, "--collection", "hq", "--url", "ftp://x", "--key-file", key)
    assert "http://127.0.0.1:8000" in ended.err
    assert kith_command("sync", file, "--collection", "h/q", "--key-file", key).status == 1
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert "empty" in kith_command("sync", empty, *there, "--key-file", key).err
    table = tmp_path / "people.csv"
    table.write_text(f"external_id,groups,card:acs\n1,staff,{SECRET}\n2,staff|nobody,\n")
    ended = kith_command("sync", table, *there, "--key-file", key)
    assert "line 3: groups[1]: there is no group 'nobody'" in ended.err
    table.write_text(f"external_id,groups,card:acs\n1,staff,{SECRET}\n2,staff,\n")
    ended = kith_command("sync", table, *there, "--key-file", key)
    assert (ended.status, "2 created" in ended.out) == (0, True)
    table.write_text("external_id\n1\n2,3\n")
    ended = kith_command("sync", table, *there, "--key-file", key)
    assert (ended.status, "line 3 has 2 cells" in ended.err) == (1, True)


def test_each_fault_is_said_once_in_the_order_of_the_lines(
    running: ServerProcess, key: Path, tmp_path: Path, kith_command: Command
) -> None:
    there = "--collection", "hq", "--url", running.url, "--key-file", key
    card = {"system": "acs", "type": "card", "value": SECRET}
    assert kith_command("sync", written(tmp_path, "z", credentials=[card]), *there).status == 0
    file = tmp_path / "wrong.ndjson"
    people: list[dict[str, Any]] = [
        {"external_id": "a", "credentials": [card]},
        {"external_id": "b", "groups": ["nobody"]},
    ]
    file.write_text("".join(f"{json.dumps(each)}\n" for each in people))
    faults = kith_command("sync", file, *there).err.splitlines()
    assert [each.strip()[:8] for each in faults[:2]] == ["line 1: ", "line 2: "]
    assert faults[2:] == ["kith: The file has 2 faults; nothing was changed."]
    file.write_text(f"{json.dumps(people[1])}\n")
    (only,) = kith_command("sync", file, *there).err.splitlines()
    assert only.count("there is no group 'nobody'") == 1
    wrong = kith_command("persons", "list", "--name", "", "--external-id", "", *there).err
    assert wrong.count("external_id: ") == wrong.count("name: ") == 1
