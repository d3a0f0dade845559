"""The request and response bodies of webhooks."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from app.actions.schemas import SecretName, TlsField
from app.actions.targets import Target
from app.trail.events import KEPT_TYPES
from app.web.fields import BodyFields, CreatedAt, Id, Label, UpdatedAt

_MOST_DOORS: Final = 256


def _endpoint(url: str) -> str:
    if Target.parse(url, "http", "https").rest.names:
        raise ValueError("must have no placeholders: the event is the body")
    return url


def _unlike(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("must not have one twice")
    return values


def _kind(text: str) -> str:
    if text not in KEPT_TYPES:
        raise ValueError(f"must be one of {', '.join(KEPT_TYPES)}")
    return text


EventType = Annotated[
    str, AfterValidator(_kind), Field(json_schema_extra={"enum": list(KEPT_TYPES)})
]
Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=1024),
    AfterValidator(_endpoint),
    Field(description="`http://` or `https://`; private hosts need `KITH_EGRESS_ALLOW`."),
]
Secrets = Annotated[
    list[SecretName],
    AfterValidator(_unlike),
    Field(
        min_length=1,
        max_length=2,
        description="Names of the secrets that sign: one, or during a rotation two. Each is a "
        "variable, or in lower case a file in the folder of secrets; its value is `whsec_...`.",
    ),
]


Included = Literal["name"]


class WebhookPatch(BodyFields):
    """Changes to an endpoint."""

    name: Label | None = Field(None, description="A name for people; null: none.")
    url: Url = Field(default_factory=str)
    types: Annotated[list[EventType], AfterValidator(_unlike)] | None = Field(
        None, min_length=1, max_length=64, description="The types of events; null: all."
    )
    doors: Annotated[list[Id], AfterValidator(_unlike)] | None = Field(
        None,
        min_length=1,
        max_length=_MOST_DOORS,
        description="Ids of doors of the collection: events of these alone; null: of all, and of "
        "people.",
    )
    secrets: Secrets = Field(default_factory=list)
    tls: TlsField | None = Field(None, description="Whom to trust; null: the machine's.")
    include: Annotated[list[Included], AfterValidator(_unlike)] = Field(
        default_factory=list,
        max_length=1,
        description="`name`: events say the name that their person has at the attempt.",
    )
    enabled: bool = Field(
        default=True,
        description="Off: nothing is sent, and events wait as long as they are kept.",
    )


class NewWebhook(WebhookPatch):
    """An endpoint to make. It gets the events from then on."""

    collection_id: Id | None = Field(
        None, description="Only the events of this collection; null: of the whole site."
    )
    url: Url
    secrets: Secrets


DisabledReason = Literal["administrator", "gone"]


class WebhookView(BaseModel):
    """An endpoint that gets events."""

    id: str = Field(description="Its id.")
    collection_id: str | None = Field(description="Id of the collection; null: the whole site.")
    name: str | None = Field(description="Its name for people; null: none.")
    url: str = Field(description="Where events go.")
    types: list[str] | None = Field(description="The types of events; null: all.")
    doors: list[str] | None = Field(description="Ids of doors; null: all, and people.")
    secrets: list[str] = Field(description="Names of the secrets that sign.")
    tls: TlsField | None = Field(description="Whom to trust; null: the machine's.")
    include: list[Included] = Field(description="`name`: events have names of persons.")
    enabled: bool = Field(description="Off: nothing is sent.")
    disabled_reason: DisabledReason | None = Field(
        description="`gone`: the endpoint answered 410; null where it is on."
    )
    unfit: str | None = Field(
        description="Why the process that answers can sign nothing now: a secret is missing or "
        "wrong. Null: it can sign."
    )
    revision: int = Field(ge=1, description="Counts its changes; its `ETag`.")
    created_at: CreatedAt
    updated_at: UpdatedAt


class DeadLetterView(BaseModel):
    """An event that the endpoint did not take in all attempts."""

    event_id: str = Field(description="Id of the event.")
    source: str = Field(description="Where it happened.")
    type: str = Field(description="What happened.")
    died_at: datetime = Field(description="When the last attempt failed.")
    attempts: int = Field(ge=1, description="Attempts so far.")
    status: int | None = Field(description="The status that the endpoint answered; null: none.")
    error: str = Field(description="What went wrong at the last attempt.")
    replaying: bool = Field(description="Whether it is to be sent again.")


class ReplayFields(BodyFields):
    """The events to send again: one of the three."""

    event_id: Id | None = Field(None, description="The dead letter of this event.")
    all: Literal[True] | None = Field(None, description="`true`: all dead letters.")
    since: Id | None = Field(
        None,
        alias="from",
        description="Every event from that of this id on, delivered or dead, in order.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.event_id, self.all, self.since].count(None) != 2:
            raise ValueError("set one of event_id, all and from")
        return self


class ReplayView(BaseModel):
    """The events that are sent again."""

    events: int = Field(ge=0, description="Events that are sent again.")


class PingView(BaseModel):
    """The result of a test."""

    event_id: str = Field(description="Id of the event that was sent: its `webhook-id`.")
    outcome: Literal["delivered", "gone", "refused", "unanswered", "failed", "unfit"] = Field(
        description="`delivered`: the endpoint took it; `gone`: it answered 410; `refused`: with "
        "another status than 200 to 299; `unanswered`: it may have it, and did not answer in time; "
        "`failed`: nothing was sent; `unfit`: a secret is missing or wrong."
    )
    status: int | None = Field(description="Status of the answer; null: none.")
    ms: int = Field(ge=0, description="Milliseconds that it took.")
    error: str | None = Field(description="What went wrong; null: nothing.")
    at: datetime = Field(description="When it was sent, UTC.")


CONTENT: Final = {"url", "types", "doors", "secrets", "tls", "include"}
"""The fields that are kept in one column."""


def as_content(fields: WebhookPatch) -> dict[str, Any]:
    """The values of the fields in ``CONTENT``."""
    return fields.model_dump(mode="json", include=CONTENT)
