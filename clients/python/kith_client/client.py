"""The two clients: ``Kith`` waits for each answer, ``AsyncKith`` awaits it."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing
from dataclasses import replace
from typing import Any, Final, Generic, Self, TypeVar, Unpack

import httpx

from kith_client.attempts import Patience, Send, Sleep, attempts
from kith_client.bulk import async_results, results
from kith_client.calls import Call, Flow
from kith_client.doors import AsyncDoor, Door, DoorOptions
from kith_client.enrolment import Enrolled, enrolment
from kith_client.flows import followed, followed_async
from kith_client.model import Page
from kith_client.operations import Operations
from kith_client.pages import AsyncPages, Pages
from kith_client.people import Person
from kith_client.progress import counted
from kith_client.streams import SILENCE, AsyncEventStream, EventStream
from kith_client.version import __version__

T = TypeVar("T")
_BULK: Final = 600.0
"""Seconds for which one request of many waits for a service that is away or has too much to do."""
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)


def _checked(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
        shown = url.rpartition("@")[2]  # what is before it may be a password
        raise ValueError(f"{shown!r} is no address of a service, such as http://kith:8000.")
    return url


class _Client(Operations, Generic[Http]):
    """The half that both clients share: the address, the key, and how a call becomes a request."""

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
        url = (url or os.environ.get("KITH_URL", "")).strip()
        key = (key or os.environ.get("KITH_KEY", "")).strip()  # a file of it ends with a line break
        if not url or not key:
            raise ValueError("Name the service and the key, or set KITH_URL and KITH_KEY.")
        if not key.isascii() or not key.isprintable():  # an error of httpx would show it
            raise ValueError("The key has characters that no key has.")
        self.url = _checked(url).rstrip("/").removesuffix("/v1")
        self._patience = Patience(timeout, retries, patience)
        self._of_bulk = replace(self._patience, retries=100, total=max(patience, _BULK))
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

    def door(self, door_id: str, **options: Unpack[DoorOptions]) -> Door:
        """A door, to ask with the frames of a camera."""
        return Door(self, door_id, **options)

    def enroll(
        self,
        collection_id: str,
        people: Iterable[Person],
        *,
        at_once: int = 4,
        subject: str = "only",
        progress: bool = False,
    ) -> Iterator[Enrolled]:
        """Enrol people, and give each result as soon as it is there.

        Who is there already is changed where a field differs, and gets the images that are new:
        a run that was broken off is run again. ``at_once``: people at a time. ``subject``: which
        face of an image, as in ``create_person``. ``progress``: a bar on standard error.
        """
        self.get_collection(collection_id)  # else each person would seem not to be there

        def work(person: Person) -> Enrolled:
            return followed(enrolment(collection_id, person, {"subject": subject}), self._bulk)

        with counted(people, shown=progress) as count:
            for result in results(people, work, at_once=at_once):
                count(result)
                yield result

    def _bulk(self, call: Call[T]) -> T:
        return followed(attempts(call, self._of_bulk, self.url), self._perform)

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

    def door(self, door_id: str, **options: Unpack[DoorOptions]) -> AsyncDoor:
        """A door, to ask with the frames of a camera."""
        return AsyncDoor(self, door_id, **options)

    async def enroll(
        self,
        collection_id: str,
        people: Iterable[Person],
        *,
        at_once: int = 4,
        subject: str = "only",
        progress: bool = False,
    ) -> AsyncIterator[Enrolled]:
        """``Kith.enroll``, for ``async for``. Images are read from disk without awaiting."""
        await self.get_collection(collection_id)

        async def work(person: Person) -> Enrolled:
            steps = enrolment(collection_id, person, {"subject": subject})
            return await followed_async(steps, self._bulk)

        with counted(people, shown=progress) as count:
            async for result in async_results(people, work, at_once=at_once):
                count(result)
                yield result

    async def _bulk(self, call: Call[T]) -> T:
        return await followed_async(attempts(call, self._of_bulk, self.url), self._perform)

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
