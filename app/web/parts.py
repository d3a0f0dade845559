"""The parts of a form and their headers; what a header could mean in two ways is refused."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from app.errors import FieldError, InvalidRequest
from app.web.headers import Described, check_charset, described

_UNCODED: Final = frozenset({"7bit", "8bit", "binary"})
_EXTENDED: Final = re.compile(r"utf-8'[^']*'((?:[^%\s]|%[0-9A-Fa-f]{2})*)", re.IGNORECASE)


@dataclass(slots=True)
class Part:
    """One part: a file where it has a ``filename``, which may be empty; else text."""

    name: str = ""
    filename: str | None = None
    data: io.BytesIO = field(default_factory=io.BytesIO)

    def text(self) -> str:
        """The text of a field that is no file."""
        try:
            return self.data.getvalue().decode()
        except UnicodeDecodeError as error:
            raise _refused(self.name, f"byte {error.start + 1} is not UTF-8") from None


def part_of(headers: Mapping[str, str]) -> Part:
    """The empty part that begins with ``headers``, by their names in lower case."""
    disposition = _described(headers, "content-disposition")
    name = disposition.parameters.get("name", "")
    if disposition.value != "form-data" or not name:
        raise InvalidRequest(
            'Each part of a form needs a header `Content-Disposition: form-data; name="..."`.'
        )
    part = Part(name, _filename(name, disposition))
    _check_kind(part, headers)
    return part


def _filename(name: str, disposition: Described) -> str | None:
    """.NET sends the name a second time as ``filename*``; RFC 7578 wants it ignored there."""
    plain = disposition.parameters.get("filename")
    extended = disposition.parameters.get("filename*")
    if plain is not None or extended is None:
        return plain
    found = _EXTENDED.fullmatch(extended)
    try:
        return unquote(found[1] if found else "%ff", errors="strict")
    except UnicodeDecodeError:
        raise _refused(name, "filename* must be UTF-8''... ; or send filename alone") from None


def _check_kind(part: Part, headers: Mapping[str, str]) -> None:
    """A part's bytes are taken as they are, and text is UTF-8; any other word is refused."""
    coding = headers.get("content-transfer-encoding", "binary").lower()
    if coding not in _UNCODED or "content-encoding" in headers:
        raise _refused(
            part.name, "this part is encoded; parts are read as they are: send it without"
        )
    kind = _described(headers, "content-type")
    if kind.value.startswith("multipart/"):
        raise _refused(part.name, "a form within the form is not read; repeat the field")
    if part.filename is None:
        check_charset(kind, f"The field {part.name[:40]}")


def _described(headers: Mapping[str, str], header: str) -> Described:
    try:
        return described(headers.get(header, ""))
    except ValueError as error:
        raise InvalidRequest(f"A part's header {header} {error}.") from None


def _refused(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{name[:80]}: {message}.", errors=[FieldError(name, message)])
