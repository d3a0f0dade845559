"""The files of the pages: what is of others is as they published it."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from app.console import static_files
from app.errors import NotFound

FOLDER = Path(static_files.__file__).parent / "static"
ROOT = FOLDER.parents[2]
VENDORED = json.loads((FOLDER / "vendored.json").read_text("utf-8"))
OURS = {"console.css", "console.js", "import.js", "live.js", "pictures.js"}


def test_every_script_is_ours_or_is_listed_with_its_licence_and_digest() -> None:
    scripts = {file.name for file in FOLDER.iterdir() if file.suffix in (".js", ".css")}
    assert scripts - OURS == set(VENDORED)
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for name, entry in VENDORED.items():
        content = (FOLDER / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
        assert entry["version"].encode() in content, name
        assert (FOLDER / entry["licence_file"]).is_file(), name
        assert f"app/console/static/{name}" in notice


def test_no_page_has_a_script_or_a_style_within() -> None:
    for file in sorted((FOLDER.parent / "templates").glob("*.html")):
        text = file.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), file.name


def test_a_file_is_found_by_its_name_and_its_digest_alone() -> None:
    found = static_files.files()["console.css"]
    assert static_files.file_named("console.css", found.digest) is found
    for name, digest in (("console.css", "0" * 16), ("../routes.py", found.digest), ("x", "")):
        with pytest.raises(NotFound):
            static_files.file_named(name, digest)
