"""Labeled Faces in the Wild as the tests use it."""

from pathlib import Path
from typing import Any


def people(photos: Path, *, least: int) -> list[list[Path]]:
    """The photos of every identity with at least ``least`` of them, by name."""
    folders = sorted(each for each in (photos / "lfw-devtrain").iterdir() if each.is_dir())
    lists = [sorted(folder.glob("*.jpg")) for folder in folders]
    return [files for files in lists if len(files) >= least]


def centred(faces: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The face whose identity an LFW file's name gives: the one in the middle of 250 x 250."""

    def distance(face: dict[str, Any]) -> float:
        box = face["box"]
        across = box["x"] + box["width"] / 2 - 125
        down = box["y"] + box["height"] / 2 - 125
        return float(across**2 + down**2)

    return min(faces, key=distance, default=None)
