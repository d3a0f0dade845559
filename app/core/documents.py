"""Reads JSON files strictly: a document that could be understood in two ways, or cannot be shown,
is refused.
"""

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, Final, NoReturn

_DEPTH: Final = 16
_SHOWN: Final = 40


def read_bytes(file: Path, *, most: int) -> bytes:
    """All of a regular file of at most ``most`` bytes. ``ValueError`` of any other, ``OSError``
    where it cannot be read; a pipe is not waited for.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is a folder, a device or a pipe, and no file")
        data = os.read(descriptor, most + 1)
        while len(data) <= most and (more := os.read(descriptor, most + 1 - len(data))):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return data


def parsed(data: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The JSON value (RFC 8259) that ``data`` is; ``ValueError`` says why it is none.

    A member twice in one object, a number that is not finite, text that is no Unicode, and more
    than 16 levels are refused.
    """
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_not_finite,
            parse_float=_finite,
        )
    except RecursionError:
        raise ValueError(f"it has more than {_DEPTH} levels") from None
    _check(value)
    return value


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has the member {twice[:_SHOWN]!r} twice in one object")
    return value


def _not_finite(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"the number {text[:_SHOWN]} is beyond all that a float holds")
    return value


def _check(value: object) -> None:
    level = [value]
    for _ in range(_DEPTH):
        texts = [each for each in level if isinstance(each, str)]
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                texts += each
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        for text in texts:
            if any("\ud800" <= each <= "\udfff" for each in text):
                raise ValueError(f"the text {text[:_SHOWN]!r} holds half of a character")
        if not (level := inner):
            return
    raise ValueError(f"it has more than {_DEPTH} levels")
