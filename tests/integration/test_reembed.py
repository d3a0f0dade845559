"""From one model to another and back: side by side until the switch, and never mixed."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from sqlalchemy import delete, select, update

from app.bootstrap import Container
from app.bundles.bundle import Bundle
from app.bundles.manifest import read_manifest
from app.core.db import Database
from app.core.paging import Paging
from app.errors import Conflict, ContractMismatch, NotFound, NotReady
from app.feedback.models import Probe
from app.gallery.enrolment import Enroller, ImageFile
from app.gallery.examination import Examiner
from app.gallery.models import Collection, Crop, Face, OtherTemplate, Person
from app.gallery.schemas import CollectionPatch
from app.gallery.templates import TemplateFeed
from app.index.packing import unpack
from app.inference.embedder import Embeddings, OnnxEmbedder
from app.inference.pipeline import build_pipeline
from app.maintenance import reembed as room
from app.maintenance.switch import drop, ready
from app.receipts.keeping import keep_nothing
from app.recognition.feedback import FeedbackService
from app.recognition.last_known import OutageSearch
from app.recognition.schemas.feedback import FeedbackOptions
from app.recognition.schemas.identification import IdentifyOptions
from app.replication.history import Position
from app.replication.replica import CollectionReplica
from app.replication.snapshot import snapshot_files
from app.settings import SHIPPED, Settings
from app.vision.crops import packed, unpacked
from app.vision.types import AlignedCrop
from tests.support.fake_bundle import contract_named, write_fake_bundle
from tests.support.models import odd, reembedded, rows, switched
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, running

both = pytest.mark.both_databases


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another model for the same crops, whose embeddings are even of another length."""
    return write_fake_bundle(tmp_path_factory.mktemp("bundles") / "other", seed=1, dimension=24)


@pytest.fixture
def old(settings: Settings, tmp_path: Path) -> Iterator[Container]:
    """Ada and Bob are at the doors, which keep crops."""
    with running(settings, tmp_path / "old") as container:
        make_collection(container, keep_crops=True, keep_probes=5)
        enrol(container, "ada", 1)
        enrol(container, "bob", 2)
        yield container


@pytest.fixture
def new(old: Container, settings: Settings, other: Path, tmp_path: Path) -> Iterator[Container]:
    """A service of the other model, on the same database."""
    del old
    with running(settings.model_copy(update={"model": other}), tmp_path / "new") as container:
        yield container


def named(service: Container, somebody: int) -> str | None:
    recognition = service.services.identification
    image, options = picture(somebody, 1), IdentifyOptions()
    found = recognition.identify("doors", image, options, request_id="r")
    winner = found.faces[0].winner
    return winner.person.id if winner else None


def position(database: Database) -> tuple[str, int, str]:
    with database.read() as session:
        row = session.scalars(select(Collection)).one()
        return row.epoch, row.revision, row.contract_id


def contracts(database: Database) -> set[str]:
    """Of the faces."""
    with database.read() as session:
        return set(session.scalars(select(Face.contract_id)))


@both
def test_there_and_back_with_somebody_enrolled_in_between(
    old: Container, new: Container, fake_bundle: Path, other: Path, tmp_path: Path
) -> None:
    database = old.database
    assert [named(old, 1), named(old, 2), named(old, 9)] == ["ada", "bob", None]
    before = position(database)
    assert [(it.there, it.computed) for it in reembedded(database, other)] == [(0, 2)]
    assert position(database) == before, "nothing has changed yet"
    assert [named(old, 1), named(old, 2)] == ["ada", "bob"]
    with pytest.raises(ContractMismatch):
        named(new, 1)
    assert odd(database, fake_bundle, tmp_path / "old" / "index") == []

    assert switched(database, other).faces == 2
    after = position(database)
    assert after[0] != before[0]
    assert after[1] == before[1] + 1
    assert {after[2]} == contracts(database) == {read_manifest(other).contract_id}
    with pytest.raises(ContractMismatch):
        named(old, 1)
    assert [named(new, 1), named(new, 2), named(new, 9)] == ["ada", "bob", None]
    enrol(new, "cid", 3)
    assert named(new, 3) == "cid"
    with pytest.raises(ContractMismatch):
        enrol(old, "dee", 4)
    assert odd(database, other, tmp_path / "new" / "index") == []

    with pytest.raises(Conflict, match=r"1 faces of the collection 'doors' .* without --switch"):
        switched(database, fake_bundle)
    assert [(it.there, it.computed) for it in reembedded(database, fake_bundle)] == [(2, 1)]
    assert switched(database, fake_bundle).before == after[2]
    assert [named(old, each) for each in (1, 2, 3, 9)] == ["ada", "bob", "cid", None]
    with pytest.raises(ContractMismatch):
        named(new, 3)
    assert odd(database, fake_bundle, tmp_path / "old" / "index") == []
    assert rows(database, OtherTemplate) == 3, "those of the other model wait"


