"""Sends an event to an endpoint, once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from app.actions.secrets import Secrets
from app.actions.targets import Target
from app.actions.templates import Unfit
from app.core.clock import Clock
from app.egress.allowance import Refused
from app.egress.dialling import Deadline, Egress
from app.egress.failures import CallFailed
from app.egress.http import Session
from app.egress.trust import Trust
from app.webhooks.signing import check_secret, signed_headers

TIMEOUT_SECONDS: Final = 15.0
"""Seconds for one whole attempt; the standard says 15 to 30."""
_GONE: Final = 410
Outcome = Literal["delivered", "gone", "refused", "unanswered", "failed", "unfit"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of an endpoint, and the names of the secrets that sign for it."""

    url: str
    secrets: Sequence[str]
    trust: Trust


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of an attempt. ``error`` holds no secret and nothing that the endpoint said;
    ``retry_after`` is that header.
    """

    outcome: Outcome
    status: int | None = None
    error: str | None = None
    retry_after: str | None = None
    seconds: float = 0.0


class Line:
    """A line to one endpoint: events share its connection."""

    def __init__(
        self, session: Session, endpoint: Endpoint, secrets: Secrets, clock: Clock
    ) -> None:
        self._session = session
        self._endpoint = endpoint
        self._secrets = secrets
        self._clock = clock

    def send(self, event_id: str, body: str) -> Attempt:
        """Send an event, signed as of now; never raises."""
        began = time.monotonic()
        self._session.renew(Deadline(began + TIMEOUT_SECONDS))
        outcome: Outcome
        status = retry_after = None
        try:
            headers = signed_headers(
                _signing(self._endpoint, self._secrets),
                event_id=event_id,
                body=body,
                now=self._clock.now(),
            )
            headers["Content-Type"] = "application/cloudevents+json"
            url, content = self._endpoint.url, body.encode()
            answer = self._session.send("POST", url, headers=headers, content=content)
            status, retry_after = answer.status, answer.headers.get("retry-after")
            outcome, error = _judged(status), f"the endpoint answered {status}"
        except Unfit as failure:
            outcome, error = "unfit", str(failure)
        except Refused as failure:
            outcome, error = "failed", str(failure)
        except CallFailed as failure:
            outcome, error = "unanswered" if failure.sent else "failed", str(failure)
        seconds = time.monotonic() - began
        shown = None if outcome == "delivered" else error
        return Attempt(outcome, status, shown, retry_after, seconds)


class Caller:
    """Opens lines to endpoints through the gate of ``egress``. Thread-safe."""

    def __init__(self, egress: Egress, secrets: Secrets, clock: Clock) -> None:
        self._egress = egress
        self._secrets = secrets
        self._clock = clock

    @contextmanager
    def line(self, endpoint: Endpoint) -> Iterator[Line]:
        """A line to the endpoint, for one thread."""
        with Session(self._egress, endpoint.trust, Deadline.after(TIMEOUT_SECONDS)) as session:
            yield Line(session, endpoint, self._secrets, self._clock)

    def unfit(self, endpoint: Endpoint) -> str | None:
        """Why nothing can be signed for the endpoint as the secrets are now; None: it can."""
        try:
            _signing(endpoint, self._secrets)
        except (Unfit, ValueError) as error:
            return str(error)
        return None


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return "delivered"
    return "gone" if status == _GONE else "refused"


def _signing(endpoint: Endpoint, secrets: Secrets) -> list[str]:
    host = Target.parse(endpoint.url, "http", "https").host
    return [_checked(name, secrets.read(name, host)) for name in endpoint.secrets]


def _checked(name: str, secret: str) -> str:
    try:
        return check_secret(secret)
    except ValueError as error:
        raise Unfit(f"the secret {name} {error}") from None
