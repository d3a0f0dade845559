"""Failures: the service answered with an error, or it did not answer.

``problems`` has a class for each ``code`` of the service.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import ClassVar, Final

import httpx


class KithError(Exception):
    """Any failure of a call."""

    passing = False
    """Whether the same call may succeed later."""
    retry_after: float | None = None
    """Seconds that the service asks to wait."""


class ConnectionFailed(KithError):
    """No answer came: the service is not there, or the connection broke or took too long.

    ``sent`` says whether the request may have arrived, and so may have been done.
    """

    passing = True

    def __init__(self, error: httpx.TransportError, address: str) -> None:
        self.sent = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
        why = str(error) or type(error).__name__
        super().__init__(f"{address} does not answer: {why}")


class UnexpectedAnswer(KithError):
    """The answer is not one of Kith's: the address may be that of another program."""


@dataclass(frozen=True)
class FieldError:
    """A field or an image that was wrong, and why."""

    field: str
    message: str


_PASSING: Final = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class ApiError(KithError):
    """The service refused. ``code`` is stable and for programs, ``detail`` is for people.

    ``code`` is empty where something in front of Kith answered, such as a proxy.
    """

    by_code: ClassVar[dict[str, type["ApiError"]]] = {}

    def __init_subclass__(cls, code: str) -> None:
        cls.by_code[code] = cls

    def __init__(self, response: httpx.Response) -> None:
        problem = _problem(response)
        self.status = response.status_code
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", f"answered with status {self.status}"))
        self.request_id = str(problem.get("request_id", response.headers.get("X-Request-Id", "")))
        self.errors = [_field_error(each) for each in _listed(problem.get("errors"))]
        self.retry_after = _seconds(response.headers.get("Retry-After"))
        self.passing = self.status in _PASSING
        super().__init__(f"{self.code or self.status}: {self.detail} (request {self.request_id})")


def error_of(response: httpx.Response) -> ApiError:
    """The exception for a response that is an error, by its ``code``."""
    kind = ApiError.by_code.get(str(_problem(response).get("code")), ApiError)
    return kind(response)


def _problem(response: httpx.Response) -> dict[str, object]:
    try:
        problem = response.json()
    except (ValueError, httpx.ResponseNotRead):
        return {}
    return problem if isinstance(problem, dict) else {}


def _listed(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _field_error(value: dict[str, object]) -> FieldError:
    return FieldError(str(value.get("field", "")), str(value.get("message", "")))


def _seconds(value: str | None) -> float | None:
    """``Retry-After``, which may be seconds or a date (RFC 9110)."""
    if value is None:
        return None
    try:
        number = float(value)
        return None if math.isnan(number) else max(number, 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
