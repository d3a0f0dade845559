"""Sends one action once, and returns its result."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import httpx

from app.actions.escaping import escape_of, escaping_all, header, topic_level, url_piece
from app.actions.schemas import ActionFields, ExpectField, LoginField, Outcome, TakeField
from app.actions.secrets import Secrets
from app.actions.targets import Target
from app.actions.templates import Facts, Template, Unfit
from app.egress.allowance import Refused
from app.egress.dialling import Deadline, Egress
from app.egress.failures import CallFailed, NotConnected
from app.egress.http import Answer, Session
from app.egress.mqtt import Broker, Message, publish
from app.egress.trust import Trust

_PAUSE: Final = 0.2
"""Seconds between attempts to connect: without a connection nothing was sent."""
_MOST_TOKEN: Final = 4096


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an action. ``error`` holds no secret and no text of the device."""

    outcome: Outcome
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0


class Caller:
    """Sends actions through the gate of ``egress``. Thread-safe."""

    def __init__(self, egress: Egress, secrets: Secrets) -> None:
        self._egress = egress
        self._secrets = secrets

    def call(self, fields: ActionFields, facts: Facts, deadline: Deadline) -> Result:
        """Send the action before the deadline and its own timeout; never raises."""
        began = time.monotonic()
        if deadline.at <= began:
            return Result("late", error="the grant was over before it could be sent")
        result = self._called(fields, facts, deadline)
        return replace(result, seconds=time.monotonic() - began)

    def unfit(self, fields: ActionFields) -> str | None:
        """Why the action cannot be sent with its secret as that is now; None: it can."""
        if (name := fields.auth.secret) is None:
            return None
        try:
            host = Target.parse(fields.url, "http", "https", "mqtt", "mqtts").host
            _auth(fields, Facts({}, {}, (), secret=self._secrets.read(name, host)))
        except (Unfit, ValueError) as error:
            return str(error)
        return None

    def _called(self, fields: ActionFields, facts: Facts, grant: Deadline) -> Result:
        deadline = Deadline(min(grant.at, time.monotonic() + fields.timeout_ms / 1000))
        try:
            target = Target.parse(fields.url, "http", "https", "mqtt", "mqtts")
            if fields.auth.secret is not None:
                secret = self._secrets.read(fields.auth.secret, target.host)
                facts = replace(facts, secret=secret)
            if fields.kind == "http":
                ready = self._http(fields, target, facts)
            else:
                ready = self._mqtt(fields, target, facts, grant)
            return _until_connected(lambda: ready(deadline), deadline)
        except Unfit as error:
            return Result("unfit", error=str(error))
        except Refused as error:
            return Result("failed", error=str(error))
        except CallFailed as error:
            return Result("unanswered" if error.sent else "failed", error=str(error))
        except TimeoutError:
            return Result("failed", error="the time was over before anything was sent")
        except ValueError as error:
            return Result("unfit", error=f"the action cannot be read: {error}")

    def _http(
        self, fields: ActionFields, target: Target, facts: Facts
    ) -> Callable[[Deadline], Result]:
        request, login = _Request.made(fields, target, facts), fields.auth.login
        first = login and _Request.made(login, Target.parse(login.url, target.scheme), facts)
        auth, more = _auth(fields, facts)
        request.headers.update(more)

        def send(deadline: Deadline) -> Result:
            with Session(self._egress, _trust(fields), deadline) as session:
                if first:
                    request.headers.update(_logged_in(session, first, fields.auth.login))
                answer = request.send(session, auth)
            return _judged(answer, fields.expect)

        return send

    def _mqtt(
        self, fields: ActionFields, target: Target, facts: Facts, grant: Deadline
    ) -> Callable[[Deadline], Result]:
        user = password = None
        if fields.auth.kind == "basic":
            user, password = facts.value("secret.user"), facts.value("secret.password")
        trust = _trust(fields) if target.scheme == "mqtts" else None
        broker = Broker(target.host, target.port, trust, user, password)
        topic = Template.parse(fields.topic or "").filled(facts.value, escaping_all(topic_level))
        payload = _body(fields, facts) or b""

        def send(deadline: Deadline) -> Result:
            message = Message(topic, payload, fields.content_type, grant)
            publish(self._egress, broker, message, deadline)
            return Result("done")

        return send


