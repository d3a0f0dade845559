"""Opens exported pictures with the private key; it needs no database."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from app.core.files import new_private_file
from app.core.names import printable
from app.core.sealing import Opener
from app.errors import InvalidRequest
from app.vision.sniff import HEAD, format_of

INDEX: Final = "evidence.jsonl"
"""The file of an export that names the decision of each picture."""


def opened_to(opener: Opener, folder: Path, to: Path, each: dict[str, Any]) -> str | None:
    """Open one picture; returns why it could not be."""
    try:
        sealed = (folder / f"{each['sealed']}.sealed").read_bytes()
    except OSError as error:
        return f"its file cannot be read: {error.strerror}"
    if hashlib.sha256(sealed).hexdigest() != each["sealed"]:
        return "its file was changed"
    picture = opener.open(sealed)
    if picture is None:
        return f"it is sealed to the key {each['sealed_to']}, and this one is {opener.name}"
    if hashlib.sha256(picture).hexdigest() != each["sha256"]:
        return "it is not the file that the audit names"
    suffix = (format_of(picture[:HEAD]) or "bin").lower()
    target = to / f"{each['event_id']}-{each['place']}.{suffix}"
    with new_private_file(target) as stream:
        stream.write(picture)
    return None


def indexed(folder: Path) -> Sequence[dict[str, Any]]:
    """The pictures of an export; ``InvalidRequest`` where the folder is none."""
    try:
        lines = [json.loads(line) for line in text_of(folder / INDEX).splitlines() if line]
        texts = ("event_id", "sealed", "sealed_to", "sha256")
        fits = all(_is_safe(line[name]) for line in lines for name in texts)
        if fits and all(isinstance(line["place"], int) for line in lines):
            return lines
    except (ValueError, KeyError, TypeError):
        pass
    raise InvalidRequest(f"{folder} is no folder that `kith audit evidence export` made.")


def _is_safe(text: object) -> bool:
    """Whether a text of an index may be part of a file's name."""
    return isinstance(text, str) and text.replace("-", "").isalnum() and text.isascii()


def text_of(file: Path) -> str:
    """The text of a file; ``InvalidRequest`` where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise InvalidRequest(f"{printable(str(file))} cannot be read: {why}.") from None
