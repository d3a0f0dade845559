"""``kith door log``: what a door has decided, as a table and as CSV."""

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.support.commands import Kith
from tests.support.pictures import picture
from tests.support.server import ServerProcess


def test_it_is_a_table_and_a_file(
    server: Callable[..., ServerProcess], fake_bundle: Path, kith: Kith, tmp_path: Path
) -> None:
    service = server()
    with service.client() as client:
        assert client.post("/collections", json={"id": "hq"}).status_code == 201
        assert client.post("/collections/hq/doors", json={"id": "front"}).status_code == 201
        images = [("images", picture(1, shake)) for shake in (1, 2, 3)]
        made = client.post("/collections/hq/persons", data={"id": "ada"}, files=images)
        assert made.status_code == 201
        frames = [("images", picture(1, shake)) for shake in (20, 21, 22)]
        answer = client.post("/doors/front/decisions", files=frames).json()
        assert answer["decision"] == "granted"
    log = partial(kith, service.data_dir, fake_bundle, "door", "log", "--door")
    said = log("front", "--person", "ada")
    assert "granted" in said
    assert "ada" in said
    assert "There is no such decision." in log("front", "--person", "bob")
    assert "There is no such decision." in log("front", "--to", "2026-01-01T00:00:00Z")
    assert "there is no 'asleep'" in log("front", "--reason", "asleep")
    assert "There is no door 'back'" in log("back")
    file = tmp_path / "log.csv"
    assert "decisions 1." in log("front", "--csv", file)
    (row,) = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    assert (row["event_id"], row["person_id"]) == (answer["event_id"], "ada")
