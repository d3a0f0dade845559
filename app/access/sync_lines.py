"""Reads the lines of a sync as they come, and says of several wrong ones which they are."""

from typing import Final

from pydantic import ValidationError

from app.access.sync_faults import Faults
from app.access.sync_plan import NumberedLine
from app.access.sync_schemas import SyncLine
from app.errors import InvalidRequest, PayloadTooLarge
from app.web.json_text import parse
from app.web.problems import invalid_request

LINE_BYTES: Final = 64 * 1024
"""Most bytes of a line; a person with all that a line may have takes half of it."""


class LineReader:
    """Parses a file chunk by chunk. Memory holds the lines that were read, and part of one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: list[NumberedLine] = []
        self._rest = b""
        self._number = 0
        self._faults = Faults()
        self._ids: dict[str, int] = {}
        self._credentials: dict[tuple[str, str, str], int] = {}

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes; ``InvalidRequest`` where too many lines are wrong."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            self._read(line)
        if len(self._rest) > LINE_BYTES:
            raise _too_long(self._number + 1)

    def end(self) -> list[NumberedLine]:
        """All lines; ``InvalidRequest`` where one is wrong, or where there is none."""
        self._read(self._rest)
        self._faults.check()
        if not self._lines:
            raise InvalidRequest(
                "The file is empty, so nothing was done: it would suspend everybody. Send a line "
                "for each person."
            )
        return self._lines

    def _read(self, raw: bytes) -> None:
        self._number += 1
        if not raw.strip():
            return
        if len(raw) > LINE_BYTES:
            raise _too_long(self._number)
        if len(self._lines) >= self._most:
            raise PayloadTooLarge(
                f"The file has more than {self._most:,} lines (KITH_SYNC_LINES); nothing was done."
            )
        line = self._parsed(raw)
        if line is not None:
            self._check_once(line)
            self._lines.append(NumberedLine(self._number, line))

    def _parsed(self, raw: bytes) -> SyncLine | None:
        try:
            values = parse(raw)
            if not isinstance(values, dict):
                self._faults.add(self._number, "", "must be a JSON object")
                return None
            return SyncLine.model_validate(values)
        except InvalidRequest as error:
            found = error.detail.removeprefix("The body ").removesuffix(".")
            self._faults.add(self._number, "", found)
        except ValidationError as error:
            problem = invalid_request([dict(each) for each in error.errors()])
            for each in problem.errors:
                self._faults.add(self._number, each.field, each.message)
        return None

    def _check_once(self, line: SyncLine) -> None:
        first = self._ids.setdefault(line.external_id, self._number)
        if first != self._number:
            self._faults.add(self._number, "external_id", f"is that of line {first} too")
        for place, each in enumerate(line.credentials):
            identity = each.system, each.type, each.value
            first = self._credentials.setdefault(identity, self._number)
            if first != self._number:
                self._faults.add(
                    self._number, f"credentials[{place}]", f"is one of line {first} too"
                )


def _too_long(number: int) -> InvalidRequest:
    return InvalidRequest(
        f"Line {number} has more than {LINE_BYTES:,} bytes; one line is one person."
    )
