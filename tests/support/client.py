"""A client of the whole service in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from app.bootstrap import Container
from app.main import create_app
from tests.support.server import ADMIN_KEY

URL = "http://kith/v1"


class Client(TestClient):
    """Starlette's client, which has an answer once it is whole: a request then needs the thread of
    the event loop once, and not eight times, which is a quarter of what it costs.
    """

    def __init__(
        self, app: ASGIApp, url: str = URL, *, address: tuple[str, int] = ("testclient", 50000)
    ) -> None:
        super().__init__(app, url)
        self._transport = _WholeAnswers(self, httpx.ASGITransport(app, client=address))


class _WholeAnswers(httpx.BaseTransport):
    def __init__(self, client: TestClient, transport: httpx.ASGITransport) -> None:
        self._client, self._asked = client, transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self._client._portal_factory() as portal:
            return portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asked.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        answer.stream = httpx.ByteStream(b"".join([part async for part in answer.stream]))
        return answer


@contextmanager
def client_of(container: Container, key: str = ADMIN_KEY, url: str = URL) -> Iterator[TestClient]:
    """The service of ``container``, asked with ``key``."""
    with Client(create_app(container.settings, container), url) as client:
        if key:
            client.headers["Authorization"] = f"Bearer {key}"
        yield client
