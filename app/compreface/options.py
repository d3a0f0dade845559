"""The parameters of a request as CompreFace's clients spell them.

``?&limit=`` leaves the parameter out, ``False`` is Python's false, and the plugin ``undefined``,
which JavaScript writes for a value that is not set, is none. The JavaScript SDK puts ``?`` for
``&`` before an option that is not the first. Unknown parameters are ignored.
"""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from app.compreface.failures import bad_argument, missing_parameter
from app.errors import FieldError, InvalidRequest
from app.web.fields import Label
from app.web.parameters import query_pairs

MOST_FACES: Final = 100
"""Most faces of an image that Kith decides about; ``limit=0``, which is CompreFace's "no limit",
means this number.
"""
_MOST_SUBJECTS: Final = 100
_PAGE_SIZE: Final = 20
_MOST_A_PAGE: Final = 2000
_SECOND: Final = re.compile(
    r"\?(?=(?:limit|det_prob_threshold|prediction_count|face_plugins|status)=)"
)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_SWITCH: Final = {
    **dict.fromkeys(("true", "on", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "no", "0"), False),
}
_DOTS: Final = {".", ".."}
"""Parts of a path that HTTP clients resolve (RFC 3986): ``subjects/.`` is all subjects."""
_LABEL: Final = TypeAdapter(Label)


@dataclass(frozen=True, slots=True)
class Options:
    """How to read an image: at most ``limit`` faces with a detection score of at least ``least``,
    each with ``predictions`` subjects and the parts that ``plugins`` name. ``status``: with times.
    """

    limit: int
    least: float
    predictions: int
    plugins: frozenset[str]
    status: bool


@dataclass(frozen=True, slots=True)
class PageOptions:
    """A page of a list, counted from 0, and its size."""

    page: int
    size: int


async def _options(request: Request) -> Options:
    limit = _whole(request, "limit", 0, least=0)
    return Options(
        limit=min(limit or MOST_FACES, MOST_FACES),
        least=_share(request, "det_prob_threshold"),
        predictions=min(_whole(request, "prediction_count", 1, least=1), _MOST_SUBJECTS),
        plugins=frozenset(each.strip() for each in _text(request, "face_plugins").split(",")),
        status=_switch(request, "status"),
    )


async def _page(request: Request) -> PageOptions:
    size = _whole(request, "size", _PAGE_SIZE, least=1)
    return PageOptions(_whole(request, "page", 0, least=0), min(size, _MOST_A_PAGE))


async def _subject(request: Request) -> str:
    return the_subject(_text(request, "subject"))


async def _subject_of_path(request: Request) -> str:
    """The subject at the end of the path as it was sent: the router loses a line break."""
    sent: bytes = request.scope["raw_path"].partition(b"/recognition/subjects/")[2]
    return the_subject(unquote_to_bytes(sent).decode())


async def _any_subject(request: Request) -> str | None:
    return the_subject(text) if (text := _text(request, "subject")) else None


ImageOptions = Annotated[Options, Depends(_options)]
Paged = Annotated[PageOptions, Depends(_page)]
OneSubject = Annotated[str, Depends(_subject)]
SubjectOfPath = Annotated[str, Depends(_subject_of_path)]
AnySubject = Annotated[str | None, Depends(_any_subject)]


def the_subject(text: str) -> str:
    """The name of a subject, in Unicode's form NFC; an error where no person can have it."""
    if not text:
        raise missing_parameter("subject")
    try:
        name = _LABEL.validate_python(text)
    except ValidationError as error:
        raise _no_subject(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
    if dots := _DOTS & set(name.split("/")):
        raise _no_subject(
            f"must not have {dots.pop()!r} as a part between slashes: no address can hold it"
        )
    return name


def _no_subject(message: str) -> InvalidRequest:
    return InvalidRequest(f"subject: {message}.", errors=[FieldError("subject", message)])


def _text(request: Request, name: str) -> str:
    """The parameter's last value; empty where there is none."""
    query = _SECOND.sub("&", request.url.query)
    return dict(query_pairs(query)).get(name, "")


def _whole(request: Request, name: str, default: int, *, least: int) -> int:
    text = _text(request, name)
    if not text:
        return default
    if not _WHOLE.fullmatch(text):
        raise bad_argument(name, "must be a whole number in decimal digits, such as 5")
    if int(text) < least:
        message = f"should be equal or greater than {least}"
        raise InvalidRequest(f"{name}: {message}.", errors=[FieldError(name, message)])
    return int(text)


def _share(request: Request, name: str) -> float:
    text = _text(request, name)
    try:
        number = float(text or 0)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise bad_argument(name, "must be a number from 0 to 1")
    return number


def _switch(request: Request, name: str) -> bool:
    text = _text(request, name).lower()
    if text and text not in _SWITCH:
        raise bad_argument(name, "must be true or false")
    return _SWITCH.get(text, False)
