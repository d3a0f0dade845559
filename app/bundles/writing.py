"""Writes and changes bundles: each change is whole or does not happen, one writer at a time."""

import json
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from app.bundles.bundle import (
    Bundle,
    check_all_stated,
    check_calibration,
    read_calibration,
)
from app.bundles.contract import EMBEDDING_PATH
from app.bundles.manifest import (
    CALIBRATION,
    MANIFEST,
    MODEL_CARD,
    FileEntry,
    Manifest,
    entry_of,
    made_manifest,
    model_entry,
    read_manifest,
    written,
)
from app.bundles.place import alone, check_place, replace
from app.core.files import sync, temporary_folder
from app.errors import BundleError


class ModelFile(NamedTuple):
    """A model to put into a bundle: its present path, its licence, and a further model's role."""

    file: Path
    licence: str
    role: str = ""


def write_bundle(
    folder: Path,
    description: dict[str, Any],
    *,
    models: Mapping[str, ModelFile],
    calibration: dict[str, Any],
    model_card: str,
) -> Bundle:
    """Write a bundle, whole or not at all; it replaces an existing one.

    ``description`` is a manifest without ``files`` and ``contract_id``. ``models`` gives the file
    to copy as ``embedder.onnx`` (and ``detector.onnx``, and each further model's name).
    """
    check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder) as temporary:
        made = temporary / "bundle"
        made.mkdir()
        files = {name: _copy(made / name, model) for name, model in models.items()}
        for name, text in (
            (CALIBRATION, json.dumps(calibration, indent=1) + "\n"),
            (MODEL_CARD, model_card),
        ):
            files[name] = _write(made / name, text.encode())
        _write(made / MANIFEST, written(made_manifest(description, files)).encode())
        Bundle.load(made)
        replace(made, folder, temporary)
    return Bundle.load(folder)


def use_calibration(folder: Path, content: bytes | None = None) -> Bundle:
    """Put the calibration ``content`` (JSON) into the bundle in ``folder`` and its digest into the
    manifest, both or neither; without ``content``, the digest of the calibration that is there.

    The contract stays, and so does every other file. ``BundleError`` where the calibration is not
    valid, or where the bundle is damaged elsewhere.
    """
    folder = folder.resolve()
    with _changed(folder) as (manifest, made):
        if content is None:
            content = read_calibration(folder / CALIBRATION)
        check_calibration(folder / CALIBRATION, content, manifest)
        shutil.copytree(folder, made, symlinks=True)
        files = {CALIBRATION: _write_new(made / CALIBRATION, content)}
        if (card := made / MODEL_CARD).is_file():
            files[MODEL_CARD] = entry_of(card.read_bytes())
        _state(made, manifest, files)
    return Bundle.load(folder)


def add_model(folder: Path, model: ModelFile) -> Bundle:
    """Put a further model into the bundle in ``folder`` and its digest and role into the manifest,
    both or neither, by its file's name; a further model of that name is replaced.

    The contract stays, and so does every other file. ``BundleError`` where the name or the role
    cannot be one, or where the bundle is damaged.
    """
    folder, name = folder.resolve(), model.file.name
    if name in EMBEDDING_PATH:
        raise BundleError(
            f"{name} decides the contract id, so it is not added: another one needs a new bundle."
        )
    with _changed(folder) as (manifest, made):
        check_all_stated(folder, manifest)
        shutil.copytree(folder, made, symlinks=True)
        (made / name).unlink(missing_ok=True)  # it may be a link
        _state(made, manifest, {name: _copy(made / name, model)})
    return Bundle.load(folder)


@contextmanager
def _changed(folder: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest of the bundle in ``folder``, and the folder to make its replacement in."""
    with alone(folder), temporary_folder(folder) as temporary:
        made = temporary / "bundle"
        yield read_manifest(folder), made
        for file in made.iterdir():
            sync(file)
        Bundle.load(made)
        replace(made, folder, temporary)


def _state(made: Path, manifest: Manifest, files: Mapping[str, FileEntry]) -> None:
    """Write ``manifest`` with these ``files`` into ``made``."""
    description = manifest.model_dump(exclude={"files", "contract_id"})
    changed = made_manifest(description, {**manifest.files, **files})
    _write_new(made / MANIFEST, written(changed).encode())


def _copy(target: Path, model: ModelFile) -> FileEntry:
    shutil.copyfile(model.file, target)
    sync(target)
    return model_entry(target, licence=model.licence, role=model.role)


def _write(file: Path, content: bytes) -> FileEntry:
    file.write_bytes(content)
    sync(file)
    return entry_of(content)


def _write_new(file: Path, content: bytes) -> FileEntry:
    """Write ``content`` to a new file with the old one's mode, since the old one may be a link."""
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else None
    file.unlink(missing_ok=True)
    entry = _write(file, content)
    if mode is not None:
        file.chmod(mode)
    return entry
