"""``kith reembed`` as an operator meets it, with services of both models on one database."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from app.replication.snapshot import snapshot_files
from app.settings import Settings
from tests.support.commands import Kith
from tests.support.fake_bundle import write_fake_bundle
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.support.services import enrol, make_collection, near, running


def _asked(service: ServerProcess, somebody: int) -> str:
    """The id of the person, or the code of the error."""
    files = {"image": ("probe.png", picture(somebody, 1))}
    with service.client() as client:
        body = client.post("/collections/hq/identify", files=files).json()
    return str(body["faces"][0]["person_id"]) if "faces" in body else str(body["code"])


def _enrolled(service: ServerProcess, person: str, somebody: int) -> httpx.Response:
    images = {"images": (f"{person}.png", picture(somebody))}
    with service.client() as client:
        return client.post("/collections/hq/persons", data={"id": person}, files=images)


def _expect(said: str, *parts: str, code: int = 0) -> None:
    assert said.endswith(f"[{code}]"), said
    assert all(part in said for part in parts), said
    assert "Traceback" not in said


@pytest.mark.on_postgresql
def test_services_of_both_models_run_side_by_side_through_a_switch_and_back(
    server: Callable[..., ServerProcess],
    database_url: str,
    fake_bundle: Path,
    tmp_path: Path,
    kith: Kith,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = write_fake_bundle(tmp_path / "other", seed=1, dimension=24)
    monkeypatch.setenv("KITH_DATABASE_URL", database_url)
    old = server(fake_bundle, KITH_DATABASE_URL=database_url)
    new = server(other, KITH_DATABASE_URL=database_url)
    with old.client() as admin:
        assert admin.post("/collections", json={"id": "hq", "keep_crops": True}).is_success
    assert _enrolled(old, "ada", 1).is_success
    here = partial(kith, old.data_dir, fake_bundle)
    there = partial(kith, new.data_dir, other)

    said = here("reembed", "--model", other)
    _expect(said, "hq: 1 faces embedded, 0 were already.", "Nothing that is answered has changed.")
    assert [_asked(old, 1), _asked(new, 1)] == ["ada", "contract_mismatch"]
    _expect(here("reembed", "--model", other, "--switch"), "hq: 1 faces switched, fake-")
    assert [_asked(old, 1), _asked(new, 1)] == ["contract_mismatch", "ada"]
    assert _enrolled(old, "bob", 2).json()["code"] == "contract_mismatch"
    assert _enrolled(new, "bob", 2).is_success
    _expect(there("check"))

    back = ("reembed", "--model", fake_bundle)
    _expect(there(*back, "--switch"), "1 faces of the collection 'hq' have no embedding", code=1)
    _expect(there(*back), "hq: 1 faces embedded, 1 were already.")
    _expect(there(*back, "--switch"), "hq: 2 faces switched, fake-")
    assert [_asked(old, 1), _asked(old, 2), _asked(new, 2)] == ["ada", "bob", "contract_mismatch"]
    _expect(here("check"))
    _expect(here("reembed", "--drop"), "hq: 2 embeddings deleted.")


def test_what_cannot_be_done_is_one_clear_line(
    tmp_path: Path, fake_bundle: Path, kith: Kith
) -> None:
    data = tmp_path / "data"
    other = write_fake_bundle(tmp_path / "other", seed=1)
    with running(Settings(model=fake_bundle, data_dir=data), data) as service:
        make_collection(service, "hq")
        enrol(service, "ada", 1, "hq")
        near(service, 1, "hq")
    here = partial(kith, data, fake_bundle, "reembed")
    _expect(here(), "Say with --model which bundle", code=1)
    _expect(here("--model", other, "--switch", "--drop"), "--switch or --drop, not both", code=1)
    _expect(here("--model", tmp_path), "is no model bundle", code=1)
    _expect(here("--model", fake_bundle), "There is nothing to do: every collection is of", code=1)
    _expect(here("--model", other), "hq: 1 faces (ada) without a kept crop", code=1)
    with running(Settings(model=fake_bundle, data_dir=data), data) as service:
        service.services.persons.delete("hq", "ada")
    assert snapshot_files(data / "index")
    _expect(here("--model", other, "--switch"), "hq: 0 faces switched")
    assert not snapshot_files(data / "index"), "it is of the old model"