def test_a_crop_embeds_as_the_photo_would(old: Container, new: Container, other: Path) -> None:
    reembedded(old.database, other)
    enroller: Enroller = new.services.persons._enroller
    photos = [ImageFile(None, picture(somebody)) for somebody in (1, 2)]
    wanted = np.stack([each.embedding for each in enroller.examine(photos)[0]])
    with old.database.read() as session:
        stored = session.scalars(select(OtherTemplate.embedding).order_by(OtherTemplate.face_id))
        found = unpack(stored.all(), 24)
    assert (found * wanted).sum(axis=1).min() > 0.9999


def test_a_crop_of_the_face_bundle_embeds_by_face_mini_as_the_photo_would(
    face_bundle: Path,
) -> None:
    face, mini = Bundle.load(face_bundle), Bundle.load(SHIPPED / "face-mini")
    assert face.manifest.crop_id == mini.manifest.crop_id
    photo = skimage.data.astronaut()
    kept = packed(build_pipeline(face).find(photo)[0].crop)
    pipeline = build_pipeline(mini)
    (wanted,) = pipeline.embed([pipeline.find(photo)[0].crop])
    (found,) = OnnxEmbedder(mini).embed([unpacked(kept)])
    assert float(found @ wanted) > 0.9999


@both
def test_who_was_enrolled_before_crops_were_kept_is_told_and_nothing_computed(
    old: Container, other: Path
) -> None:
    for collection in ("lab", "attic"):
        make_collection(old, collection)
        enrol(old, "eve", 5, collection)
    with pytest.raises(
        Conflict, match=r"lab: 1 faces \(eve\) without a kept crop; attic: 1 .* enrol .* again"
    ):
        reembedded(old.database, other)
    assert rows(old.database, OtherTemplate) == 0
    assert [it.collection_id for it in reembedded(old.database, other, "doors")] == ["doors"]
    with pytest.raises(Conflict, match="1 faces of the collection 'lab' have no embedding"):
        ready(old.database, [], read_manifest(other).contract_id)
    with pytest.raises(NotFound):
        reembedded(old.database, other, "doors", "cellar")


def test_crops_of_another_alignment_are_refused(old: Container, tmp_path: Path) -> None:
    unlike = write_fake_bundle(tmp_path / "unlike", seed=2, resize="contain")
    with pytest.raises(Conflict, match=r"doors: 2 faces \(ada, bob\) with a crop of another det"):
        reembedded(old.database, unlike)
    assert rows(old.database, OtherTemplate) == 0


def test_the_model_that_a_collection_has_leaves_nothing_to_do(
    old: Container, fake_bundle: Path
) -> None:
    with pytest.raises(Conflict, match=r"nothing to do: every collection is of fake-\w+ already"):
        reembedded(old.database, fake_bundle)
    with pytest.raises(Conflict, match=r"nothing to do: doors is of fake-"):
        switched(old.database, fake_bundle)


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
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert rows(old.database, OtherTemplate) == 2
    watched = Watched(other)
    (prepared,) = reembedded(old.database, other, embedder=watched)
    assert (prepared.there, prepared.computed, watched.asked) == (2, 3, 3)
    assert switched(old.database, other).faces == 5


@both
def test_who_is_removed_meanwhile_gets_no_embedding(old: Container, other: Path) -> None:
    persons = old.services.persons
    watched = Watched(other, lambda: persons.delete("doors", "bob"))
    (prepared,) = reembedded(old.database, other, embedder=watched)
    assert (prepared.computed, watched.asked) == (1, 2)
    assert rows(old.database, OtherTemplate) == 1


