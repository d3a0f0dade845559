"""Bodies that carry images: ``multipart/form-data``, or JSON with base64. One parser for both, so
that every route reads them alike.
"""

import base64
import binascii
import hashlib
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.errors import AppError, FieldError, InvalidRequest, UnsupportedMediaType
from app.web.problems import invalid_request

MULTIPART: Final = "multipart/form-data"
JSON: Final = "application/json"
_MAX_FILES: Final = 256
_MAX_TEXT: Final = 128 * 1024
"""Bytes of all of a form's fields that are no files; metadata may have 16 KiB."""

Fields = TypeVar("Fields", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Upload:
    """One image as sent: the field it came in, its file's name if it has one, its bytes."""

    field: str
    filename: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Submission(Generic[Fields]):
    """A body read and checked: what was ``asked`` (method and path), its fields, its images."""

    asked: str
    fields: Fields
    images: tuple[Upload, ...]

    @property
    def fingerprint(self) -> str:
        """Of all that is asked; hashes every image, so only where somebody wants to know."""
        return fingerprint(self.asked, self.fields, self.images)


class NoFields(BaseModel, extra="forbid"):
    """A body that carries images alone."""


@dataclass(frozen=True, slots=True)
class ImageFields:
    """Which image fields a route reads: single ones by name, or the repeated ``images``."""

    names: tuple[str, ...] = ("image",)
    many: bool = False
    required: bool = True

    def check(self, uploads: tuple[Upload, ...]) -> None:
        """``InvalidRequest`` where an image is missing or sent twice."""
        for name in self.names:
            count = sum(upload.field == name for upload in uploads)
            if self.required and not count:
                raise _bad_field(name, "an image is needed here")
            if not self.many and count > 1:
                raise _bad_field(name, f"one image is read here, {count} were sent")

    def sorted(self, uploads: tuple[Upload, ...]) -> tuple[Upload, ...]:
        """In the order of the fields' names, and as sent within one."""
        return tuple(sorted(uploads, key=lambda upload: self.names.index(upload.field)))


ONE_IMAGE: Final = ImageFields()
MANY_IMAGES: Final = ImageFields(("images",), many=True)
OPTIONAL_IMAGE: Final = ImageFields(required=False)
OPTIONAL_IMAGES: Final = ImageFields(("images",), many=True, required=False)
SOURCE_AND_TARGET: Final = ImageFields(("source", "target"))

Read = Callable[[Request], Coroutine[Any, Any, Submission[Fields]]]


def submission(model: type[Fields], images: ImageFields) -> Read[Fields]:
    """A FastAPI dependency that reads a body of ``model``'s fields and ``images``."""

    async def read(request: Request) -> Submission[Fields]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == MULTIPART:
            values, uploads = await _read_multipart(request, images)
        elif kind == JSON:
            values, uploads = await _read_json(request, images)
        else:
            raise UnsupportedMediaType(
                f"The content type {kind or '(none)'!r} is not read here; "
                f"send {MULTIPART} or {JSON}."
            )
        images.check(uploads)
        return _checked(model, values, images.sorted(uploads), request)

    return read


def described(model: type[BaseModel], images: ImageFields) -> dict[str, Any]:
    """The ``openapi_extra`` of a route that reads such a body."""
    binary = {"type": "string", "format": "binary"}
    encoded = {
        "type": "object",
        "properties": {"base64": {"type": "string", "contentEncoding": "base64"}},
        "required": ["base64"],
        "additionalProperties": False,
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                MULTIPART: {"schema": _schema(model, images, binary)},
                JSON: {"schema": _schema(model, images, encoded)},
            },
        }
    }


def _schema(model: type[BaseModel], images: ImageFields, image: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)  # each is there already: the answers' schemas use the same
    one = {"type": "array", "items": image, "minItems": 1} if images.many else image
    schema.setdefault("properties", {}).update(dict.fromkeys(images.names, one))
    if images.required:
        schema["required"] = [*schema.get("required", []), *images.names]
    return schema


