"""The documentation as a reader meets it: pages, their links, headings and code."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")


@cache
def kept_files() -> list[Path]:
    """Every file of the repository, also one that is new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = {ROOT / name for name in listed.stdout.rstrip("\0").split("\0")}
    return sorted(file for file in files if file.is_file())


def pages() -> list[Path]:
    """Every page of Markdown."""
    return [file for file in kept_files() if file.suffix == ".md"]


def links(page: Path) -> Iterator[str]:
    """The targets of the page's links; text shown as code is no link."""
    yield from _LINK.findall(_INLINE.sub("", _prose(page)))


def anchors(page: Path) -> set[str]:
    """The names that a link can have after ``#``: every heading, as GitHub writes it."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        plain = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        copies = [plain, *(f"{plain}-{number}" for number in range(1, 9))]
        found.add(next(each for each in copies if each not in found))
    return found


def code(page: Path) -> Iterator[str]:
    """Every piece of code: a line of a shell block, or what stands between backticks.

    A line that ends with a backslash is one with the next.
    """
    text = page.read_text(encoding="utf-8")
    for language, block in _FENCE.findall(text):
        if language in ("", "sh"):
            yield from (line for line in block.replace("\\\n", " ").splitlines() if line.strip())
    for piece in _INLINE.findall(_prose(page)):
        yield " ".join(piece.split())


def blocks(page: Path, language: str) -> list[str]:
    """Every block of code in this language."""
    return [block for named, block in _FENCE.findall(page.read_text("utf-8")) if named == language]


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))
