"""The bundle that comes with Kith: whole, small, and serving under its name alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.bundles.bundle import Bundle
from app.inference.pipeline import build_pipeline
from app.settings import SHIPPED, Settings
from tests.support.pictures import encoded
from tests.support.server import ServerProcess
from tests.unit.inference.faces import admiral, astronaut, resized
from training.datasets.base import ImageSet, split_identities
from training.datasets.folder import load_faces
from training.evaluate.verification import verify
from training.run_file import load_config

ROOT = Path(__file__).parents[2]
MINI = SHIPPED / "face-mini"
LARGEST = 4_000_000  # bytes, all files together
PEOPLE = 80


def test_the_shipped_bundle_is_whole_small_and_calibrated_for_itself() -> None:
    bundle = Bundle.load(MINI)
    assert sum(file.stat().st_size for file in MINI.iterdir()) <= LARGEST
    assert bundle.manifest.contract_id == bundle.manifest.expected_contract_id()
    assert bundle.calibration.evidence["contract_id"] == bundle.manifest.contract_id


def test_its_card_carries_the_licence_of_the_detector_inside() -> None:
    card = (MINI / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Copyright (c) 2020 Shiqi Yu" in card
    assert "Permission is hereby" in card


def test_a_folder_of_that_name_goes_before_the_shipped_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(model=Path("face-mini"))
    assert settings.bundle_dir == MINI
    Path("face-mini").mkdir()
    assert settings.bundle_dir == Path("face-mini")


def test_a_server_given_its_name_knows_who_it_enrolled_and_nobody_else(
    server: Callable[..., ServerProcess],
) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "PIP_INDEX_URL": "http://127.0.0.1:9"}
    with server(Path("face-mini"), **nowhere).client() as client:
        client.post("/collections", json={"id": "hq", "target_fpir": 0.001})
        image = {"images": encoded(astronaut())}
        made = client.post("/collections/hq/persons", data={"id": "eileen"}, files=image)
        assert made.status_code == 201, made.text
        answers = [
            client.post("/collections/hq/identify", files={"image": encoded(photo, "JPEG")}).json()
            for photo in (resized(astronaut()[:, ::-1], 0.7), admiral())
        ]
    eileen, grace = (answer["faces"][0] for answer in answers)
    assert (eileen["decision"], eileen["person_id"]) == ("identified", "eileen")
    assert (grace["decision"], grace["person_id"]) == ("unknown", None)


@pytest.mark.data
def test_it_decides_pairs_of_people_whom_it_never_saw(photos: Path, tmp_path: Path) -> None:
    faces = held_out(photos, tmp_path)
    rows = build_pipeline(Bundle.load(MINI)).embed(list(faces.images))
    pairs = verify(rows, faces.labels, pairs=2000, seed=1)
    assert pairs.accuracy() >= 0.95


def held_out(photos: Path, temporary: Path) -> ImageSet:
    """Two photos of each of some people whom the shipped run held out."""
    run = load_config(ROOT / "training" / "runs" / "face-mini.toml").data
    assert isinstance(run.unseen, float)
    folders = sorted(each for each in (photos / "lfw-devtrain").iterdir() if each.is_dir())
    names = tuple(each.name for each in folders)
    unseen = split_identities(names, unseen=run.unseen, seed=run.split_seed).unseen
    several = [each for each in folders if each.name in unseen and len(list(each.iterdir())) > 1]
    for folder in several[:PEOPLE]:
        (temporary / "faces" / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:3]:
            (temporary / "faces" / folder.name / file.name).symlink_to(file)
    found = load_faces(temporary / "faces", MINI, cache=temporary / "crops.npz")
    assert len(np.unique(found.labels)) == PEOPLE
    return found
