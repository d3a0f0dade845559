"""From one model to another and back: side by side until the switch, and never mixed."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from sqlalchemy import delete, select, update

from app.bootstrap import Container
from app.bundles.bundle import Bundle
from app.bundles.manifest import read_manifest
from app.core.paging import Paging
from app.errors import Conflict, ContractMismatch, NotFound
from app.feedback.models import Probe
from app.gallery.collection_schemas import CollectionPatch
from app.gallery.enrolment import Enroller, ImageFile
from app.gallery.models import Crop, Face, OtherTemplate, Person
from app.index.packing import unpack
from app.inference.embedder import OnnxEmbedder
from app.inference.pipeline import build_pipeline
from app.maintenance.switch import drop, ready
from app.receipts.keeping import keep_nothing
from app.replication.snapshot import snapshot_files
from app.settings import SHIPPED
from app.vision.crops import packed, unpacked
from tests.integration.reembed.galleries import contracts, evidence_row, named, position
from tests.integration.reembed.test_interleaved import _feedback, both
from tests.support.fake_bundle import write_fake_bundle
from tests.support.models import odd, reembedded, rows, switched
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection


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
    enroller: Enroller = new.services.persons.enroller
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
def test_who_was_enrolled_before_crops_were_kept_is_reported_and_nothing_computed(
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


@pytest.mark.parametrize(
    ("png", "why"),
    [
        (b"\x89PNG", "The bytes are no image"),
        (packed(np.zeros((8, 9, 3), np.uint8)), "It has 9 x 8 pixels"),
    ],
)
def test_a_damaged_crop_is_reported(old: Container, other: Path, png: bytes, why: str) -> None:
    with old.database.write() as session:
        session.execute(update(Crop).where(Crop.face_id == 2).values(png=png))
    with pytest.raises(Conflict, match=rf"face 2 of .* is damaged\. {why}.* enrol its photo again"):
        reembedded(old.database, other)


def test_people_to_enrol_again_are_counted_and_some_are_named(old: Container, other: Path) -> None:
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
    evidence = evidence_row(database)
    assert (evidence[0], evidence[2]) == (2, 1)
    reembedded(database, other)

    done = switched(database, other)
    assert (done.waiting, done.again, done.probes) == (1, 0, 2)
    assert rows(database, Probe) == 0
    assert evidence_row(database) == (0, 0.0, 0)
    thresholds = new.services.thresholds
    assert thresholds.threshold("doors").evidence.feedback.not_them == 0
    assert named(new, 1) == "ada", "the report's embedding is the old model's"

    done = switched(database, fake_bundle)
    assert (done.waiting, done.again) == (0, 1)
    assert evidence_row(database) == evidence
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
def test_other_templates_are_dropped_by_model_and_collection(
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
