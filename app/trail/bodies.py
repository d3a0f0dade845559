"""Reads the bodies of rows. Kith wrote them, or anybody who tampered with the database: a body of
any other form than Kith's is refused here, so that no caller meets one.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from app.core import documents


class _Object(BaseModel):
    kind: str
    id: str


class _Actor(BaseModel):
    key_id: str | None
    client: str | None
    request_id: str | None


_MOST: Final = 1_000_000
"""More than Kith writes; sums and quotients of such numbers are numbers."""


class _Body(BaseModel):
    chain: str
    seq: int
    prev: str
    at: str
    action: str
    object: _Object
    collection: str | None
    actor: _Actor
    details: dict[str, Any]


class _Probed(BaseModel):
    sha256: str
    sealed: str = ""


class _Frames(BaseModel):
    received: int = Field(0, ge=0, le=_MOST)
    used: int = Field(0, ge=0, le=_MOST)


class _Match(BaseModel):
    similarity: float | None = Field(None, ge=-_MOST, le=_MOST)
    fpir: float | None = Field(None, ge=0, le=_MOST)


class _Decision(BaseModel):
    """Those details of a decision that are read again, if they are there."""

    decision: str = ""
    reason: str | None = None
    person: str | None = None
    event_id: str = ""
    authority: str = ""
    rule: str | None = None
    valid_until: str | None = None
    frames: _Frames | None = None
    match: _Match | None = None
    probe: list[_Probed] | None = None


class _PersonGone(BaseModel):
    evidence: int = Field(0, ge=0)


class _PicturesGone(BaseModel):
    before: str
    pictures: int = Field(ge=0)


class _RowsGone(BaseModel):
    through: int
    hash: str
    begun: dict[str, str | None] = {}


class _Begun(BaseModel):
    of: str | None


_DETAILS: Final[Mapping[str, type[BaseModel]]] = {
    "door.decision": _Decision,
    "person.deleted": _PersonGone,
    "evidence.purged": _PicturesGone,
    "audit.purged": _RowsGone,
    "chain.begun": _Begun,
}
"""The details of the actions that are read again."""


def read(text: str) -> dict[str, Any]:
    """The values of a body; ``ValueError`` says why it is not the body of a row."""
    body = documents.parsed(text.encode())
    try:
        _Body.model_validate(body, strict=True)
        details = _DETAILS.get(body["action"])
        if details is not None:
            details.model_validate(body["details"], strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        raise ValueError(f"{place or 'all of it'}: {first['msg']}") from None
    return dict(body)


def begun_in(body: Mapping[str, Any]) -> dict[str, str | None]:
    """The chains whose beginning a row records, by id, with the collection of each."""
    details: Mapping[str, Any] = body["details"]
    if body["action"] == "chain.begun":
        return {body["object"]["id"]: details["of"]}
    return dict(details.get("begun", {})) if body["action"] == "audit.purged" else {}
