"""Reads every body: JSON, or with images also ``multipart/form-data``. One reader, so that
every route reads them alike, and none before the caller is known.
"""

import hashlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.errors import AppError, FieldError, InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from app.web import form_values
from app.web.encoded import decoded
from app.web.fields import BodyFields
from app.web.forms import Form
from app.web.headers import JSON, MULTIPART, Described, check_codings, check_length, content_type
from app.web.json_text import MAX_JSON, Document, parse, parse_with_images
from app.web.parts import Part
from app.web.problems import invalid_request

_MAX_IMAGES: Final = 256
_AT_ONCE: Final = 4 * 1024
"""Most bytes of text that are parsed on the event loop. That blocks the loop for 0.1 ms, as long as
it takes to hand them to a thread.
"""

_FORMATS: Final = "JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF"
_ABOUT: Final = {
    "image": f"The image: {_FORMATS}.",
    "images": f"The images: {_FORMATS}.",
    "source": f"The one image: {_FORMATS}.",
    "target": f"The other image: {_FORMATS}.",
}
_BASE64: Final = "The file's bytes in base64, in either alphabet; a data URI is read as well."

Fields = TypeVar("Fields", bound=BodyFields)


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
        """SHA-256 of the request. It hashes every image: compute it only for an Idempotency-Key."""
        return fingerprint(self.asked, self.fields, self.images)


class NoFields(BodyFields):
    """A body that carries images alone."""


@dataclass(frozen=True, slots=True)
class ImageFields:
    """Which image fields a route reads: single ones by name, or ``images``, at most ``most``."""

    names: tuple[str, ...] = ("image",)
    many: bool = False
    required: bool = True
    most: int = _MAX_IMAGES

    def check(self, uploads: tuple[Upload, ...]) -> None:
        """``InvalidRequest`` where an image is missing or sent twice."""
        for name in self.names:
            count = sum(upload.field == name for upload in uploads)
            if self.required and not count:
                raise _bad_field(name, "an image is needed here")
            if not self.many and count > 1:
                raise _bad_field(name, f"one image is read here, {count} were sent")
            if count > self.most:
                raise _bad_field(name, f"{count} images were sent; at most {self.most} are read")

    def sorted(self, uploads: tuple[Upload, ...]) -> tuple[Upload, ...]:
        """The images in the order of the fields' names; within one field, in the order sent."""
        return tuple(sorted(uploads, key=lambda upload: self.names.index(upload.field)))


ONE_IMAGE: Final = ImageFields()
MANY_IMAGES: Final = ImageFields(("images",), many=True)
OPTIONAL_IMAGE: Final = ImageFields(required=False)
OPTIONAL_IMAGES: Final = ImageFields(("images",), many=True, required=False)
SOURCE_AND_TARGET: Final = ImageFields(("source", "target"))
NO_IMAGES: Final = ImageFields(())

Read = Callable[[Request], Coroutine[Any, Any, Submission[Fields]]]


def submission(model: type[Fields], images: ImageFields) -> Read[Fields]:
    """A FastAPI dependency that reads a body of ``model``'s fields and ``images``.

    In a route's signature it comes after the caller's, so that a request without a key is refused
    before its body is read.
    """

    async def read(request: Request) -> Submission[Fields]:
        kind = content_type(request.headers)
        check_codings(request.headers)
        if kind.value == MULTIPART and images.names:
            form = await read_form(request, kind)
            size, parse = form.text_bytes, partial(_parse_form, form, model, images)
        elif kind.value == JSON:
            body = await read_json(request, whole=bool(images.names))
            size, parse = len(body), partial(_parse_json, body, images)
        else:
            raise _wrong_type(kind.value, images)

        def understood() -> Submission[Fields]:
            values, uploads = parse()
            images.check(uploads)
            return _checked(model, values, images.sorted(uploads), request)

        return understood() if size <= _AT_ONCE else await to_thread.run_sync(understood)

    return read


def _wrong_type(kind: str, images: ImageFields) -> AppError:
    """Routes without images have always answered 422; clients may go by it."""
    wanted = f"{MULTIPART} or {JSON}" if images.names else JSON
    error = UnsupportedMediaType if images.names else InvalidRequest
    return error(f"The content type {kind or '(none)'!r} is not read here; send {wanted}.")


def described(model: type[BaseModel], images: ImageFields) -> dict[str, Any]:
    """The ``openapi_extra`` of a route that reads such a body.

    The ``$defs`` within are for ``problems`` to put where the document keeps its schemas.
    """
    binary = {"type": "string", "format": "binary"}
    encoded = {
        "type": "object",
        "properties": {
            "base64": {"type": "string", "contentEncoding": "base64", "description": _BASE64}
        },
        "required": ["base64"],
        "additionalProperties": False,
    }
    content = {JSON: {"schema": _schema(model, images, encoded)}}
    if images.names:
        content = {MULTIPART: {"schema": _schema(model, images, binary)}, **content}
    return {"requestBody": {"required": True, "content": content}}


