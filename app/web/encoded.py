"""Bytes that a client sends as text: base64 (RFC 4648) in both alphabets, data URIs (RFC 2397).

Decoded piece by piece, so that no image holds the interpreter's lock for long: 40 MB in one call
take 0.2 s.
"""

import binascii
import io
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

_PIECE: Final = 256 * 1024
_BLANK: Final = b" \t\r\n"
_LINE_BREAKS: Final = b"\r\n"
_URL: Final = bytes.maketrans(b"-_", b"+/")
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HEADER_BYTES: Final = 1024
"""Longest head of a data URI, up to its comma."""
_MAX_ESCAPES: Final = 100_000
_NO_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]")


def decoded(text: bytes) -> bytes:
    """The bytes that ``text`` encodes; ``ValueError`` names the place of the first error."""
    if text[:5].lower() == b"data:":
        return _of_data_uri(text)
    return _of_base64(text, 0)


def _of_data_uri(text: bytes) -> bytes:
    header, comma, _ = text[:_HEADER_BYTES].partition(b",")
    if not comma:
        raise ValueError("a data URI needs a comma before its data")
    start = len(header) + 1
    is_base64 = header.rpartition(b";")[2].strip().lower() == b"base64" and b";" in header
    data = text[start:]
    if b"%" in data or not is_base64:
        data = _of_percent(data, start)
    return _of_base64(data, start) if is_base64 else data


def _of_percent(text: bytes, start: int) -> bytes:
    """Decode percent-encoding (RFC 3986); refuse characters that a URI may not have."""
    if found := _NO_ESCAPE.search(text.rstrip(_BLANK)):
        raise _misplaced(text, found.start(), start, "percent-encoding")
    if text.count(b"%") > _MAX_ESCAPES:
        raise ValueError(f"more than {_MAX_ESCAPES:,} escapes; send base64")
    return unquote_to_bytes(text.rstrip(_BLANK))


def _of_base64(text: bytes, start: int) -> bytes:
    """The decoded bytes. Line breaks may stand anywhere, padding may be missing. ``start`` is added
    to the place in an error.
    """
    start += len(text) - len(text.lstrip(_BLANK))
    text = text.strip(_BLANK)
    core = text.rstrip(b"=\r\n")
    url = b"-" in core or b"_" in core
    alphabet = _LETTERS + (b"-_" if url else b"+/")
    count = 0
    made = io.BytesIO()
    rest = b""
    for at, piece in _pieces(core):
        letters = piece.translate(None, _LINE_BREAKS)
        if strange := letters.translate(None, alphabet):
            odd = strange.lstrip(b"=")[:1] or b"="  # what follows the padding
            place = at + core[at:].index(odd)
            raise _misplaced(core, place, start, "the URL alphabet" if url else "base64")
        count += len(letters)
        quads = rest + (letters.translate(_URL) if url else letters)
        whole = len(quads) - len(quads) % 4
        made.write(binascii.a2b_base64(quads[:whole]))
        rest = quads[whole:]
    _check_end(rest, text[len(core) :].count(b"="), count)
    made.write(binascii.a2b_base64(rest + b"=" * (-len(rest) % 4)))
    return made.getvalue()


def _pieces(text: bytes) -> Iterator[tuple[int, bytes]]:
    return ((at, text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))


def _check_end(rest: bytes, padding: int, count: int) -> None:
    """Check the end: a text that was cut off often has one letter too many, or unused bits set."""
    missing = -len(rest) % 4
    if missing == 3:
        raise ValueError(f"it ends after {count:,} letters, within a byte: it was cut off")
    if padding not in (0, missing):
        raise ValueError(f"{padding} times '=' at the end, where {missing} belong")
    if rest:
        filled = rest + b"=" * missing
        if binascii.b2a_base64(binascii.a2b_base64(filled), newline=False) != filled:
            raise ValueError("its last letter has bits that stand for nothing: it was cut off")


def _misplaced(text: bytes, place: int, start: int, what: str) -> ValueError:
    """The error at ``place``. All text before it is ASCII, so bytes count as characters."""
    shown = text[place : place + 4].decode("utf-8", "ignore")[:1] or f"byte {text[place]:#04x}"
    return ValueError(f"character {start + place + 1:,} ({shown!r}) does not belong to {what}")
