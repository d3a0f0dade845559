"""``multipart/form-data`` (RFC 7578) read strictly: a form that was cut off, or of which a part
could be understood in two ways, is refused whole.

The parts stay in memory, where their weight is counted: images never touch a disk.
"""

import logging
import re
from typing import Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from app.errors import InvalidRequest
from app.web.headers import Described
from app.web.parts import Part, part_of

_MAX_BOUNDARY: Final = 70
"""Characters; RFC 2046, section 5.1.1."""
_MAX_FILES: Final = 256
_MAX_TEXTS: Final = 256
_MAX_TEXT_BYTES: Final = 128 * 1024
"""Most bytes of all fields of a form together that are no files; metadata may have 16 KiB."""
_BLANK: Final = b" \t\r\n"

# It warns of each malformed form; the client gets the error, and the log has its status.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


class Form:
    """Parses a body chunk by chunk; ``parts`` are complete when ``end`` has returned.

    Every method raises ``InvalidRequest`` for a form that is not whole and clear.
    """

    def __init__(self, kind: Described) -> None:
        boundary = kind.parameters.get("boundary", "")
        if not boundary.isascii() or not 1 <= len(boundary) <= _MAX_BOUNDARY:
            raise InvalidRequest(
                f"The Content-Type must name a boundary of 1 to {_MAX_BOUNDARY} ASCII characters."
            )
        self.parts: list[Part] = []
        line = f"\r\n--{boundary}".encode()
        self._half_a_boundary = re.compile(re.escape(line) + rb"(?!\r\n|--)[\s\S]{2}")
        self._close = line + b"--"
        self._parser = MultipartParser(
            boundary.encode(),
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._read_header_name,
                "on_header_value": self._read_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._read_data,
                "on_end": self._end,
            },
        )
        self._begun = self._ended = False
        self._read = 0
        self._tail = b"\r\n"  # the first boundary too counts as one after a line break
        self._part = Part()
        self._headers: dict[str, str] = {}
        self._header_name = self._header_value = b""
        self.text_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Parse the next bytes of the body."""
        if not self._begun:
            self._read += len(chunk)
            chunk = chunk.lstrip(b"\r\n")
            self._read -= len(chunk)
            self._begun = bool(chunk)
        behind = chunk
        if not self._ended:
            with_tail = self._tail + chunk
            self._check_boundaries(with_tail)
            self._parse(chunk)
            behind = with_tail.partition(self._close)[2] if self._ended else b""
            self._tail = with_tail[-len(self._close) :]
        self._read += len(chunk)
        if behind.strip(_BLANK):
            raise InvalidRequest(
                "The form goes on after its closing boundary; nothing of it was used."
            )

    def end(self) -> None:
        """Finish: the body has ended."""
        if not self._begun:
            raise InvalidRequest("The body is empty; a form was expected.")
        if not self._ended:
            raise InvalidRequest(
                f"The form was cut off: after {self._read:,} bytes there is no closing boundary. "
                "Nothing was done; send it again, whole."
            )

    def _check_boundaries(self, data: bytes) -> None:
        """Refuse a boundary with more text on its line (RFC 2046). The parser would take
        0.5 s for a megabyte of such lines.
        """
        if self._half_a_boundary.search(data):
            raise InvalidRequest("A line of the form begins with its boundary and goes on.")

    def _parse(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise InvalidRequest(
                f"The form is malformed at byte {self._read + max(error.offset, 0) + 1:,}: neither "
                "the boundary that the Content-Type names nor a part's header goes on like this."
            ) from None

    def _begin_part(self) -> None:
        self._part, self._headers = Part(), {}

    def _read_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _read_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        name, value = self._header_name.decode().lower(), self._header_value
        self._header_name = self._header_value = b""
        if name in self._headers:
            raise InvalidRequest(f"A part of the form has the header {name} twice.")
        try:
            self._headers[name] = value.decode().strip(" \t")
        except UnicodeDecodeError:
            raise InvalidRequest(
                f"A part of the form has a header {name} that is no UTF-8."
            ) from None

    def _end_headers(self) -> None:
        self._part = part_of(self._headers)
        self.parts.append(self._part)
        files = sum(part.filename is not None for part in self.parts)
        if files > _MAX_FILES or len(self.parts) - files > _MAX_TEXTS:
            raise InvalidRequest(
                f"The form has more than {_MAX_FILES} files or {_MAX_TEXTS} other fields."
            )

    def _read_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.filename is None:
            self.text_bytes += end - start
            if self.text_bytes > _MAX_TEXT_BYTES:
                raise InvalidRequest(
                    f"The form's fields that are no files have more than {_MAX_TEXT_BYTES:,} bytes."
                )
        self._part.data.write(data[start:end])

    def _end(self) -> None:
        self._ended = True