def _checked(
    model: type[Fields], values: Mapping[str, Any], images: tuple[Upload, ...], request: Request
) -> Submission[Fields]:
    try:
        fields = model.model_validate(values)
    except ValidationError as error:
        raise invalid_request(cast("list[dict[str, Any]]", error.errors())) from None
    return Submission(asked(request), fields, images)


def asked(request: Request) -> str:
    """What the request line asks for."""
    return f"{request.method} {request.url.path}"


def fingerprint(asked: str, fields: BaseModel, images: tuple[Upload, ...] = ()) -> str:
    """SHA-256 over what a request asks for, whatever the boundary or the order of its fields."""
    digest = hashlib.sha256(f"{asked}\n".encode())
    digest.update(fields.model_dump_json(exclude_unset=True).encode())
    for upload in images:
        digest.update(f"\n{upload.field} {len(upload.data)}\n".encode())
        digest.update(upload.data)
    return digest.hexdigest()


class _Form(MultiPartParser):
    """Files stay in memory, where their weight is counted: images never touch a disk."""

    spool_max_size = sys.maxsize

    def __init__(self, request: Request) -> None:
        super().__init__(request.headers, request.stream(), max_files=_MAX_FILES)
        self._text = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """As the parser hands it over; ``MultiPartException`` where fields are too long."""
        self._text += end - start if self._current_part.file is None else 0
        if self._text > _MAX_TEXT:
            raise MultiPartException(f"its fields have more than {_MAX_TEXT:,} bytes.")
        super().on_part_data(data, start, end)


async def _read_multipart(
    request: Request, images: ImageFields
) -> tuple[dict[str, Any], tuple[Upload, ...]]:
    values: dict[str, Any] = {}
    uploads: list[Upload] = []
    try:
        form = await _Form(request).parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The form could not be read: {error.message}") from None
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                _known(name, images)
                uploads.append(Upload(name, value.filename or None, await value.read()))
                await value.close()  # so that one image at a time is held twice
            elif name in images.names:
                raise _bad_field(name, 'send it as a file: -F "image=@photo.jpg"')
            else:
                _gather(values, name, value)
    finally:
        await form.close()
    return values, tuple(uploads)


def _gather(values: dict[str, Any], name: str, value: str) -> None:
    """A form's way to send a list is to repeat its field; of one value alone none is lost."""
    if name not in values:
        values[name] = value
    elif isinstance(values[name], list):
        values[name].append(value)
    else:
        values[name] = [values[name], value]


def _known(name: str, images: ImageFields) -> None:
    if name not in images.names:
        raise _bad_field(name, f"no file is read from here; send {' or '.join(images.names)}")


async def _read_json(
    request: Request, images: ImageFields
) -> tuple[dict[str, Any], tuple[Upload, ...]]:
    body = bytearray()  # `request.body()` would hold it twice, and as long as the request
    async for chunk in request.stream():
        body += chunk
    return await to_thread.run_sync(_parse_json, body, images)


def _parse_json(body: bytearray, images: ImageFields) -> tuple[dict[str, Any], tuple[Upload, ...]]:
    try:
        values = from_json(body)
    except ValueError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}") from None
    body.clear()
    if not isinstance(values, dict):
        raise InvalidRequest("The body must be a JSON object.")
    uploads: list[Upload] = []
    for name in images.names:
        if name in values:
            uploads += _json_images(name, values.pop(name), images)
    return values, tuple(uploads)


def _json_images(name: str, value: object, images: ImageFields) -> list[Upload]:
    if not images.many:
        return [_json_image(name, name, value)]
    if not isinstance(value, list):
        raise _bad_field(name, 'a list of {"base64": "..."} is needed here')
    return [_json_image(name, f"{name}[{i}]", each) for i, each in enumerate(value)]


def _json_image(name: str, where: str, value: object) -> Upload:
    text = value.get("base64") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(text, str):
        raise _bad_field(where, 'an object {"base64": "..."} is needed here')
    payload = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return Upload(name, None, base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError):
        raise _bad_field(f"{where}.base64", "not valid base64") from None


def _bad_field(field: str, message: str) -> AppError:
    return InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])
