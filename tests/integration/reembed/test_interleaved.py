"""Removals, enrolments, restores, decisions and a crash in the midst of a change of model."""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.bootstrap import Container
from app.bundles.bundle import Bundle
from app.bundles.manifest import read_manifest
from app.errors import Conflict, ContractMismatch, NotReady
from app.feedback.models import Probe
from app.gallery.enrolment import ImageFile
from app.gallery.examination import Examiner
from app.gallery.models import Face, OtherTemplate
from app.gallery.templates import TemplateFeed
from app.inference.embedder import Embeddings, OnnxEmbedder
from app.maintenance import reembed as room
from app.receipts.keeping import keep_nothing
from app.recognition.feedback import FeedbackService
from app.recognition.last_known import OutageSearch
from app.recognition.schemas.feedback import FeedbackOptions
from app.replication.history import Position
from app.replication.replica import CollectionReplica
from app.vision.types import AlignedCrop
from tests.integration.reembed.galleries import contracts, evidence_row, named
from tests.support.fake_bundle import contract_named
from tests.support.models import reembedded, rows, switched
from tests.support.pictures import picture
from tests.support.services import enrol

both = pytest.mark.both_databases
_KILLED = """
import os, signal, sys
from pathlib import Path
from app.core.db import Database
from app.maintenance import reembed as room
from tests.support.models import reembedded

keep, calls = room.Reembedding._keep, []

def keep_once(self, owner, rows):
    if calls:
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(rows)
    return keep(self, owner, rows)

room.BATCH, room.Reembedding._keep = 2, keep_once
reembedded(Database(sys.argv[1]), Path(sys.argv[2]))
"""


class Watched:
    """An embedder that counts what it is asked, and does ``first`` before it answers at first."""

    def __init__(self, bundle: Path, first: Callable[[], object] = lambda: None) -> None:
        self._embedder = OnnxEmbedder(Bundle.load(bundle))
        self._first = first
        self.asked = 0

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        if not self.asked:
            self._first()
        self.asked += len(crops)
        return self._embedder.embed(crops)


def test_killed_in_the_midst_it_goes_on_where_it_stopped(old: Container, other: Path) -> None:
    for somebody in (3, 4, 5):
        enrol(old, f"p{somebody}", somebody)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, old.settings.database, str(other)],
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert rows(old.database, OtherTemplate) == 2
    watched = Watched(other)
    (prepared,) = reembedded(old.database, other, embedder=watched)
    assert (prepared.there, prepared.computed, watched.asked) == (2, 3, 3)
    assert switched(old.database, other).faces == 5


@both
def test_who_is_removed_during_it_gets_no_embedding(old: Container, other: Path) -> None:
    persons = old.services.persons
    watched = Watched(other, lambda: persons.delete("doors", "bob"))
    (prepared,) = reembedded(old.database, other, embedder=watched)
    assert (prepared.computed, watched.asked) == (1, 2)
    assert rows(old.database, OtherTemplate) == 1


def test_who_is_enrolled_during_it_gets_one_too(
    old: Container, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BATCH", 1)
    watched = Watched(other, lambda: enrol(old, "cid", 3))
    assert reembedded(old.database, other, embedder=watched)[0].computed == 3
    assert switched(old.database, other).faces == 3


def test_a_collection_restored_in_between_gets_no_embedding_of_what_was_there(
    old: Container, other: Path
) -> None:
    """Its faces may have the numbers of others then."""

    def restore() -> None:
        with old.database.write() as session:
            session.execute(update(Position).values(epoch="another"))

    with pytest.raises(Conflict, match="'doors' was switched or restored during this run; run"):
        reembedded(old.database, other, embedder=Watched(other, restore))
    assert rows(old.database, OtherTemplate) == 0


def _feedback(service: Container, somebody: int, shake: int = 1) -> None:
    feedback = service.services.feedback
    options = FeedbackOptions(person_id="ada", verdict="not_them")
    feedback.give("doors", options, picture(somebody, shake), keep_nothing)


_OPERATIONS: dict[str, tuple[type, str, Callable[[Container], object], type[Exception] | None]] = {
    "an enrolment": (Examiner, "examine", lambda it: enrol(it, "cid", 3), ContractMismatch),
    "a face added": (
        Examiner,
        "examine",
        lambda it: it.services.persons.add_faces(
            "doors", "ada", [ImageFile(None, picture(1, 7))], keep_nothing
        ),
        ContractMismatch,
    ),
    "feedback": (FeedbackService, "_judged", lambda it: _feedback(it, 1), ContractMismatch),
    "an identification": (CollectionReplica, "search", lambda it: named(it, 1), NotReady),
    "an unknown probe": (OutageSearch, "nearest", lambda it: named(it, 9), None),
}
"""An operation of a service of the old model, the step of it after which the collection is
switched, and the error that ends it. None: its decision stands, and its probe is not kept."""


@pytest.mark.parametrize("what", _OPERATIONS)
def test_what_began_before_the_switch_leaves_nothing_of_the_old_model_after_it(
    old: Container, other: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    _began_before_the_switch(old, other, monkeypatch, what)


@pytest.mark.on_postgresql
def test_an_enrolment_that_began_before_the_switch_is_refused_on_postgresql_too(
    old: Container, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _began_before_the_switch(old, other, monkeypatch, "an enrolment")


def _began_before_the_switch(
    old: Container, other: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    owner, name, act, refused = _OPERATIONS[what]
    step = getattr(owner, name)

    def step_and_switch(self: object, *args: Any, **options: Any) -> object:  # noqa: ANN401
        found = step(self, *args, **options)
        monkeypatch.undo()
        switched(old.database, other)
        return found

    reembedded(old.database, other)
    monkeypatch.setattr(owner, name, step_and_switch)
    with pytest.raises(refused) if refused else nullcontext():
        act(old)
    assert old.observers.settle(60)
    assert contracts(old.database) == {read_manifest(other).contract_id}
    assert [rows(old.database, each) for each in (Face, Probe)] == [2, 0]
    exposures = old.services.feedback._records._exposures
    exposures.add(1, probes=7, expected=7.0)  # judged by the old model, written later
    exposures.write()
    assert evidence_row(old.database) == (0, 0.0, 0)


def test_a_replica_of_the_old_model_never_reads_the_new_ones_templates(
    old: Container, fake_bundle: Path, other: Path
) -> None:
    reembedded(old.database, other)
    switched(old.database, other)
    contract_id = read_manifest(fake_bundle).contract_id
    feed = TemplateFeed(old.database, contract_named(contract_id))
    for revision in (None, 1):
        with (
            pytest.raises(ContractMismatch, match="'doors' holds templates of"),
            feed.since(1, revision) as parts,
        ):
            next(parts)
