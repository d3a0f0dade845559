"""A form of the console as it was sent, and its texts as the fields of a schema of the API."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.errors import FieldError, InvalidRequest, UnsupportedMediaType
from app.gallery.enrolment import ImageFile
from app.web import form_values
from app.web.headers import MULTIPART, check_codings, content_type
from app.web.problems import invalid_request
from app.web.uploads import read_form

Fields = TypeVar("Fields", bound=BaseModel)
_MINUTES: Final = len("2026-05-04T12:00")


@dataclass(frozen=True, slots=True)
class Sent:
    """The texts and files of a form, by the names of its fields; a file input that was left empty
    sent none.
    """

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[ImageFile]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The one text of a field, without blanks at its ends; empty where there is none. Browsers
        send a line break as two characters.
        """
        return next(iter(self.texts.get(name, ())), "").replace("\r\n", "\n").strip()

    def is_on(self, name: str) -> bool:
        """Whether a checkbox is ticked."""
        return bool(self.text(name))

    def images(self, name: str) -> Sequence[ImageFile]:
        """The files of a field."""
        return self.files.get(name, ())

    def image(self, name: str) -> ImageFile:
        """The one file of a field; ``InvalidRequest`` where there is none."""
        for each in self.images(name):
            return each
        raise InvalidRequest("Choose a photo first.", errors=[FieldError(name, "is missing")])

    def filled(self, *names: str) -> dict[str, list[str]]:
        """The texts of those of these fields that are not empty."""
        given = {
            name: [each for each in self.texts.get(name, ()) if each.strip()] for name in names
        }
        return {name: texts for name, texts in given.items() if texts}


def instant(text: str) -> str | None:
    """The value of an input of date and time, in UTC, as the API writes it; None if it is empty."""
    if not text:
        return None
    return f"{text}:00Z" if len(text) == _MINUTES else f"{text}Z"


def values_of(model: type[BaseModel], texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Texts as the values of the fields of a schema."""
    return form_values.read(texts, model)


def checked(model: type[Fields], values: Mapping[str, Any]) -> Fields:
    """The schema of the API with these values; ``InvalidRequest`` names each wrong one."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = cast("list[dict[str, Any]]", error.errors())
        raise invalid_request(found, known=model.model_fields) from None


async def read(request: Request) -> Sent:
    """The form of a request, which must be ``multipart/form-data``; it stays in memory."""
    kind = content_type(request.headers)
    check_codings(request.headers)
    if kind.value != MULTIPART:
        raise UnsupportedMediaType(f"The console reads forms of the type {MULTIPART} alone.")
    form = await read_form(request, kind)
    texts: defaultdict[str, list[str]] = defaultdict(list)
    files: defaultdict[str, list[ImageFile]] = defaultdict(list)
    for part in form.parts:
        if part.filename is None:
            texts[part.name].append(part.text())
        elif part.filename or part.data.getbuffer().nbytes:
            files[part.name].append(ImageFile(part.filename or None, part.data.getvalue()))
    return Sent(texts, files)
