"""Services of two models enrol, remove and look in a collection that is switched to and fro."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from app.bootstrap import Container
from app.bundles.manifest import read_manifest
from app.errors import Conflict, ContractMismatch, NotReady
from app.gallery.models import Collection, Crop, Face
from app.settings import Settings
from tests.chaos.conftest import Length
from tests.support.fake_bundle import write_fake_bundle
from tests.support.models import odd, reembedded, rows, switched
from tests.support.services import enrol, make_collection, near, running

pytestmark = pytest.mark.both_databases


class Clients(threading.Thread):
    """Uses one service until ``stop``; ``wrong`` holds answers that it should never get."""

    def __init__(self, service: Container, name: str) -> None:
        super().__init__(daemon=True)
        self._service = service
        self._rng = random.Random(name)  # noqa: S311 - not for secrets
        self._prefix = name
        self.ending = threading.Event()
        self.enrolled: list[str] = []
        self.refused = 0
        self._acted = threading.Semaphore(0)
        self.wrong: list[Exception] = []

    def wait(self, acts: int) -> None:
        """Wait until it has done ``acts`` more."""
        while self._acted.acquire(blocking=False):
            pass
        for _ in range(acts):
            assert self._acted.acquire(timeout=60), self.wrong

    def run(self) -> None:
        acts = (self._enrol, self._enrol, self._remove, self._look)
        for number in range(10**9):
            if self.ending.is_set() or self.wrong:
                return
            try:
                self._rng.choice(acts)(number)
            except (ContractMismatch, NotReady):
                self.refused += 1
                self.ending.wait(0.005)
            except Exception as error:  # noqa: BLE001 - whatever it is
                self.wrong.append(error)
            self._acted.release()

    def _enrol(self, number: int) -> None:
        enrol(self._service, person := f"{self._prefix}-{number}", self._rng.randrange(10**6))
        self.enrolled.append(person)

    def _remove(self, number: int) -> None:
        del number
        if self.enrolled:
            persons = self._service.services.persons
            persons.delete("doors", self.enrolled[-1])
            self.enrolled.pop()

    def _look(self, number: int) -> None:
        near(self._service, number)


@pytest.fixture
def bundles(fake_bundle: Path, tmp_path: Path) -> list[Path]:
    return [fake_bundle, write_fake_bundle(tmp_path / "other", seed=1, dimension=24)]


@pytest.fixture
def services(settings: Settings, bundles: list[Path], tmp_path: Path) -> Iterator[list[Container]]:
    """One of each model, on one database."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                running(settings.model_copy(update={"model": bundle}), tmp_path / bundle.name)
            )
            for bundle in bundles
        ]


def test_no_face_is_ever_of_another_model_than_its_collection(
    services: list[Container], bundles: list[Path], length: Length, tmp_path: Path
) -> None:
    database = services[0].database
    make_collection(services[0], keep_crops=True, keep_probes=5)
    clients = [Clients(each, f"{name}") for name, each in zip("ab", services, strict=True)]
    for client in clients:
        client.start()
    for turn in range(1, length.of(short=6, long=600) + 1):
        _switch(services[0], bundles[turn % 2])
        for client in clients:
            client.wait(5)
    for client in clients:
        client.ending.set()
        client.join(60)
        assert client.wrong == []
    assert all(client.refused for client in clients)
    assert rows(database, Face) == rows(database, Crop) == sum(len(it.enrolled) for it in clients)
    assert odd(database, bundles[0], tmp_path / bundles[0].name / "index") == []


def _switch(service: Container, bundle: Path) -> None:
    """Repeat the two steps while somebody is enrolled between them."""
    wanted = {read_manifest(bundle).contract_id}
    while (found := _contracts(service)) != wanted:
        assert len(found) == 1, found
        with suppress(Conflict, NotReady):
            reembedded(service.database, bundle)
            switched(service.database, bundle)


def _contracts(service: Container) -> set[str]:
    """The contracts of the collection and all its faces, at one instant."""
    with service.database.read() as session:
        faces = session.scalars(select(Face.contract_id)).all()
        return {*faces, *session.scalars(select(Collection.contract_id))}