def _schema(model: type[BaseModel], images: ImageFields, image: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    if not images.names:
        parts = schema.pop("$defs", {})
        name = model.__name__
        return {"$ref": f"#/components/schemas/{name}", "$defs": {**parts, name: schema}}
    several = {"type": "array", "items": image, "minItems": 1, "maxItems": images.most}
    one = several if images.many else image
    about = {name: {**one, "description": _ABOUT[name]} for name in images.names}
    schema.setdefault("properties", {}).update(about)
    if images.required:
        schema["required"] = [*schema.get("required", []), *images.names]
    return schema


def _checked(
    model: type[Fields], values: Mapping[str, Any], images: tuple[Upload, ...], request: Request
) -> Submission[Fields]:
    try:
        fields = model.model_validate(values)
    except ValidationError as error:
        found = cast("list[dict[str, Any]]", error.errors())
        raise invalid_request(found, known=model.model_fields) from None
    return Submission(asked(request), fields, images)


def asked(request: Request) -> str:
    """The request's method and path."""
    return f"{request.method} {request.url.path}"


def fingerprint(asked: str, fields: BaseModel, images: tuple[Upload, ...] = ()) -> str:
    """SHA-256 over what a request asks for, whatever the boundary or the order of its fields."""
    digest = hashlib.sha256(f"{asked}\n".encode())
    digest.update(fields.model_dump_json(exclude_unset=True).encode())
    for upload in images:
        digest.update(f"\n{upload.field} {len(upload.data)}\n".encode())
        digest.update(upload.data)
    return digest.hexdigest()


async def read_form(request: Request, kind: Described) -> Form:
    """The whole form of a request; ``InvalidRequest`` where it is not whole and clear."""
    form = Form(kind)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        form.write(chunk)
    check_length(request.headers, received)
    form.end()
    return form


def _parse_form(
    form: Form, model: type[BaseModel], images: ImageFields
) -> tuple[dict[str, Any], tuple[Upload, ...]]:
    if not form.parts:
        images.check(())
        raise InvalidRequest("The form is empty: it has no parts.")
    texts: dict[str, list[str]] = {}
    uploads: list[Upload] = []
    for part in form.parts:
        if part.filename is not None:
            uploads.append(_form_image(part, model, images))
        elif part.name in images.names:
            raise _bad_field(part.name, f'send it as a file: -F "{part.name}=@photo.jpg"')
        else:
            texts.setdefault(part.name, []).append(part.text())
    return form_values.read(texts, model), tuple(uploads)


def _form_image(part: Part, model: type[BaseModel], images: ImageFields) -> Upload:
    if part.name in images.names:
        return Upload(part.name, part.filename or None, part.data.getvalue())
    if part.name in model.model_fields:
        raise _bad_field(part.name, "this field is text; send it without a filename")
    raise _bad_field(part.name, f"no file is read from here; send {' or '.join(images.names)}")


async def read_json(request: Request, *, whole: bool) -> bytearray:
    """The body of a request; ``PayloadTooLarge`` where it is large and need not be read
    ``whole``.
    """
    body = bytearray()  # `request.body()` would hold it twice, and as long as the request
    async for chunk in request.stream():
        body += chunk
        if not whole and len(body) > MAX_JSON:
            raise PayloadTooLarge(f"The body is larger than {MAX_JSON:,} bytes; send less at once.")
    check_length(request.headers, len(body))
    return body


def _parse_json(body: bytearray, images: ImageFields) -> tuple[dict[str, Any], tuple[Upload, ...]]:
    document = parse_with_images(body) if images.names else Document(parse(body), {})
    values = document.value
    if not isinstance(values, dict):
        raise InvalidRequest("The body must be a JSON object.")
    uploads: list[Upload] = []
    for name in images.names:
        if name in values:
            uploads += _json_images(name, values.pop(name), images, document)
    return document.whole(values), tuple(uploads)


def _json_images(name: str, value: object, images: ImageFields, document: Document) -> list[Upload]:
    if not images.many:
        return [_json_image(name, name, value, document)]
    if not isinstance(value, list):
        raise _bad_field(name, 'a list of {"base64": "..."} is needed here')
    if len(value) > images.most:
        raise _bad_field(name, f"{len(value)} images were sent; at most {images.most} are read")
    return [_json_image(name, f"{name}[{i}]", each, document) for i, each in enumerate(value)]


def _json_image(name: str, where: str, value: object, document: Document) -> Upload:
    text = value.get("base64") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(text, str):
        raise _bad_field(where, 'an object {"base64": "..."} is needed here')
    try:
        return Upload(name, None, decoded(document.base64(text)))
    except ValueError as error:
        raise _bad_field(f"{where}.base64", f"not valid base64: {error}") from None


def _bad_field(field: str, message: str) -> AppError:
    return InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])
