"""The field types that collections and persons share at the edge."""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from app.core.ids import ID_PATTERN
from app.errors import AppError, FieldError, InvalidRequest
from app.inference.subject import SUBJECT_RULES, Subject, SubjectRule
from app.vision.types import Box
from app.web.fields import WHOLE, Count, Id, Sha256
from app.web.json_text import parse

METADATA_BYTES: Final = 16 * 1024
_BOX_SIDES: Final = ("x", "y", "width", "height")
_BOX_TEXT: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?(,-?[0-9]{1,9}(\.[0-9]{1,9})?){3}")
_SUBJECT_SCHEMA: Final = {
    "anyOf": [
        {"type": "string", "enum": list(SUBJECT_RULES)},
        {"type": "string", "pattern": f"^{_BOX_TEXT.pattern}$"},
        {
            "type": "object",
            "properties": {
                "x": {"type": "number", "description": "Pixels from the left edge."},
                "y": {"type": "number", "description": "Pixels from the top edge."},
                "width": {"type": "number", "exclusiveMinimum": 0, "description": "Pixels."},
                "height": {"type": "number", "exclusiveMinimum": 0, "description": "Pixels."},
            },
            "required": list(_BOX_SIDES),
            "additionalProperties": False,
        },
    ],
}

CollectionPath = Annotated[
    str, Path(alias="collection_id", pattern=ID_PATTERN, description="Id of the collection.")
]
PersonPath = Annotated[
    str, Path(alias="person_id", pattern=ID_PATTERN, description="Id of the person.")
]
OtherPath = Annotated[
    str, Path(alias="other_id", pattern=ID_PATTERN, description="Id of the other person.")
]


def _as_object(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    """Read null as an empty object."""
    return {} if value is None else value


def _compact(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        text = json.dumps(metadata, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (ValueError, RecursionError):
        raise ValueError("must hold finite numbers and valid text only") from None
    if size > METADATA_BYTES or "\\u0000" in text:
        raise ValueError(f"must be at most {METADATA_BYTES} bytes of JSON, without U+0000")
    return metadata


def subject_of(subject: Subject, *, images: int) -> Subject:
    """``subject`` as it applies to each of ``images`` images; ``InvalidRequest`` for a box with
    more than one.
    """
    if isinstance(subject, Box) and images > 1:
        message = f"a box belongs to one image, and {images} were sent; send that image alone"
        raise InvalidRequest(f"subject: {message}.", errors=[FieldError("subject", message)])
    return subject


def _subject(value: Any) -> Subject:  # noqa: ANN401 - whatever the client sent
    """A rule's name, or a box: an object, or the text that stands for one in a form."""
    for rule in SUBJECT_RULES:
        if value == rule:
            return rule
    if isinstance(value, Box):
        return value
    try:
        return _box(_sides(value) if isinstance(value, str) else value)
    except (AppError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"must be {', '.join(SUBJECT_RULES)}, or a box in pixels of the upright image: "
            "x,y,width,height, such as 120,80,200,240"
        ) from None


def _subject_text(subject: Subject) -> str:
    """The text of ``subject`` in a form."""
    if isinstance(subject, Box):
        return f"{subject.x},{subject.y},{subject.width},{subject.height}"
    return subject


def _sides(text: str) -> Any:  # noqa: ANN401 - whatever the client sent
    """The object that the text is, or stands for."""
    if _BOX_TEXT.fullmatch(text):
        return dict(zip(_BOX_SIDES, map(float, text.split(",")), strict=True))
    return parse(text.encode())


def _box(value: Mapping[str, Any]) -> Box:
    """The box; ``KeyError``, ``TypeError`` or ``ValueError`` where the value is none."""
    sides = [value[side] for side in _BOX_SIDES]
    if len(value) != len(sides) or not all(type(each) in (int, float) for each in sides):
        raise ValueError(value)
    box = Box(*map(float, sides))
    if not (math.isfinite(box.x) and math.isfinite(box.y) and 0 < box.area < math.inf):
        raise ValueError(value)
    return box


Metadata = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_as_object, json_schema_input_type=dict[str, JsonValue] | None),
    AfterValidator(_compact),
]
_RULES_TEXT: Final = (
    "Which face of an image is taken. `only`: the largest, but none (`multiple_faces`) where "
    "another has 0.7 of its width or more. `largest`. `central`: the one whose middle is nearest "
    "to the image's. `main`: the one that is large and near the middle, by its area, which fades "
    "to 0 from the middle to the corners. Of equals the larger."
)
RuleField = Annotated[SubjectRule, Field(description=_RULES_TEXT)]
SubjectField = Annotated[
    Subject,
    PlainValidator(_subject),
    PlainSerializer(_subject_text),
    WithJsonSchema(_SUBJECT_SCHEMA, mode="validation"),
    Field(
        description=f"{_RULES_TEXT} Or a box in pixels of the upright image, `x,y,width,height` or "
        "an object of these: the face that overlaps it most, by an intersection over union of 0.3 "
        "at least, else none (`no_face`). A box is read with one image only."
    ),
]
TargetFpir = Annotated[
    float,
    Field(
        gt=0,
        lt=1,
        description="False-positive identification rate: how often a stranger may be named.",
    ),
]
TargetFmr = Annotated[
    float, Field(gt=0, lt=1, description="False-match rate of a 1:1 verification.")
]
Similarity = Annotated[float, Field(ge=-1, le=1, description="A cosine; higher is closer.")]
LimitOfSimilarity = Annotated[
    float,
    Field(
        ge=-1,
        le=1.001,
        description="The least similarity that counts; above 1 where none is near enough.",
    ),
]
FacesPerPerson = Annotated[
    int, Field(ge=1, le=100, description="Most faces that a person may have."), WHOLE
]
ContractId = Annotated[
    str, Field(description="Id of the embedding path: embeddings of another cannot be compared.")
]
Revision = Annotated[
    Count, Field(description="Number of changes of the collection's enrolled people so far.")
]
CollectionId = Annotated[Id, Field(description="Id of the collection.")]
PersonId = Annotated[Id, Field(description="Id of the person.")]
PersonName = Annotated[str | None, Field(description="The person's name; null: none.")]
ExternalId = Annotated[
    str | None, Field(description="The person's id in the client's own system; null: none.")
]
ValidFrom = Annotated[datetime | None, Field(description="Not named before, UTC; null: always.")]
ValidUntil = Annotated[
    datetime | None, Field(description="Not named from then on, UTC; null: never.")
]
OwnData = Annotated[dict[str, JsonValue], Field(description="The client's own data.")]
ImageIndex = Annotated[Count, Field(description="Place of the image in the request, from 0.")]
TurnedDegrees = Annotated[
    Literal[0, 90, 180, 270],
    Field(description="Degrees by which the image was turned clockwise to be upright."),
]
FileName = Annotated[
    str | None, Field(description="Name of the image's file; null where it was sent without.")
]
ImageSha256 = Annotated[Sha256, Field(description="SHA-256 of the image as sent, hexadecimal.")]
