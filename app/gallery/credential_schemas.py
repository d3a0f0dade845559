"""The schemas of credentials: what a body may hold, and how little an answer shows."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from app.web.fields import BodyFields, Id, Label

MOST_CREDENTIALS: Final = 16
"""Credentials of a person."""
CredentialSystem = Annotated[
    Id, Field(description="The system that knows the person by it, such as `acs` or `2n`.")
]
CredentialKind = Literal["card", "user_id", "email"]
CredentialType = Annotated[
    CredentialKind,
    Field(description="`card`: a number; `user_id`: the person's id in that system; `email`."),
]
CredentialFormat = Annotated[
    Label | None, Field(description="How the system writes it, such as `WIEGAND26`; null: unsaid.")
]


class CredentialField(BodyFields):
    """The number, id or address by which another system knows a person."""

    system: CredentialSystem
    type: CredentialType
    format: CredentialFormat = None
    value: Label = Field(
        repr=False,
        description="The number, id or address, exactly as the system has it. A secret: no error "
        "and no log repeats it, and no answer but that of a grant at a door which reveals it.",
        json_schema_extra={"writeOnly": True, "format": "password"},
    )


def _as_list(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    """Read null as an empty list."""
    return [] if value is None else value


def _each_once(credentials: list[CredentialField]) -> list[CredentialField]:
    seen: dict[tuple[str, str, str], int] = {}
    for place, each in enumerate(credentials):
        first = seen.setdefault((each.system, each.type, each.value), place)
        if first != place:
            raise ValueError(f"number {place} is the same as number {first}, counted from 0")
    return credentials


CredentialFields = Annotated[
    list[CredentialField],
    BeforeValidator(_as_list, json_schema_input_type=list[CredentialField] | None),
    AfterValidator(_each_once),
]


class CredentialView(BaseModel):
    """A system that knows the person, and the kind of credential it has; never the value."""

    system: CredentialSystem
    type: CredentialType
    format: CredentialFormat
