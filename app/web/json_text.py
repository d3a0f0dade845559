"""Parses JSON (RFC 8259) strictly; the base64 in it is taken out before.

The parser holds the interpreter's lock until it is done: 60 MB of JSON take 0.3 to 0.6 s, in which
no other request gets on. So the parser never gets the texts of ``"base64"`` members, or of other
members that a route names: they are nearly all of a body with images, and the length of the rest is
bounded.
"""

import heapq
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pydantic_core import from_json

from app.errors import InvalidRequest, PayloadTooLarge

MAX_JSON: Final = 256 * 1024
"""Bytes of JSON without the base64 in it; metadata, the longest field, may have 16 KiB."""
_BOM: Final = b"\xef\xbb\xbf"
_VALUE: Final = re.compile(rb'[ \t\r\n]*:[ \t\r\n]*"')
_SHORT: Final = 1024
"""Bytes of a base64 text that stays where it is."""
_MOST: Final = 512
"""Texts taken out of one body; it may have 256 images."""
_MOST_LOOKED_AT: Final = 4096
"""Most places where such a text may begin; a body with more holds no images."""
_CONTROL: Final = (b"\n", b"\r", b"\t")
_PLACE: Final = re.compile(r" at line (\d+) column (\d+)$")


def parse(body: bytes | bytearray) -> Any:  # noqa: ANN401 - whatever the client sent
    """The value of ``body``; ``InvalidRequest`` names the place of an error."""
    return _parsed(bytes(body), [])


@dataclass(slots=True)
class Document:
    """A JSON value in which a name stands for each long base64 text, which stays as it came."""

    value: Any
    _texts: dict[str, bytes]

    def base64(self, named: str) -> bytes:
        """The base64 text that ``named``, a string of the value, is or stands for."""
        raw = self._texts.pop(named, None)
        if raw is None:
            return named.encode()
        return raw if b"\\" not in raw else parse(b'"' + raw + b'"').encode()

    def whole(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """``value`` with every removed text put back."""
        if not self._texts:
            return value
        if isinstance(value, dict):
            return {key: self.whole(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.whole(each) for each in value]
        return self.base64(value).decode() if value in self._texts else value


def parse_with_images(body: bytearray, members: Sequence[str] = ("base64",)) -> Document:
    """Parse a body of any length, in which ``members`` hold base64; ``body`` is empty afterwards.

    ``PayloadTooLarge`` if it is long for another reason than base64.
    """
    rest = bytearray()
    texts: dict[str, bytes] = {}
    taken: list[tuple[int, int]] = []
    nonce, end, short = secrets.token_hex(8), 0, 0
    for start in islice(_starts(body, members), _MOST):
        stop = body.find(b'"', start)
        rest += body[end:start]
        end = start
        if stop == -1 or body[stop - 1] == ord("\\"):
            continue  # no base64: the parser may say what it is
        text = bytes(body[start:stop])
        if len(text) > _SHORT and not any(each in text for each in _CONTROL):
            name = f"{nonce}:{len(texts)}"
            texts[name] = text
            rest += name.encode()
            taken.append((len(rest), len(text) - len(name)))
            end = stop
        else:
            short += len(text)
    rest += body[end:]
    body.clear()
    if len(rest) - short > MAX_JSON:
        raise PayloadTooLarge(
            f"The body has {len(rest) - short:,} bytes of JSON without its images in base64; at "
            f"most {MAX_JSON:,} are read."
        )
    return Document(_parsed(bytes(rest), taken), texts)


def _starts(body: bytearray, members: Sequence[str]) -> Iterator[int]:
    """The offset at which the text of each of ``members`` begins.

    A quote without a backslash before it begins or ends a string, and ``"base64"`` cannot end one
    in JSON.
    """
    names = [f'"{each}"'.encode() for each in members]
    places = heapq.merge(*(_places(body, name) for name in names))
    for at, end in islice(places, _MOST_LOOKED_AT):
        found = _VALUE.match(body, end)
        if found and not (at and body[at - 1] == ord("\\")):
            yield found.end()


def _places(body: bytearray, name: bytes) -> Iterator[tuple[int, int]]:
    at = -1
    while (at := body.find(name, at + 1)) != -1:
        yield at, at + len(name)


def _parsed(text: bytes, taken: list[tuple[int, int]]) -> Any:  # noqa: ANN401 - any JSON
    _check_start(text)
    text = text.removeprefix(_BOM)
    try:
        value = from_json(text)
    except ValueError as error:
        raise InvalidRequest(
            f"The body is not valid JSON: {_placed(error, text, taken)}."
        ) from None
    json.loads(text, object_pairs_hook=_once)  # the parser keeps the last of two equal names
    return value


def _check_start(text: bytes) -> None:
    if not text.strip():
        raise InvalidRequest("The body is empty; JSON was expected.")
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in text[:4]:
        raise InvalidRequest("The body is UTF-16 or UTF-32; JSON is sent as UTF-8.")


def _once(members: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise InvalidRequest(f"The body has the member {name[:80]!r} twice in one object.")
        seen.add(name)


def _placed(error: ValueError, text: bytes, taken: list[tuple[int, int]]) -> str:
    """The parser's message, with the byte offset in the body as it was sent."""
    message = str(error)
    found = _PLACE.search(message)
    if not found:
        return message
    line, column = int(found[1]), int(found[2])
    before = b"\n".join(text.split(b"\n", line - 1)[: line - 1])
    byte = column + (len(before) + 1 if line > 1 else 0)
    byte += sum(length for at, length in taken if at <= byte)
    return f"{message[: found.start()]} at byte {byte:,}"
