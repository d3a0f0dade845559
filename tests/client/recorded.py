"""A client whose requests are recorded, and answered by a function of the test."""

from collections.abc import Callable
from typing import Any

import httpx

from kith_client import AsyncKith, Kith

Answer = Callable[[httpx.Request], httpx.Response]


def kith(answer: Answer, **options: Any) -> Kith:  # noqa: ANN401
    """A client of no real service."""
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Kith("http://kith", "a-key", http=http, **options)


def async_kith(answer: Answer, **options: Any) -> AsyncKith:  # noqa: ANN401
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AsyncKith("http://kith", "a-key", http=http, **options)


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    """A refusal in Kith's form."""
    problem = {
        "type": f"urn:kith:problem:{code}",
        "title": code,
        "status": status,
        "code": code,
        "detail": "It was wrong.",
        "request_id": "req-1",
        "errors": [{"field": "images[0]", "message": "no_face: none"}],
    }
    kind = "application/problem+json"
    return httpx.Response(status, json=problem, headers={"content-type": kind, **headers})
