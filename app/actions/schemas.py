"""The request and response bodies of actions."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from app.actions.secrets import NAME_PATTERN, check_name
from app.actions.templates import Template
from app.egress.trust import Trust
from app.web.fields import BodyFields, CreatedAt, Label, Sha256, UpdatedAt, Whole

_MOST_HEADERS: Final = 16
_HEADER: Final = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$"
_OURS: Final = frozenset(
    (
        "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    )
)  # fmt: skip
"""Headers that follow from the request, or change how it is read."""
_SECRET_ONES: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
Outcome = Literal["done", "refused", "unanswered", "failed", "unfit", "late", "dropped"]


def _template(text: str) -> str:
    if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise ValueError("must be text that UTF-8 can carry, without the character NUL")
    Template.parse(text)
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    if len(headers) > _MOST_HEADERS:
        raise ValueError(f"must have at most {_MOST_HEADERS} names; this has {len(headers)}")
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if not re.fullmatch(_HEADER, name) or lower in seen:
            raise ValueError(f"{name!r} is no name of a header, or is there twice")
        if lower in _OURS:
            raise ValueError(f"{name} follows from the rest of the action; leave it out")
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise ValueError(f"{name} must be printable ASCII, without a blank at either end")
        try:
            names = Template.parse(value).names
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
        if lower in _SECRET_ONES and not any(each.startswith("secret") for each in names):
            raise ValueError(
                f"{name} is kept and shown; write {{{{secret}}}} in place of its value"
            )
        seen.add(lower)
    return headers


def _authority(pem: str) -> str:
    Trust(authority=pem).context()
    return pem


Headers = Annotated[
    dict[str, str],
    AfterValidator(_headers),
    Field(description="Headers, at most 16; values are templates."),
]
Body = Annotated[
    str,
    StringConstraints(max_length=8192),
    AfterValidator(_template),
]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Address = Annotated[
    str, StringConstraints(min_length=8, max_length=1024), AfterValidator(_template)
]
SecretName = Annotated[
    str,
    StringConstraints(pattern=NAME_PATTERN),
    AfterValidator(check_name),
    Field(
        description="Name of a variable, or in lower case of a file in the folder of secrets. The "
        "value is `user:password` for `basic` and `digest`."
    ),
]


class TakeField(BodyFields):
    """The place of the token in the answer to a login."""

    header: Annotated[str, StringConstraints(pattern=_HEADER)] | None = Field(
        None, description="The header that has it; null: see `json`."
    )
    json_path: str | None = Field(
        None,
        alias="json",
        max_length=128,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="The field that has it, as `session.token`; null: see `header`.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.header is None) == (self.json_path is None):
            raise ValueError("set one of header and json")
        return self


class LoginField(BodyFields):
    """A request that comes first, to the same host."""

    method: Method = Field("POST", description="Its method.")
    url: Address = Field(description="Its address, a template.")
    headers: Headers = Field(default_factory=dict)
    body: Body | None = Field(None, description="Its body, a template; null: none.")
    content_type: Label = Field("application/json", description="Its content type.")
    take: TakeField | None = Field(
        None, description="Where its answer has a token; null: in cookies, which go along anyway."
    )
    give: Annotated[str, StringConstraints(pattern=_HEADER)] | None = Field(
        None, description="The header of the action that gets the token; null: none."
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.take is None) != (self.give is None):
            raise ValueError("set take and give together, or neither")
        if self.give is not None and self.give.lower() in _OURS:
            raise ValueError(f"give: {self.give} follows from the rest of the action")
        return self


class AuthField(BodyFields):
    """The way in which the device knows Kith."""

    kind: Literal["none", "basic", "digest", "bearer", "login"] = Field(
        "none",
        description="`none`: not at all, or by a placeholder `{{secret}}`; `basic` and `digest`: "
        "user and password; `bearer`: a token; `login`: by a request that comes first.",
    )
    secret: SecretName | None = Field(None, description="The secret's name; null: none.")
    login: LoginField | None = Field(None, description="The first request of `login`, else null.")

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.kind != "none" and self.secret is None:
            raise ValueError(f"{self.kind} needs a secret")
        if (self.kind == "login") != (self.login is not None):
            raise ValueError("login is for the kind login, and that needs it")
        return self


class TlsField(BodyFields):
    """Certificates to trust in place of the authorities of the machine."""

    ca: (
        Annotated[
            str, StringConstraints(min_length=1, max_length=16_384), AfterValidator(_authority)
        ]
        | None
    ) = Field(None, description="Certificates in PEM that may sign the device's; null: none.")
    sha256: Sha256 | None = Field(
        None, description="SHA-256 of the device's own certificate in DER; null: none."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.ca is None) == (self.sha256 is None):
            raise ValueError("set one of ca and sha256")
        return self


class ExpectField(BodyFields):
    """A field that the answer must have, for devices that answer 200 to what they did not do."""

    json_path: str = Field(
        alias="json",
        max_length=128,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="A field of the JSON that is answered, as `Response.code`.",
    )
    equals: bool | Whole | str = Field(description="The value that it must have.")


class ActionFields(BodyFields):
    """An action: one HTTP request, or one MQTT message. A field left out has its default."""

    name: Label | None = Field(None, description="A name for people; null: none.")
    enabled: bool = Field(default=True, description="Off: it is not sent; a test sends it still.")
    on: list[Literal["granted"]] = Field(
        default=["granted"],
        min_length=1,
        max_length=1,
        description="The decisions that set it off.",
    )
    kind: Literal["http", "mqtt"] = Field(description="What is sent.")
    method: Method = Field("POST", description="The request's method; of `http` alone.")
    url: Address = Field(
        description="`http://` or `https://`, with placeholders after the host alone; or "
        "`mqtt://` or `mqtts://`, with the host and no more."
    )
    topic: (
        Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(_template)]
        | None
    ) = Field(None, description="The message's topic, a template; of `mqtt` alone.")
    headers: Headers = Field(default_factory=dict)
    body: Body | None = Field(None, description="The body or message, a template; null: none.")
    content_type: Label = Field(
        "application/json",
        description="What the body is. Values are escaped for it, and it must be one of JSON, XML, "
        "a form, or `text/plain`.",
    )
    expect: ExpectField | None = Field(
        None, description="What the answer must say; null: any status of 200 to 299 is right."
    )
    auth: AuthField = Field(default_factory=AuthField, description="How the device knows Kith.")
    tls: TlsField | None = Field(None, description="Whom to trust; null: the machine's.")
    timeout_ms: Whole = Field(
        1500,
        ge=100,
        le=10_000,
        description="Milliseconds for all of it; the end of the grant, where that is sooner.",
    )


class ActionView(BaseModel):
    """An action of a door."""

    id: str = Field(description="Its id at the door.")
    collection_id: str = Field(description="Id of the collection.")
    door_id: str = Field(description="Id of the door.")
    name: str | None = Field(description="Its name for people; null: none.")
    enabled: bool = Field(description="Off: it is not sent.")
    on: list[str] = Field(description="The decisions that set it off.")
    kind: Literal["http", "mqtt"] = Field(description="What is sent.")
    method: Method = Field(description="The request's method; of `http` alone.")
    url: str = Field(description="Where it goes.")
    topic: str | None = Field(description="The message's topic; null for `http`.")
    headers: dict[str, str] = Field(description="Headers, as templates.")
    body: str | None = Field(description="The body or message, a template; null: none.")
    content_type: str = Field(description="What the body is.")
    expect: ExpectField | None = Field(description="What the answer must say; null: nothing.")
    auth: AuthField = Field(description="How the device knows Kith; of a secret the name alone.")
    tls: TlsField | None = Field(description="Whom to trust; null: the machine's.")
    timeout_ms: Annotated[int, Field(ge=0)] = Field(description="Milliseconds for all of it.")
    unfit: str | None = Field(
        description="Why the process that answers cannot send it now: its secret is missing or "
        "wrong. Null: it can."
    )
    created_at: CreatedAt
    updated_at: UpdatedAt


class ResultView(BaseModel):
    """The result of a test."""

    action_id: str = Field(description="Id of the action.")
    outcome: Outcome = Field(
        description="`done`: the device took it; `refused`: it answered with an error; "
        "`unanswered`: it may have it, and did not answer in time; `failed`: nothing was sent; "
        "`unfit`: a value or secret is missing, so nothing was sent; `late`: its time was over."
    )
    status: int | None = Field(description="Status of the device's answer; null: none.")
    ms: int = Field(ge=0, description="Milliseconds that it took.")
    error: str | None = Field(description="What went wrong; null: nothing.")
    at: datetime = Field(description="When it was sent, UTC.")
    request_id: str = Field(description="Id of this request: that of its log line.")


def as_content(fields: ActionFields) -> dict[str, Any]:
    """The fields that are kept in one column: all but the name."""
    return fields.model_dump(mode="json", by_alias=True, exclude={"name"})
