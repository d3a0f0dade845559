"""Pulling over a bundle that is there: what is replaced, and what is the operator's own."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.bundles.manifest import sha256_of
from app.bundles.pull import pull
from app.bundles.writing import ModelFile, add_model, use_calibration, write_bundle
from app.errors import BundleError
from tests.support.fake_bundle import (
    as_earlier_releases,
    fake_calibration,
    former_calibration,
    write_fake_bundle,
)
from tests.unit.bundles.publisher import Publisher, published


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Publisher]:
    with published(tmp_path) as publisher:
        yield publisher


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models" / "tiny"


def test_models_that_are_whole_are_kept_when_the_rest_is_of_an_older_release(
    world: Publisher, destination: Path
) -> None:
    pull(destination, source=world.folder, recipe=world.recipe)
    (destination / "calibration.json").write_text('{"format": 0}')
    world.wheel.unlink()
    pull(destination, recipe=world.recipe)
    assert world.asked == []
    assert {each.name for each in destination.parent.iterdir()} == {"tiny", ".tiny.lock"}


def _revised(world: Publisher, file: str, **changed: object) -> None:
    """The next release of the recipe."""
    content = json.loads((world.recipe / file).read_text())
    (world.recipe / file).write_text(json.dumps(content | changed))


def test_an_older_calibration_is_replaced_and_the_contract_stays(
    world: Publisher, destination: Path
) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    _revised(world, "calibration.json", ambiguity_margin=0.02)
    world.wheel.unlink()
    again = pull(destination, recipe=world.recipe, keep_contract=True)
    assert again.calibration.ambiguity_margin == 0.02
    assert again.manifest.contract_id == first.manifest.contract_id
    assert world.asked == []


def _of_the_release_before(world: Publisher, destination: Path) -> None:
    """The recipe's bundle as it was when a calibration knew only how alike people are."""
    calibration = world.recipe / "calibration.json"
    own = calibration.read_text()
    calibration.write_text(json.dumps(former_calibration()))
    before = pull(destination, source=world.folder, recipe=world.recipe)
    assert before.warnings.keys() == {"calibration_former"}
    calibration.write_text(own)
    shutil.rmtree(world.folder)
    world.wheel.unlink()


@pytest.mark.parametrize("keep_contract", [True, False])
def test_a_calibration_of_the_former_format_is_replaced_without_a_network(
    world: Publisher, destination: Path, keep_contract: bool
) -> None:
    _of_the_release_before(world, destination)
    with capture_logs() as lines:
        now = pull(destination, recipe=world.recipe, keep_contract=keep_contract)
    assert now.warnings == {}
    assert now.calibration.typical.persons == 1000
    assert [line["event"] for line in lines] == ["bundle.updated"]
    assert world.asked == []
    with capture_logs() as lines:
        again = pull(destination, recipe=world.recipe, keep_contract=keep_contract)
    assert again.manifest_sha256 == now.manifest_sha256
    assert lines == []


def test_settings_of_the_detector_that_make_another_contract_stay_with_it(
    world: Publisher, destination: Path
) -> None:
    made = pull(destination, source=world.folder, recipe=world.recipe)
    description = made.manifest.model_dump(exclude={"files", "contract_id"})
    description["detector"]["score_threshold"] = 0.7
    models = {
        name: ModelFile(Path(shutil.copy(destination / name, destination.parent)), "none")
        for name in made.manifest.models
    }
    own = write_bundle(
        destination,
        description,
        models=models,
        calibration=former_calibration(),
        model_card="",
    )
    kept = pull(destination, source=world.folder, recipe=world.recipe, keep_contract=True)
    assert kept.manifest_sha256 == own.manifest_sha256
    now = pull(destination, source=world.folder, recipe=world.recipe)
    assert now.manifest_sha256 == made.manifest_sha256


def test_an_older_card_or_version_is_replaced(world: Publisher, destination: Path) -> None:
    pull(destination, source=world.folder, recipe=world.recipe)
    (world.recipe / "MODEL_CARD.md").write_text("# tiny, described better\n")
    pull(destination, source=world.folder, recipe=world.recipe)
    assert (destination / "MODEL_CARD.md").read_text() == "# tiny, described better\n"
    description = json.loads((world.recipe / "recipe.json").read_text())["description"]
    _revised(world, "recipe.json", description=description | {"version": "2"})
    assert pull(destination, source=world.folder, recipe=world.recipe).manifest.version == "2"


