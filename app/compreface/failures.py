"""Errors as CompreFace's clients read them: ``{"code", "message"}`` with CompreFace's numbers.

The routes raise Kith's errors, and so does everything around them. One middleware translates the
problem document of each error, so no answer under the API's path is ``application/problem+json``.
"""

import json
from enum import StrEnum
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError, FieldError, InvalidRequest, NoFace, NotFound
from app.reasons import Reason
from app.web.problems import MEDIA_TYPE

PATH: Final = "/api/v1"
_SUBJECT: Final = "subject"
_IMAGE: Final = "image_id"
_COLLECTION: Final = "x-api-key"


class _Cause(StrEnum):
    """The kind of fault of a request, as the first word of a field's message."""

    PARAMETER = "missing_parameter"
    PART = "missing_part"
    ARGUMENT = "bad_argument"


_UNKNOWN_KEY: Final = (404, 10)
_NO_KEY: Final = (400, 20)
_INVALID: Final = (400, 26)
_UNDEFINED: Final = 0
_BY_CODE: Final = {
    "already_exists": (400, 43),
    "forbidden": (403, 1),
    "invalid_image": (400, 21),
    "invalid_request": _INVALID,
    "method_not_allowed": (404, _UNDEFINED),
    "no_face": (400, 28),
    "unsupported_image": (400, 21),
}
"""Status and code of a problem's code; any other problem keeps its status."""
_BY_FIELD: Final = {_SUBJECT: (404, 42), _IMAGE: (404, 11), _COLLECTION: _UNKNOWN_KEY}
"""Status and code of what was not found, by the field that named it."""
_BY_CAUSE: Final[dict[str, tuple[int, int]]] = {
    Reason.NO_FACE: (400, 28),
    Reason.MULTIPLE_FACES: (400, 31),
    Reason.INVALID_IMAGE: (400, 21),
    _Cause.PARAMETER: (400, 33),
    _Cause.PART: (400, 34),
    _Cause.ARGUMENT: (400, 36),
}
"""Status and code of an invalid request, by the first word about its first field."""


def no_subject(subject: str) -> NotFound:
    """The error of a subject that is not there."""
    message = f"There is no subject {subject!r}"
    return NotFound(f"{message}.", errors=[FieldError(_SUBJECT, message)])


def no_image(image_id: str) -> NotFound:
    """The error of an ``image_id`` that names no face of the key's collection."""
    message = f"There is no face with the image_id {image_id!r}"
    return NotFound(f"{message}.", errors=[FieldError(_IMAGE, message)])


def no_collection() -> NotFound:
    """The error of a key whose collection was deleted."""
    message = "The collection of this key was deleted; take another key"
    return NotFound(f"{message}.", errors=[FieldError(_COLLECTION, message)])


def no_face() -> NoFace:
    """The error of an image without a face."""
    return NoFace("No face is found in the given image.")


def too_many_faces(found: int) -> InvalidRequest:
    """The error of an image that should have one face and has ``found`` faces."""
    return _invalid(
        "source_image",
        Reason.MULTIPLE_FACES,
        f"{found} faces are found in the image, and one is needed; crop it to the person meant.",
    )


def missing_parameter(name: str) -> InvalidRequest:
    """The error of a request without a parameter that the route needs."""
    return _invalid(name, _Cause.PARAMETER, f"The parameter {name!r} is missing.")


def missing_part(name: str) -> InvalidRequest:
    """The error of a body without an image that the route needs."""
    return _invalid(
        name,
        _Cause.PART,
        f"The image {name!r} is missing: send it as a file of a form, or in base64 as {name!r} of "
        "a JSON object.",
    )


def bad_argument(name: str, message: str) -> InvalidRequest:
    """The error of a value that cannot be read."""
    return _invalid(name, _Cause.ARGUMENT, f"{name}: {message}.")


def _invalid(name: str, cause: StrEnum, detail: str) -> InvalidRequest:
    return InvalidRequest(detail, errors=[FieldError(name, f"{cause}: {detail}")])


def reasons_in(error: AppError) -> list[str]:
    """Why an image was refused, in the words of ``Reason``; empty for any other error."""
    return error.errors[0].message.partition(":")[0].split(", ") if error.errors else []


class PlainErrors:
    """Turns the problems of all answers under ``prefix`` and ``PATH`` into CompreFace's errors.

    One slash at the end of such a path is taken off, which .NET clients send.
    """

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the answer's body is held only where it is a problem."""
        if scope["type"] != "http" or not self._is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        raw = scope.get("raw_path", b"")
        if raw.endswith(b"/"):  # and not %2F, which is the end of a name
            scope["raw_path"], scope["path"] = raw[:-1], scope["path"][:-1]
        headers = Headers(scope=scope)
        has_key = bool(headers.get("x-api-key") or headers.get("authorization"))
        start: Message | None = None
        body = b""

        async def translate(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await _send_plain(start, json.loads(body), send, has_key=has_key)

        await self._app(scope, receive, translate)

    def _is_ours(self, path: str) -> bool:
        return path.removeprefix(self._prefix).startswith(f"{PATH}/")


def _is_problem(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "") == MEDIA_TYPE


async def _send_plain(
    start: Message, problem: dict[str, Any], send: Send, *, has_key: bool
) -> None:
    status, code = _numbers(problem, has_key=has_key)
    body = json.dumps({"code": code, "message": problem["detail"]}, ensure_ascii=False).encode()
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(body))
    if "www-authenticate" in headers and status != 401:
        del headers["www-authenticate"]
    await send({**start, "status": status, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})


def _numbers(problem: dict[str, Any], *, has_key: bool) -> tuple[int, int]:
    """The HTTP status and CompreFace's code of a problem."""
    code, fields = problem["code"], problem["errors"]
    first = fields[0] if fields else {"field": "", "message": ""}
    if code == "unauthenticated":
        return _UNKNOWN_KEY if has_key else _NO_KEY
    if code == "not_found":
        return _BY_FIELD.get(first["field"], (404, _UNDEFINED))
    if code == "invalid_request":
        for cause in first["message"].partition(":")[0].split(", "):
            if cause in _BY_CAUSE:
                return _BY_CAUSE[cause]
    return _BY_CODE.get(code, (problem["status"], _UNDEFINED))
