"""The files of the console's pages: style sheets and scripts, by the hash of their content."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from app.errors import NotFound
from app.pages.renderer import STYLE

_FOLDER: Final = Path(__file__).with_name("static")
_KINDS: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served; ``digest`` is the beginning of its SHA-256."""

    content: bytes
    kind: str
    digest: str


@cache
def files() -> dict[str, StaticFile]:
    """Every file by its name."""
    paths = [path for path in _FOLDER.iterdir() if path.suffix in _KINDS]
    found = {path.name: path for path in paths} | {"pages.css": STYLE}
    return {name: _read(path) for name, path in found.items()}


def file_named(name: str, digest: str) -> StaticFile:
    """The file of this name and content; ``NotFound`` where there is none."""
    found = files().get(name)
    if found is None or found.digest != digest:
        raise NotFound("There is no such file, or not any more; load the page again.")
    return found


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(content, _KINDS[path.suffix], hashlib.sha256(content).hexdigest()[:_DIGITS])
