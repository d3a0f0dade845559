"""A CSV file of people as the lines of a sync. Each person keeps the number of their line."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from app.core.ids import ID_PATTERN
from app.core.names import printable
from app.errors import FieldError, InvalidRequest

SEPARATOR: Final = "|"
"""Between several values of a cell."""
_PLAIN: Final = ("name", "valid_from", "valid_until")
_KINDS: Final = ("card", "user_id", "email")
"""Types of credentials. The schema of them is not imported: it loads half of the service."""
_MOST_FAULTS: Final = 20
_OF_SYSTEMS: Final = ", ".join(f"{each}:SYSTEM" for each in _KINDS)
_HEADERS: Final = f"external_id, {', '.join(_PLAIN)}, groups, {_OF_SYSTEMS}"
Cells = Mapping[str, str]


def ndjson_of(content: bytes) -> bytes:
    """The content of a CSV file as NDJSON, with empty lines so that line n is of the person of line
    n. ``InvalidRequest`` where the header or lines are wrong; it names each of them.
    """
    stream = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline="")
    try:
        return _converted(_records(stream.readline, stream))
    except UnicodeDecodeError:
        raise InvalidRequest("The file is not UTF-8; save it as CSV in UTF-8.") from None


def _records(first: Callable[[], str], rest: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """The records, each with the number of its first line. A header without a comma, as some
    programs write it, says that semicolons part the cells.
    """
    header = first()
    delimiter = ";" if ";" in header and "," not in header else ","

    def lines() -> Iterator[str]:
        yield header
        yield from rest

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidRequest(f"Line {number} is no CSV: {error}.") from None


def _converted(records: Iterator[tuple[int, list[str]]]) -> bytes:
    _, names = next(records, (1, []))
    names = [each.strip() for each in names]
    _check_header(names)
    lines: list[str] = []
    faults: list[FieldError] = []
    for number, cells in records:
        if not any(cells):
            continue
        lines += [""] * (number - 1 - len(lines))
        values = dict(zip(names, (each.strip() for each in cells), strict=False))
        if len(cells) != len(names):
            found = f"has {len(cells)} cells, and the header {len(names)}"
            faults.append(FieldError(f"line {number}", found))
        elif not values["external_id"]:
            faults.append(FieldError(f"line {number}", "has no external_id"))
        else:
            lines.append(json.dumps(_person(values)))
        if len(faults) == _MOST_FAULTS:
            break
    if faults:
        more = ", and maybe more" if len(faults) == _MOST_FAULTS else ""
        raise InvalidRequest(
            f"The file has {len(faults)} wrong lines{more}; nothing was done.", errors=faults
        )
    return "\n".join(lines).encode() + b"\n"


def _check_header(names: list[str]) -> None:
    wrong = [each for each in names if not _is_known(each)]
    twice = sorted({each for each in names if names.count(each) > 1})
    if wrong or twice or "external_id" not in names:
        if wrong:
            why = f"{wrong[0]!r} is no column of a sync"
        else:
            why = f"{twice[0]!r} is there twice" if twice else "there is no column external_id"
        raise InvalidRequest(f"The first line of the file: {printable(why)}. Columns: {_HEADERS}.")


def _is_known(name: str) -> bool:
    kind, colon, system = name.partition(":")
    if colon:
        return kind in _KINDS and re.fullmatch(ID_PATTERN, system) is not None
    return name in ("external_id", "groups", *_PLAIN)


def _person(cells: Cells) -> dict[str, Any]:
    """A line of the sync. A column that is not there leaves the field out; an empty cell empties
    it.
    """
    person: dict[str, Any] = {"external_id": cells["external_id"]}
    person |= {name: cells[name] or None for name in _PLAIN if name in cells}
    if "groups" in cells:
        person["groups"] = list(_several(cells["groups"]))
    credentials = [name for name in cells if ":" in name]
    if credentials:
        person["credentials"] = [
            {"system": name.partition(":")[2], "type": name.partition(":")[0], "value": value}
            for name in credentials
            for value in _several(cells[name])
        ]
    return person


def _several(cell: str) -> Iterator[str]:
    return (each.strip() for each in cell.split(SEPARATOR) if each.strip())
