"""Folders of people as they are found on real disks: what is a photo, and what is left out."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.inference.entries import HINTS, Kind
from app.inference.walk import fingerprint, walk
from app.vision.sniff import HEAD, format_of
from tests.support.pictures import encoded, picture

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(64)
JPEG = encoded(np.zeros((8, 8, 3), np.uint8), "JPEG")


def _put(file: Path, data: bytes = JPEG) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def _walked(root: Path) -> tuple[list[str], dict[str, list[str]]]:
    """The photos, and what was left out by kind; both by their way from the root."""
    found = walk(root)
    kinds: dict[str, list[str]] = {}
    for each in found.left_out:
        kinds.setdefault(each.kind.value, []).append(str(each.path.relative_to(root)))
    assert found.counts == {kind: len(kinds[kind]) for kind in found.counts}
    assert set(found.counts) == set(kinds)
    photos = [str(photo.file.relative_to(root)) for photo in found.photos]
    return photos, {kind: sorted(paths) for kind, paths in kinds.items()}


JUNK_FOLDERS = ("@eaDir", "__MACOSX", "#recycle", "@Recycle", "$RECYCLE.BIN", "lost+found",
                "System Volume Information", "#snapshot", "@Recently-Snapshot", ".@__thumb",
                ".Trash-1000", "FOUND.000", "@EADIR", "Network Trash Folder")  # fmt: skip
JUNK_FILES = ("Thumbs.db", "desktop.ini", "._1.jpg", ".DS_Store", "Icon\r", "ehthumbs.db")


@pytest.mark.parametrize("junk", JUNK_FOLDERS)
def test_the_folders_of_a_system_are_nobody_and_nobodys(tmp_path: Path, junk: str) -> None:
    _put(tmp_path / "Ada" / "1.jpg")
    _put(tmp_path / "Ada" / "trip" / junk / "2.jpg")
    _put(tmp_path / junk / "Ada" / "3.jpg")
    _put(tmp_path / junk / "4.jpg")
    photos, left_out = _walked(tmp_path)
    assert photos == ["Ada/1.jpg"]
    assert left_out == {"junk": sorted([junk, f"Ada/trip/{junk}"])}


@pytest.mark.parametrize("junk", JUNK_FILES)
def test_the_files_of_a_system_are_no_photos(tmp_path: Path, junk: str) -> None:
    _put(tmp_path / "Ada" / "1.jpg")
    _put(tmp_path / "Ada" / junk)
    _put(tmp_path / junk)
    photos, left_out = _walked(tmp_path)
    assert photos == ["Ada/1.jpg"]
    assert left_out == {"junk": sorted([junk, f"Ada/{junk}"])}


def test_a_person_may_be_called_nearly_like_junk(tmp_path: Path) -> None:
    names = ["@ada", "#1", "Recycle", "lost", "Foundation", "MACOSX", "Desktop"]
    for name in names:
        _put(tmp_path / name / "1.jpg")
    assert {photo.person for photo in walk(tmp_path).photos} == set(names)


def test_everything_that_is_no_photo_is_counted_by_kind(tmp_path: Path) -> None:
    _put(tmp_path / "Ada" / "1.jpg")
    _put(tmp_path / "Ada" / "IMG_2.HEIC", HEIC)
    _put(tmp_path / "Ada" / "3.avif", AVIF)
    _put(tmp_path / "Ada" / "4.CR2", b"II*\x00")
    _put(tmp_path / "Ada" / "notes.txt", b"no photo")
    _put(tmp_path / "Ada" / "live.mov", b"no photo")
    _put(tmp_path / "Ada" / ".hidden.jpg")
    _put(tmp_path / "loose.jpg")
    _put(tmp_path / "loose.heic", HEIC)
    _put(tmp_path / "people.csv", b"no photo")
    _put(tmp_path / ".git" / "1.jpg")
    _put(tmp_path / "Grace" / "old" / "readme.md", b"no photo")
    (tmp_path / "Nobody" / "nothing").mkdir(parents=True)
    photos, left_out = _walked(tmp_path)
    assert photos == ["Ada/1.jpg"]
    assert left_out == {
        "heic_or_avif": ["Ada/3.avif", "Ada/IMG_2.HEIC"],
        "other_format": ["Ada/4.CR2"],
        "loose": ["loose.heic", "loose.jpg"],
        "not_an_image": [
            "Ada/live.mov",
            "Ada/notes.txt",
            "Grace/old/readme.md",
            "people.csv",
        ],
        "empty": ["Grace", "Nobody"],
        "hidden": [".git", "Ada/.hidden.jpg"],
    }


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("1.jpg", JPEG, None),
        ("1.JPEG", picture(1), None),  # a PNG
        ("1.jfif", JPEG, None),
        ("IMG_0001", JPEG, None),
        ("1.heic", JPEG, None),  # as phones name what they converted
        ("1.jpg", HEIC, Kind.HEIC_OR_AVIF),
        ("1.png", AVIF, Kind.HEIC_OR_AVIF),
        ("IMG_0001", HEIC, Kind.HEIC_OR_AVIF),
        ("1.heif", b"", Kind.HEIC_OR_AVIF),
        ("1.jpg", b"", None),  # for the reader to refuse
        ("1.jpg", b"<html>", None),
        ("README", b"BMW and others", Kind.NOT_AN_IMAGE),
        ("README", b"", Kind.NOT_AN_IMAGE),
        ("1.jpg_original", JPEG, Kind.NOT_AN_IMAGE),  # the same photo again
        ("1.mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isom", Kind.NOT_AN_IMAGE),
        ("movie", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isom", Kind.NOT_AN_IMAGE),
        ("1.dng", b"II*\x00", Kind.OTHER_FORMAT),
        ("1.jxl", b"", Kind.OTHER_FORMAT),
    ],
)
def test_the_first_bytes_show_what_an_image_is(
    tmp_path: Path, name: str, data: bytes, kind: Kind | None
) -> None:
    _put(tmp_path / "Ada" / name, data)
    found = walk(tmp_path)
    assert [photo.file.name for photo in found.photos] == ([name] if kind is None else [])
    assert [each.kind for each in found.left_out if each.kind is not Kind.EMPTY] == (
        [] if kind is None else [kind]
    )


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF"])
def test_every_format_that_is_read_is_known_by_its_first_bytes(format_: str) -> None:
    data = encoded(np.zeros((8, 8, 3), np.uint8), format_)
    assert format_of(data[:HEAD]) == format_


def test_links_to_files_are_photos_and_links_into_the_folder_are_not_followed(
    tmp_path: Path,
) -> None:
    root, outside = tmp_path / "people", tmp_path / "elsewhere"
    _put(outside / "Grace" / "1.jpg")
    _put(outside / "album" / "2.jpg")
    _put(root / "Ada" / "1.jpg")
    (root / "Ada" / "linked.jpg").symlink_to(outside / "Grace" / "1.jpg")
    (root / "Ada" / "album").symlink_to(outside / "album")
    (root / "Ada" / "up").symlink_to(root)
    (root / "Ada" / "self.jpg").symlink_to(root / "Ada" / "self.jpg")
    (root / "Grace").symlink_to(outside / "Grace")
    (root / "Alias").symlink_to(root / "Ada")
    (root / "loop").symlink_to(".")
    (root / "above").symlink_to(tmp_path)
    (root / "gone").symlink_to(tmp_path / "unmounted")
    photos, left_out = _walked(root)
    assert photos == ["Ada/1.jpg", "Ada/linked.jpg", "Ada/self.jpg", "Grace/1.jpg"]
    assert left_out == {
        "unreadable": ["gone"],
        "link": ["Ada/album", "Ada/up", "Alias", "above", "loop"],
    }


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    _put(tmp_path / "Ada" / "1.jpg")
    os.mkfifo(tmp_path / "Ada" / "pipe.jpg")
    os.mkfifo(tmp_path / "Ada" / "pipe")
    photos, left_out = _walked(tmp_path)
    assert photos == ["Ada/1.jpg"]
    assert left_out == {"not_an_image": ["Ada/pipe", "Ada/pipe.jpg"]}


def test_a_folder_whose_name_is_not_utf_8_is_nobody_and_a_file_is_a_photo(tmp_path: Path) -> None:
    _put(tmp_path / "Ada" / os.fsdecode(b"caf\xe9.jpg"))
    _put(tmp_path / "Ada" / os.fsdecode(b"caf\xe9") / "1.jpg")
    _put(tmp_path / os.fsdecode(b"Andr\xe9") / "1.jpg")
    found = walk(tmp_path)
    assert [photo.person for photo in found.photos] == ["Ada", "Ada"]
    assert [each.kind for each in found.refused] == [Kind.BAD_NAME]


def test_folders_that_differ_in_spelling_alone_are_one_person(tmp_path: Path) -> None:
    _put(tmp_path / "Zo\u00eb" / "1.jpg")
    _put(tmp_path / "Zoe\u0308" / "2.jpg")
    _put(tmp_path / "zoë" / "3.jpg")
    _put(tmp_path / "Zoë " / "4.jpg")
    found = sorted((photo.person, photo.file.name) for photo in walk(tmp_path).photos)
    assert found == [("Zoë", "1.jpg"), ("Zoë", "2.jpg"), ("Zoë ", "4.jpg"), ("zoë", "3.jpg")]


def test_a_deep_folder_is_walked_to_its_end(tmp_path: Path) -> None:
    here = tmp_path / "Ada"
    for _ in range(1200):  # beyond the interpreter's stack
        here.mkdir()
        here = here / "d"
    here.mkdir()
    (here / "1.jpg").write_bytes(JPEG)
    assert len(walk(tmp_path).photos) == 1
    while here != tmp_path:  # pytest's own removal is recursive
        for file in here.glob("*.jpg"):
            file.unlink()
        here.rmdir()
        here = here.parent


def test_what_may_not_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is injected: nothing is unreadable to root."""
    _put(tmp_path / "Ada" / "1.jpg")
    _put(tmp_path / "Ada" / "secret")
    _put(tmp_path / "Ada" / "barred" / "2.jpg")
    _put(tmp_path / "Grace" / "1.jpg")
    scandir, open_ = os.scandir, Path.open

    def barred(path: str | Path) -> None:
        if Path(path).name in ("barred", "Grace", "secret"):
            raise PermissionError(13, "Permission denied")

    def scanned(path: Path) -> Any:  # noqa: ANN401 - as os.scandir's own
        barred(path)
        return scandir(path)

    def opened(self: Path, *how: Any) -> Any:  # noqa: ANN401
        barred(self)
        return open_(self, *how)

    monkeypatch.setattr(os, "scandir", scanned)
    monkeypatch.setattr(Path, "open", opened)
    photos, left_out = _walked(tmp_path)
    assert photos == ["Ada/1.jpg"]
    assert left_out == {"unreadable": ["Ada/barred", "Ada/secret", "Grace"]}


def test_a_fingerprint_follows_every_change_of_the_photos(tmp_path: Path) -> None:
    ada, _ = _put(tmp_path / "Ada" / "1.jpg"), _put(tmp_path / "Grace" / "1.jpg")
    seen = [fingerprint(walk(tmp_path).photos)]
    assert fingerprint(walk(tmp_path).photos) == seen[0]
    _put(ada, JPEG + b"more")
    seen.append(fingerprint(walk(tmp_path).photos))
    ada.rename(tmp_path / "Grace" / "2.jpg")
    seen.append(fingerprint(walk(tmp_path).photos))
    (tmp_path / "Grace" / "1.jpg").unlink()
    seen.append(fingerprint(walk(tmp_path).photos))
    (tmp_path / "Grace" / "3.jpg").symlink_to(tmp_path / "nowhere")
    seen.append(fingerprint(walk(tmp_path).photos))
    assert len(set(seen)) == len(seen)


def test_every_kind_says_what_it_is() -> None:
    assert set(HINTS) == set(Kind)
    assert "JPEG" in HINTS[Kind.HEIC_OR_AVIF]
