"""A dump of CompreFace's database as SQL, as ``pg_dump`` writes it: read without any PostgreSQL.

Of the five tables only the ``COPY`` blocks count. Images stay in the file until one is wanted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Self
from uuid import UUID

from app.compreface.source_repository import RECOGNITION, Holding, Service, SourcePhoto
from app.errors import InvalidRequest, StartError

_COPY: Final = re.compile(
    rb"COPY (?:\w+\.)?(app|model|subject|embedding|img) \(([^)]*)\) FROM stdin;"
)
_END: Final = b"\\."
_NULL: Final = b"\\N"
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_CUSTOM: Final = b"PGDMP"
_COLUMNS: Final = {
    "app": {"id", "name"},
    "model": {"name", "api_key", "app_id", "type"},
    "subject": {"id", "api_key", "subject_name"},
    "embedding": {"id", "subject_id", "calculator", "img_id"},
    "img": {"id", "content"},
}
"""The tables, and of each the columns that are read."""

Row = Mapping[str, str | None]


class Dump:
    """The content of a dump; ``rows`` are by table, ``images`` the places of images in the file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._rows: dict[str, list[Row]] = {}
        self._images: dict[str, tuple[int, list[str]]] = {}

    @classmethod
    @contextmanager
    def opened(cls, file: Path) -> Iterator[Self]:
        """The dump in ``file``; ``InvalidRequest`` where it is a file that is not read here."""
        try:
            stream = file.open("rb")
        except OSError as error:
            raise InvalidRequest(
                f"{str(file)!r} cannot be read: {error.strerror}. Give a dump, or the address of "
                "CompreFace's PostgreSQL: postgresql://user:password@host/frs."
            ) from None
        with stream:
            if stream.read(len(_CUSTOM)) == _CUSTOM:
                raise InvalidRequest(
                    "This dump is in PostgreSQL's own format; make it SQL: pg_restore "
                    "--file=frs.sql FILE."
                )
            found = cls(stream)
            found._read()
            yield found

    def services(self) -> list[Service]:
        """Every recognition service, by application and name."""
        apps = {row["id"]: row["name"] or "" for row in self._rows["app"]}
        found = [
            Service(apps.get(row["app_id"], ""), row["name"] or "", row["api_key"] or "")
            for row in self._rows["model"]
            if row["type"] == RECOGNITION
        ]
        return sorted(found, key=lambda each: (each.app, each.name))

    def holding(self, service: Service) -> Holding:
        """The subjects and images of a service."""
        mine = {
            row["id"]: row["subject_name"] or ""
            for row in self._rows["subject"]
            if row["api_key"] == service.api_key
        }
        photos, lost = [], Counter[str]()
        for row in self._rows["embedding"]:
            subject = mine.get(row["subject_id"])
            if subject is not None and row["img_id"] is None:
                lost[row["calculator"] or ""] += 1
            elif subject is not None:
                photos.append(SourcePhoto(subject, UUID(row["id"]), UUID(row["img_id"])))
        photos.sort(key=lambda each: (each.subject, each.face_id))
        return Holding.of(sorted(mine.values()), photos, dict(sorted(lost.items())))

    def image(self, photo: SourcePhoto) -> bytes:
        """The file as it was sent to CompreFace; empty where the dump has it not."""
        if str(photo.img_id) not in self._images:
            return b""
        at, columns = self._images[str(photo.img_id)]
        self._stream.seek(at)
        content = _row(self._stream.readline(), columns)["content"] or ""
        try:
            return bytes.fromhex(content.removeprefix("\\x"))
        except ValueError:
            raise _unlike("its images are not in hexadecimal (bytea_output)") from None

    def _read(self) -> None:
        """Read all but the images; ``StartError`` where it is no dump of CompreFace."""
        table = None
        try:
            table = self._read_tables()
        except UnicodeDecodeError:
            raise _unlike("it is not in UTF-8; make it with pg_dump --encoding=UTF8") from None
        except ValueError:
            raise _unlike("a row has not the columns of its table") from None
        missing = [each for each in _COLUMNS if each not in self._rows]
        if table is not None:
            raise _unlike("it is cut off")
        if missing:
            raise _unlike(
                f"it has no table {missing[0]}, or not as COPY; make it with pg_dump frs > frs.sql"
            )

    def _read_tables(self) -> str | None:
        """Read the rows, and the places of the images; the table in which the dump ends."""
        self._stream.seek(0)
        table, columns, at = None, list[str](), 0
        for line in self._stream:
            if table is None:
                if found := _COPY.match(line):
                    table, columns = found[1].decode(), found[2].decode().split(", ")
                    self._rows.setdefault(table, [])
                    if lacking := _COLUMNS[table] - set(columns):
                        raise _unlike(f"its table {table} has no column {min(lacking)}")
            elif line.rstrip(b"\r\n") == _END:
                table = None
            elif table == "img":
                key = line.split(b"\t")[columns.index("id")].strip().decode()
                self._images[key] = at, columns
            else:
                self._rows[table].append(_row(line, columns))
            at += len(line)
        return table


def _unlike(why: str) -> StartError:
    return StartError(f"The dump is not that of CompreFace 1.0 to 1.2: {why}.")


def _row(line: bytes, columns: list[str]) -> Row:
    values = line.rstrip(b"\r\n").split(b"\t")
    return dict(zip(columns, map(_value, values), strict=True))


def _value(field: bytes) -> str | None:
    if field == _NULL:
        return None
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), field).decode()
