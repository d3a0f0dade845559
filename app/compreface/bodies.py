"""The bodies of CompreFace's clients: images as files of a form, or in base64 as texts of a JSON
object; other parts and members are ignored.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any, Final, TypeVar

from anyio import to_thread
from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from app.compreface.failures import bad_argument, missing_part
from app.compreface.schemas import SubjectBody
from app.errors import UnsupportedMediaType
from app.web.encoded import decoded
from app.web.forms import Form
from app.web.headers import JSON, MULTIPART, check_codings, content_type
from app.web.json_text import parse, parse_with_images
from app.web.uploads import Upload, read_form, read_json

Value = TypeVar("Value")
_IDS: Final = TypeAdapter(list[str])
_SUBJECT: Final = TypeAdapter(SubjectBody)


def _images(*names: str) -> Callable[[Request], Coroutine[Any, Any, tuple[Upload, ...]]]:
    """A dependency: the images of ``names``, in this order."""

    async def read(request: Request) -> tuple[Upload, ...]:
        kind = content_type(request.headers)
        check_codings(request.headers)
        if kind.value == MULTIPART:
            return _of_form(await read_form(request, kind), names)
        if kind.value != JSON:
            raise UnsupportedMediaType(
                f"The content type {kind.value or '(none)'!r} is not read here; send {MULTIPART} "
                f"or {JSON}."
            )
        body = await read_json(request, whole=True)
        return await to_thread.run_sync(partial(_of_json, body, names))

    return read


def _of_form(form: Form, names: tuple[str, ...]) -> tuple[Upload, ...]:
    files = {each.name: each for each in form.parts if each.filename is not None}
    for name in names:
        if name not in files:
            raise missing_part(name)
    return tuple(
        Upload(name, files[name].filename or None, files[name].data.getvalue()) for name in names
    )


def _of_json(body: bytearray, names: tuple[str, ...]) -> tuple[Upload, ...]:
    document = parse_with_images(body, names)
    uploads = []
    for name in names:
        text = document.value.get(name) if isinstance(document.value, dict) else None
        if not isinstance(text, str) or not text:
            raise missing_part(name)
        try:
            uploads.append(Upload(name, None, decoded(document.base64(text))))
        except ValueError as error:
            raise bad_argument(name, f"not valid base64: {error}") from None
    return tuple(uploads)


async def _json(request: Request, adapter: TypeAdapter[Value], name: str, wanted: str) -> Value:
    """The body as JSON; its Content-Type is not looked at."""
    check_codings(request.headers)
    value = parse(await read_json(request, whole=False))
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise bad_argument(name, wanted) from None


async def _named_subject(request: Request) -> str:
    body = await _json(request, _SUBJECT, "subject", 'send {"subject": "..."}')
    return body.subject


async def _image_ids(request: Request) -> list[str]:
    return await _json(request, _IDS, "body", "send a list of the image_ids")


OneImage = Annotated[tuple[Upload, ...], Depends(_images("file"))]
TwoImages = Annotated[tuple[Upload, ...], Depends(_images("source_image", "target_image"))]
NamedSubject = Annotated[str, Depends(_named_subject)]
ImageIds = Annotated[list[str], Depends(_image_ids)]