def test_who_is_enrolled_meanwhile_gets_one_too(
    old: Container, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BATCH", 1)
    watched = Watched(other, lambda: enrol(old, "cid", 3))
    assert reembedded(old.database, other, embedder=watched)[0].computed == 3
    assert switched(old.database, other).faces == 3


def test_a_collection_restored_meanwhile_gets_no_embedding_of_what_was_there(
    old: Container, other: Path
) -> None:
    """Its faces may have the numbers of others then."""

    def restore() -> None:
        with old.database.write() as session:
            session.execute(update(Position).values(epoch="another"))

    with pytest.raises(Conflict, match="'doors' was switched or restored during this run; run"):
        reembedded(old.database, other, embedder=Watched(other, restore))
    assert rows(old.database, OtherTemplate) == 0


@pytest.mark.parametrize(
    ("png", "why"),
    [
        (b"\x89PNG", "The bytes are no image"),
        (packed(np.zeros((8, 9, 3), np.uint8)), "It has 9 x 8 pixels"),
    ],
)
def test_a_damaged_crop_is_told(old: Container, other: Path, png: bytes, why: str) -> None:
    with old.database.write() as session:
        session.execute(update(Crop).where(Crop.face_id == 2).values(png=png))
    with pytest.raises(Conflict, match=rf"face 2 of .* is damaged\. {why}.* enrol its photo again"):
        reembedded(old.database, other)


def test_whom_to_enrol_again_is_told_of_some_and_counted_of_all(
    old: Container, other: Path
) -> None:
    for somebody in range(3, 13):
        enrol(old, f"p{somebody:02}", somebody)
    with old.database.write() as session:
        session.execute(delete(Crop))
    with pytest.raises(Conflict, match=r"12 faces \(ada, bob, p03, .*, p10 and 2 others\) without"):
        reembedded(old.database, other)


def test_a_snapshot_that_the_old_model_left_is_nothing_odd(
    old: Container, other: Path, tmp_path: Path
) -> None:
    """A service that stops just after the switch writes its gallery once more."""
    index = tmp_path / "old" / "index"
    named(old, 1)
    reembedded(old.database, other)
    switched(old.database, other)
    old.follower.replicas.keep()
    assert snapshot_files(index)
    assert odd(old.database, other, index) == []


def _feedback(service: Container, somebody: int, shake: int = 1) -> None:
    feedback = service.services.feedback
    options = FeedbackOptions(person_id="ada", verdict="not_them")
    feedback.give("doors", options, picture(somebody, shake), keep_nothing)


_MEANWHILE: dict[str, tuple[type, str, Callable[[Container], object], type[Exception] | None]] = {
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
"""What a service of the old model is about, the step of it after which the collection is switched,
and how it ends: a decision that was made stands, and its probe is not kept."""


@pytest.mark.parametrize("what", _MEANWHILE)
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
    owner, name, act, refused = _MEANWHILE[what]
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
    assert _evidence_row(old.database) == (0, 0.0, 0)


def test_a_replica_of_the_old_model_never_reads_the_new_ones_templates(
    old: Container, fake_bundle: Path, other: Path
) -> None:
    reembedded(old.database, other)
    switched(old.database, other)
    contract_id = read_manifest(fake_bundle).contract_id
    feed = TemplateFeed(old.database, contract_named(contract_id))
    for revision in (None, 1):
        with pytest.raises(ContractMismatch, match="'doors' holds templates of"):
            feed.since(1, revision)


def _evidence_row(database: Database) -> tuple[int, float, int]:
    with database.read() as session:
        counts = session.scalars(select(Collection)).one().counts
        assert counts is not None
        return counts.probes, counts.expected_false_positives, counts.false_positives


@both
def test_reports_and_counts_are_of_their_model_and_come_back_with_it(
    old: Container, new: Container, fake_bundle: Path, other: Path
) -> None:
    database = old.database
    assert [named(old, 1), named(old, 9)] == ["ada", None]
    _feedback(old, 1)
    assert named(old, 1) != "ada"
    assert old.observers.settle(60)
    assert rows(database, Probe) == 2
    told = _evidence_row(database)
    assert (told[0], told[2]) == (2, 1)
    reembedded(database, other)

    done = switched(database, other)
    assert (done.waiting, done.again, done.probes) == (1, 0, 2)
    assert rows(database, Probe) == 0
    assert _evidence_row(database) == (0, 0.0, 0)
    thresholds = new.services.thresholds
    assert thresholds.threshold("doors").evidence.feedback.not_them == 0
    assert named(new, 1) == "ada", "the report's embedding is the old model's"

    done = switched(database, fake_bundle)
    assert (done.waiting, done.again) == (0, 1)
    assert _evidence_row(database) == told
    assert named(old, 1) != "ada"


@both
def test_crops_are_kept_where_asked_and_go_with_what_they_are_of(old: Container) -> None:
    collections = old.services.collections
    persons = old.services.persons
    make_collection(old, "lab")
    enrol(old, "eve", 5, "lab")
    assert rows(old.database, Crop) == 2, "none of the lab's"
    persons.add_faces("doors", "ada", [ImageFile(None, picture(1, 1))], keep_nothing)
    assert rows(old.database, Crop) == 3
    (first, *_) = persons.faces("doors", "ada", Paging(limit=9, after=0)).items
    persons.delete_face("doors", "ada", first.id)
    assert rows(old.database, Crop) == 2
    persons.delete("doors", "ada")
    assert rows(old.database, Crop) == 1
    collections.update("lab", CollectionPatch(keep_crops=True))
    enrol(old, "fay", 6, "lab")
    collections.update("doors", CollectionPatch(keep_crops=False))
    with old.database.read() as session:
        left = session.scalars(select(Person.id).join(Face).join(Crop)).all()
    assert left == ["fay"]
    collections.update("lab", CollectionPatch(name="unlike"))
    assert rows(old.database, Crop) == 1
    collections.delete("lab", force=True)
    assert rows(old.database, Crop) == 0


@both
def test_what_is_beside_is_dropped_by_model_and_collection(
    old: Container, other: Path, tmp_path: Path
) -> None:
    third = write_fake_bundle(tmp_path / "third", seed=3)
    make_collection(old, "lab", keep_crops=True)
    enrol(old, "eve", 5, "lab")
    for bundle in (other, third):
        reembedded(old.database, bundle)
    assert drop(old.database, ["doors"], read_manifest(third).contract_id) == {"doors": 2}
    assert rows(old.database, OtherTemplate) == 4
    assert drop(old.database, [], None) == {"doors": 2, "lab": 2}
    assert rows(old.database, OtherTemplate) == 0
    assert rows(old.database, Crop) == rows(old.database, Face) == 3
