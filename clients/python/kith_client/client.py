"""The two clients: ``Kith`` waits for each answer, ``AsyncKith`` awaits it."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, closing
from typing import Any, Generic, Self, TypeVar

import httpx

from kith_client.attempts import Patience, Send, Sleep, attempts
from kith_client.calls import Call, Flow
from kith_client.flows import followed, followed_async
from kith_client.model import Page
from kith_client.operations import Operations
from kith_client.pages import AsyncPages, Pages
from kith_client.streams import SILENCE, AsyncEventStream, EventStream
from kith_client.version import __version__

T = TypeVar("T")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)


class _Client(Operations, Generic[Http]):
    """The half that both share: the address, the key, and how a call becomes a request."""

    _kind: type[Http]

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 35.0,
        retries: int = 4,
        patience: float = 60.0,
        verify: ssl.SSLContext | bool = True,
        http: Http | None = None,
    ) -> None:
        """A client of the service at ``url`` (or ``KITH_URL``), with ``key`` (or ``KITH_KEY``).

        ``timeout``: seconds for one step of an attempt. ``retries``: attempts after the first.
        ``patience``: seconds after which no attempt begins any more. ``verify``: a context with
        the authority that signed the service's certificate, where the machine does not know it.
        ``http``: a client of httpx to send by, such as one with a proxy; it is not closed here.
        """
        url = url or os.environ.get("KITH_URL")
        key = key or os.environ.get("KITH_KEY")
        if not url or not key:
            raise ValueError("Name the service and the key, or set KITH_URL and KITH_KEY.")
        self.url = url.rstrip("/").removesuffix("/v1")
        self._patience = Patience(timeout, retries, patience)
        self._is_own = http is None
        self._http: Http = http or self._kind(verify=verify)
        self._headers = {
            "Authorization": f"Bearer {key}",
            "User-Agent": f"kith-client/{__version__}",
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def _request(self, call: Call[Any], timeout: httpx.Timeout) -> httpx.Request:
        return self._http.build_request(
            call.method,
            self.url + call.path,
            params=call.query,
            headers={**self._headers, **call.headers},
            content=call.content,
            data=call.form or None,
            files=list(call.files) or None,
            timeout=timeout,
        )

    def _opening(self, call: Call[Any]) -> httpx.Request:
        """A request whose answer is read for as long as it comes."""
        return self._request(call, httpx.Timeout(self._patience.timeout, read=SILENCE))


class Kith(_Client[httpx.Client]):
    """A client whose methods give the answer. Threads may share it; use ``with``, or close it."""

    _kind = httpx.Client

    def run(self, call: Call[T]) -> T:
        """The answer to a call; ``KithError`` where there is none."""
        return followed(attempts(call, self._patience, self.url), self._perform)

    def follow(self, flow: Flow[T]) -> T:
        """The result of several calls, which a generator asks for one by one."""
        return followed(flow, self.run)

    def pages(self, call: Call[Page[T]]) -> Pages[T]:
        """A list, from the page that ``call`` asks for."""
        return Pages(self.run, call)

    def events(self, call: Call[Any]) -> EventStream:
        """The stream that ``call`` opens."""
        return EventStream(self._open, call)

    def _perform(self, step: Send | Sleep) -> httpx.Response | None:
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            return None
        return self._http.send(self._request(step.call, httpx.Timeout(step.timeout)))

    def _open(self, call: Call[Any]) -> AbstractContextManager[httpx.Response]:
        return closing(self._http.send(self._opening(call), stream=True))

    def close(self) -> None:
        """End its connections."""
        if self._is_own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


class AsyncKith(_Client[httpx.AsyncClient]):
    """A client whose methods are awaited; use ``async with``, or close it."""

    _kind = httpx.AsyncClient

    async def run(self, call: Call[T]) -> T:
        """The answer to a call; ``KithError`` where there is none."""
        return await followed_async(attempts(call, self._patience, self.url), self._perform)

    async def follow(self, flow: Flow[T]) -> T:
        """The result of several calls, which a generator asks for one by one."""
        return await followed_async(flow, self.run)

    def pages(self, call: Call[Page[T]]) -> AsyncPages[T]:
        """A list, from the page that ``call`` asks for."""
        return AsyncPages(self.run, call)

    def events(self, call: Call[Any]) -> AsyncEventStream:
        """The stream that ``call`` opens."""
        return AsyncEventStream(self._open, call)

    async def _perform(self, step: Send | Sleep) -> httpx.Response | None:
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            return None
        return await self._http.send(self._request(step.call, httpx.Timeout(step.timeout)))

    @asynccontextmanager
    async def _open(self, call: Call[Any]) -> AsyncIterator[httpx.Response]:
        response = await self._http.send(self._opening(call), stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """End its connections."""
        if self._is_own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()