def _judged(answer: Answer, expect: ExpectField | None) -> Result:
    if not 200 <= answer.status < 300:
        return Result("refused", answer.status, f"the device answered {answer.status}")
    if expect is None:
        return Result("done", answer.status)
    found = _at(answer.body, expect.json_path)
    if type(found) is type(expect.equals) and found == expect.equals:
        return Result("done", answer.status)
    outcome: Outcome = "unanswered" if found is None else "refused"
    wanted = f"{expect.json_path} = {json.dumps(expect.equals)}"
    return Result(outcome, answer.status, f"the device's answer does not say {wanted}")


def _at(body: bytes, path: str) -> object:
    """The value at ``path`` of some JSON; None where there is none."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _until_connected(send: Callable[[], Result], deadline: Deadline) -> Result:
    """Try again while no connection comes about: nothing was sent, so nothing is sent twice."""
    while True:
        try:
            return send()
        except NotConnected:
            if deadline.at - time.monotonic() <= _PAUSE:
                raise
            time.sleep(_PAUSE)


@dataclass(slots=True)
class _Request:
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None

    @classmethod
    def made(cls, part: ActionFields | LoginField, target: Target, facts: Facts) -> "_Request":
        """The request with every value in its place; ``Unfit`` where one is missing."""
        rest = target.rest.filled(facts.value, escaping_all(url_piece))
        headers = {
            name: header(Template.parse(value).filled(facts.value, escaping_all(header)))
            for name, value in part.headers.items()
        }
        content = _body(part, facts)
        if content is not None:
            headers["Content-Type"] = part.content_type
        return cls(part.method, target.origin + rest, headers, content)

    def send(self, session: Session, auth: httpx.Auth | None = None) -> Answer:
        return session.send(
            self.method, self.url, headers=self.headers, content=self.content, auth=auth
        )


def _body(part: ActionFields | LoginField, facts: Facts) -> bytes | None:
    if part.body is None:
        return None
    template = Template.parse(part.body)
    return template.filled(facts.value, escape_of(part.content_type, template)).encode()


def _auth(fields: ActionFields, facts: Facts) -> tuple[httpx.Auth | None, Mapping[str, str]]:
    kind = fields.auth.kind
    if kind == "bearer":
        return None, {"Authorization": f"Bearer {_as_header(facts.value('secret'))}"}
    if kind in ("basic", "digest"):
        user, password = facts.value("secret.user"), facts.value("secret.password")
        return (httpx.BasicAuth if kind == "basic" else httpx.DigestAuth)(user, password), {}
    return None, {}


def _as_header(text: str) -> str:
    try:
        return header(text)
    except ValueError as error:
        raise Unfit(f"the secret {error}") from None


def _trust(fields: ActionFields) -> Trust:
    return Trust(fields.tls.ca, fields.tls.sha256) if fields.tls else Trust()


def _logged_in(session: Session, request: _Request, login: LoginField | None) -> dict[str, str]:
    """The header with the token, if there is one. ``CallFailed`` says that the login failed; it
    never means that the action was sent.
    """
    try:
        answer = request.send(session)
    except NotConnected:
        raise
    except CallFailed as error:
        raise CallFailed(f"the login failed: {error}", sent=False) from None
    if not 200 <= answer.status < 300:
        raise CallFailed(f"the login was answered {answer.status}", sent=False)
    if login is None or login.take is None or login.give is None:
        return {}
    return {login.give: _token(answer, login.take)}


def _token(answer: Answer, take: TakeField) -> str:
    found: object = None
    if take.header is not None:
        found = answer.headers.get(take.header)
    elif take.json_path is not None:
        found = _at(answer.body, take.json_path)
    if not isinstance(found, str) or not 0 < len(found) <= _MOST_TOKEN:
        raise CallFailed("the answer to the login has no token where one is looked for", sent=False)
    try:
        return header(found)
    except ValueError:
        raise CallFailed("the token of the login does not fit into a header", sent=False) from None
