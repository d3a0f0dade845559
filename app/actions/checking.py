"""Checks that an action makes sense, before it is kept, and whether its door may be opened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app.access.models import Door
from app.actions.escaping import escape_of
from app.actions.schemas import ActionFields, LoginField
from app.actions.targets import Target
from app.actions.templates import REF, Template
from app.egress.allowance import Refused
from app.egress.dialling import Egress
from app.errors import Conflict, FieldError, InvalidRequest


def check_action(fields: ActionFields, ref: Mapping[str, str], egress: Egress) -> None:
    """``InvalidRequest`` names the field. ``ref`` is the door's."""
    check = _check_http if fields.kind == "http" else _check_mqtt
    target = check(fields, egress)
    with _of("tls"):
        if fields.tls is not None and target.scheme not in ("https", "mqtts"):
            raise ValueError("is for https and mqtts")
    if fields.body is not None:
        _check_body("body", fields.body, fields.content_type)
    for where, template in _templates(fields):
        with _of(where):
            _check_names(template, ref, secret=fields.auth.secret is not None)


def _check_http(fields: ActionFields, egress: Egress) -> Target:
    target = _target("url", fields.url, egress, "http", "https")
    with _of("topic"):
        if fields.topic is not None:
            raise ValueError("is for mqtt")
    login = fields.auth.login
    if login is not None:
        other = _target("auth.login.url", login.url, egress, "http", "https")
        with _of("auth.login.url"):
            if other.origin != target.origin:
                raise ValueError(f"must be of the same host as url, {target.origin}")
        if login.body is not None:
            _check_body("auth.login.body", login.body, login.content_type)
    return target


def _check_mqtt(fields: ActionFields, egress: Egress) -> Target:
    target = _target("url", fields.url, egress, "mqtt", "mqtts")
    with _of("url"):
        if target.rest.names or "".join(target.rest.literals) not in ("", "/"):
            raise ValueError("must end after the port; the topic has a field of its own")
    with _of("topic"):
        if fields.topic is None:
            raise ValueError("is needed for mqtt")
        literals = "".join(Template.parse(fields.topic).literals)
        if any(each in literals for each in "+#") or not literals.isprintable():
            raise ValueError("must have no + and no #: a message has one topic")
    with _of("headers"):
        if fields.headers:
            raise ValueError("are for http")
    with _of("expect"):
        if fields.expect is not None:
            raise ValueError("is for http; a message has no answer")
    with _of("auth"):
        if fields.auth.kind not in ("none", "basic"):
            raise ValueError(f"{fields.auth.kind} is for http; mqtt has basic")
    return target


def _target(field: str, url: str, egress: Egress, *schemes: str) -> Target:
    with _of(field):
        target = Target.parse(url, *schemes)
        try:
            egress.check_host(target.host)
        except Refused as error:
            raise ValueError(str(error)) from None
        return target


def _check_body(field: str, body: str, content_type: str) -> None:
    try:
        escape_of(content_type, Template.parse(body))
    except ValueError as error:
        name = "content_type" if "is not known here" in str(error) else "body"
        where = field.removesuffix("body") + name
        raise _wrong(where, str(error)) from None


def _templates(fields: ActionFields) -> Iterator[tuple[str, Template]]:
    parts: list[tuple[str, ActionFields | LoginField]] = [("", fields)]
    if fields.auth.login is not None:
        parts.append(("auth.login.", fields.auth.login))
    for prefix, part in parts:
        yield f"{prefix}url", Template.parse(part.url)
        if part.body is not None:
            yield f"{prefix}body", Template.parse(part.body)
        for name, value in part.headers.items():
            yield f"{prefix}headers.{name}", Template.parse(value)
    if fields.topic is not None:
        yield "topic", Template.parse(fields.topic)


def _check_names(template: Template, ref: Mapping[str, str], *, secret: bool) -> None:
    for name in template.names:
        if name.startswith("secret") and not secret:
            raise ValueError(f"has {{{{{name}}}}}, and auth names no secret")
        if name.startswith(REF) and (wanted := name.removeprefix(REF)) not in ref:
            raise ValueError(
                f"has {{{{{name}}}}}, and the door has no ref {wanted!r}; set it first"
            )


@contextmanager
def _of(field: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise _wrong(field, str(error)) from None


def _wrong(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])


def check_open(door: Door) -> None:
    """``Conflict`` where nothing is to open the door: a test moves a real lock."""
    if (shut := shut_by(door)) is not None:
        why, do = shut[0].upper() + shut[1:], "end that" if door.enabled else "enable it"
        raise Conflict(
            f"{why}; {do} before you test an action, which is real and may open the door."
        )


def shut_by(door: Door) -> str | None:
    """Why nothing is to open the door; None where it may be opened."""
    if not door.enabled:
        return f"the door {door.id!r} is disabled"
    if door.locked_down:
        return f"the door {door.id!r} is in lock-down"
    if door.zone is not None and door.zone.locked_down:
        return f"the zone {door.zone.id!r} is in lock-down"
    return None
