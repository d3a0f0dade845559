"""Actions. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from kith_client.model import Model
from kith_client.models.common import TlsField


class ActionView(Model):
    """An action of a door.

    id: Its id at the door.
    collection_id: Id of the collection.
    door_id: Id of the door.
    name: Its name for people; null: none.
    enabled: Off: it is not sent.
    on: The decisions that set it off.
    kind: What is sent.
    method: The request's method; of `http` alone.
    url: Where it goes.
    topic: The message's topic; null for `http`.
    headers: Headers, as templates.
    body: The body or message, a template; null: none.
    content_type: What the body is.
    expect: What the answer must say; null: nothing.
    auth: How the device knows Kith; of a secret the name alone.
    tls: Whom to trust; null: the machine's.
    timeout_ms: Milliseconds for all of it.
    unfit: Why the process that answers cannot send it now: its secret is missing or wrong.
        Null: it can.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str
    door_id: str
    name: str | None
    enabled: bool
    on: list[str]
    kind: Literal["http", "mqtt"] | str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | str
    url: str
    topic: str | None
    headers: dict[str, str]
    body: str | None
    content_type: str
    expect: ExpectField | None
    auth: AuthField
    tls: TlsField | None
    timeout_ms: int
    unfit: str | None
    created_at: datetime
    updated_at: datetime


class AuthField(TypedDict):
    """The way in which the device knows Kith.

    kind: `none`: not at all, or by a placeholder `{{secret}}`; `basic` and `digest`: user and
        password; `bearer`: a token; `login`: by a request that comes first.
    secret: The secret's name; null: none.
    login: The first request of `login`, else null.
    """

    kind: NotRequired[Literal["none", "basic", "digest", "bearer", "login"]]
    secret: NotRequired[str | None]
    login: NotRequired[LoginField | None]


class ExpectField(TypedDict):
    """A field that the answer must have, for devices that answer 200 to what they did not do.

    json: A field of the JSON that is answered, as `Response.code`.
    equals: The value that it must have.
    """

    json: str
    equals: bool | int | str


class LoginField(TypedDict):
    """A request that comes first, to the same host.

    method: Its method.
    url: Its address, a template.
    headers: Headers, at most 16; values are templates.
    body: Its body, a template; null: none.
    content_type: Its content type.
    take: Where its answer has a token; null: in cookies, which go along anyway.
    give: The header of the action that gets the token; null: none.
    """

    method: NotRequired[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]]
    url: str
    headers: NotRequired[Mapping[str, str]]
    body: NotRequired[str | None]
    content_type: NotRequired[str]
    take: NotRequired[TakeField | None]
    give: NotRequired[str | None]


class ResultView(Model):
    """The result of a test.

    action_id: Id of the action.
    outcome: `done`: the device took it; `refused`: it answered with an error; `unanswered`: it
        may have it, and did not answer in time; `failed`: nothing was sent; `unfit`: a value or
        secret is missing, so nothing was sent; `late`: its time was over.
    status: Status of the device's answer; null: none.
    ms: Milliseconds that it took.
    error: What went wrong; null: nothing.
    at: When it was sent, UTC.
    request_id: Id of this request: that of its log line.
    """

    action_id: str
    outcome: Literal["done", "refused", "unanswered", "failed", "unfit", "late", "dropped"] | str
    status: int | None
    ms: int
    error: str | None
    at: datetime
    request_id: str


class TakeField(TypedDict):
    """The place of the token in the answer to a login.

    header: The header that has it; null: see `json`.
    json: The field that has it, as `session.token`; null: see `header`.
    """

    header: NotRequired[str | None]
    json: NotRequired[str | None]