def test_a_calibration_on_the_operators_own_photos_stays(
    world: Publisher, destination: Path
) -> None:
    pull(destination, source=world.folder, recipe=world.recipe)
    own = fake_calibration(128) | {"evidence": {"data": "our own doors"}}
    use_calibration(destination, json.dumps(own).encode())
    _revised(world, "calibration.json", ambiguity_margin=0.02)
    again = pull(destination, source=world.folder, recipe=world.recipe)
    assert again.calibration.evidence["data"] == "our own doors"
    (world.recipe / "MODEL_CARD.md").write_text("# tiny, described better\n")
    (destination / "embedder.onnx").write_bytes(b"half")
    again = pull(destination, source=world.folder, recipe=world.recipe)
    assert again.calibration.evidence["data"] == "our own doors"
    assert (destination / "MODEL_CARD.md").read_text() == "# tiny, described better\n"


def test_one_that_the_manifest_does_not_state_is_neither_believed_nor_lost(
    world: Publisher, destination: Path
) -> None:
    pull(destination, source=world.folder, recipe=world.recipe)
    own = json.dumps(fake_calibration(128) | {"evidence": {"data": "our own doors"}})
    (destination / "calibration.json").write_text(own)
    with pytest.raises(BundleError, match=r"use-calibration .* remove it if you do not want it"):
        pull(destination, source=world.folder, recipe=world.recipe, keep_contract=True)
    assert (destination / "calibration.json").read_text() == own


def test_an_edited_calibration_of_the_recipe_is_made_again(
    world: Publisher, destination: Path
) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    edited = fake_calibration(128) | {"ambiguity_margin": 0.3}
    (destination / "calibration.json").write_text(json.dumps(edited))
    with capture_logs() as lines:
        again = pull(destination, recipe=world.recipe, keep_contract=True)
    assert [line["event"] for line in lines] == ["bundle.replaced"]
    assert "calibration.json has" in lines[0]["why"]
    assert again.manifest_sha256 == first.manifest_sha256
    assert again.calibration.ambiguity_margin == first.calibration.ambiguity_margin


def test_a_manifest_of_an_earlier_release_gets_the_other_files(
    world: Publisher, destination: Path
) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    as_earlier_releases(destination)
    world.wheel.unlink()
    again = pull(destination, recipe=world.recipe, keep_contract=True)
    assert again.manifest == first.manifest
    assert world.asked == []


def test_a_recipe_whose_calibration_was_edited_makes_nothing(
    world: Publisher, destination: Path
) -> None:
    stated = {"calibration.json": sha256_of(world.recipe / "calibration.json")}
    _revised(world, "recipe.json", files=stated)
    _revised(world, "calibration.json", ambiguity_margin=0.3)
    with pytest.raises(
        BundleError, match=r"calibration\.json has the SHA-256 .* its recipe states"
    ):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert not destination.exists()


def test_a_broken_bundle_of_another_name_is_left_alone(world: Publisher, destination: Path) -> None:
    write_fake_bundle(destination)
    (destination / "embedder.onnx").write_bytes(b"half")
    with pytest.raises(BundleError, match="has 4 bytes"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert (destination / "embedder.onnx").read_bytes() == b"half"


def test_an_operators_further_model_stays_whatever_is_replaced(
    world: Publisher, destination: Path
) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    file = destination.parent / "liveness.onnx"
    file.write_bytes(b"live?")
    added = add_model(destination, ModelFile(file, "MIT", "liveness"))
    world.wheel.unlink()
    still = pull(destination, recipe=world.recipe)  # no network is touched
    assert still.manifest_sha256 == added.manifest_sha256
    _revised(world, "calibration.json", ambiguity_margin=0.02)
    (destination / "embedder.onnx").write_bytes(b"half")
    again = pull(destination, source=world.folder, recipe=world.recipe)
    assert again.calibration.ambiguity_margin == 0.02
    assert again.manifest.contract == first.manifest.contract
    assert again.manifest.further["liveness.onnx"].role == "liveness"
    mine = destination / "liveness.onnx"
    assert mine.read_bytes() == b"live?"
    mine.write_bytes(b"dead?")
    with pytest.raises(BundleError, match=r"liveness\.onnx has the SHA-256"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert mine.read_bytes() == b"dead?"
    mine.write_bytes(b"live?")
    mine.rename(destination / "stray.onnx")
    with pytest.raises(BundleError, match=r"liveness\.onnx is missing"):
        pull(destination, source=world.folder, recipe=world.recipe)
    mine.write_bytes(b"live?")
    with pytest.raises(BundleError, match=r"stray\.onnx is a model"):
        pull(destination, source=world.folder, recipe=world.recipe)
