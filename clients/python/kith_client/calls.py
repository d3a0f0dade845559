"""A call is a value: what to send, and how to read the answer. A client runs it.

So each route is written once, in ``operations``, for the client that waits and the one that awaits.
"""

import enum
import json
import uuid
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import httpx

from kith_client.images import Image, as_file
from kith_client.model import decoded

T = TypeVar("T")
Flow = Generator["Call[Any]", Any, T]
"""Steps that ask by ``yield`` and get answers; ``flows`` runs them."""


class Unset(enum.Enum):
    """A field that is not sent, so that the service keeps or chooses its value; None is null."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request that is not sent yet, whose answer is a ``T``."""

    answer: Any
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    form: Mapping[str, list[str]] = field(default_factory=dict)
    files: tuple[tuple[str, tuple[str, bytes]], ...] = ()
    repeatable: bool = True
    """Whether it may be sent again where it is not known what became of it."""
    before: float | None = None
    """Time of ``time.monotonic`` after which it is not sent again."""
    timeout: float | None = None
    """Seconds for one step of an attempt; None: those of the client."""

    def read(self, response: httpx.Response) -> T:
        """The answer in a response that is no error."""
        if self.answer is None:
            return None  # type: ignore[return-value]  # T is None then
        if self.answer is str:
            return response.text  # type: ignore[return-value]  # T is str then
        read: T = decoded(self.answer, response.json())
        return read

    def at(self, cursor: str) -> "Call[T]":
        """The same list, from a cursor on."""
        return replace(self, query={**self.query, "cursor": cursor})

    def after(self, event_id: str) -> "Call[T]":
        """The same stream, after an event."""
        return replace(self, headers={**self.headers, "Last-Event-ID": event_id})


def ask(call: Call[T]) -> Generator[Call[Any], Any, T]:
    """One step of a flow, for ``yield from``: it has the type of the answer."""
    answer: T = yield call
    return answer


def call(
    answer: Any,  # noqa: ANN401 - a type as it stands in an annotation
    method: str,
    path: str,
    *,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, object] | None = None,
    body: Mapping[str, object] | None = None,
    lines: Iterable[object] | None = None,
    files: Mapping[str, Image | Iterable[Image] | Unset] | None = None,
    once: bool = False,
) -> Call[Any]:
    """Describe the request of an operation.

    ``UNSET``, and None in an address or a header, is left out. With ``files`` it is a form, else
    JSON. ``once``: it is not repeatable.
    """
    head = {name: _checked(name, _header(name, value)) for name, value in (headers or {}).items()}
    sent = {name: value for name, value in (body or {}).items() if value is not UNSET}
    parts = list(_files(files or {}))
    made: Call[Any] = Call(
        answer,
        method,
        path,
        query={name: _text(each) for name, each in (query or {}).items() if each is not None},
        headers={name: value for name, value in head.items() if value is not None},
        files=tuple(parts),
        repeatable=not once,
    )
    if parts:
        return replace(made, form={name: _form(each) for name, each in sent.items()})
    if lines is not None:
        return _with(made, "application/x-ndjson", b"".join(_json(each) + b"\n" for each in lines))
    return made if body is None else _with(made, "application/json", _json(sent))


def part(value: str | int) -> str:
    """A part of an address. ``ValueError`` where it would lead to another address."""
    text = str(value)
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be in an address; ids have at least one letter or digit")
    return quote(text, safe="")


def _with(made: Call[Any], kind: str, content: bytes) -> Call[Any]:
    return replace(made, headers={**made.headers, "Content-Type": kind}, content=content)


def _header(name: str, value: object) -> str | None:
    if name == "Idempotency-Key":
        return str(value or uuid.uuid4())  # one for all attempts
    if name == "If-Match" and isinstance(value, int):
        return f'"{value}"'
    return None if value is None else str(value)


def _checked(name: str, text: str | None) -> str | None:
    if text is None or (text.isascii() and text.isprintable()):
        return text
    raise ValueError(f"{name} {text!r} cannot be sent: a header has printable ASCII alone")


def _files(
    files: Mapping[str, Image | Iterable[Image] | Unset],
) -> Iterable[tuple[str, tuple[str, bytes]]]:
    for name, given in files.items():
        if given is UNSET:
            continue
        several: Any = given if name == "images" else [given]
        for number, image in enumerate(several):
            yield name, as_file(image, f"{name}-{number}")


def _form(value: object) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [_text(each) for each in value]
    return [] if value is None else [_text(value)]


def _text(value: object) -> str:
    """In forms and addresses: text as it is, times in ISO 8601, all else as JSON writes it."""
    if isinstance(value, datetime):
        return _time(value)
    return value if isinstance(value, str) else _json(value).decode()


def _json(value: object) -> bytes:
    return json.dumps(value, default=_time, ensure_ascii=False).encode()


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} cannot be sent as JSON")
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone; Kith takes none for granted")
    return value.isoformat()
