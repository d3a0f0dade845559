"""Lists, page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Generic, TypeVar

from kith_client.calls import Call
from kith_client.model import Page

T = TypeVar("T")


class Pages(Generic[T]):
    """Everything in a list, from its ``cursor`` on; a page is asked for when it is needed."""

    def __init__(self, run: Callable[[Call[Any]], Any], call: Call[Page[T]]) -> None:
        self._run = run
        self._call = call

    def page(self) -> Page[T]:
        """The first page alone."""
        page: Page[T] = self._run(self._call)
        return page

    def __iter__(self) -> Iterator[T]:
        page = self.page()
        yield from page.items
        while page.next_cursor:
            page = self._run(self._call.at(page.next_cursor))
            yield from page.items


class AsyncPages(Generic[T]):
    """``Pages``, for ``async for``."""

    def __init__(self, run: Callable[[Call[Any]], Awaitable[Any]], call: Call[Page[T]]) -> None:
        self._run = run
        self._call = call

    async def page(self) -> Page[T]:
        """The first page alone."""
        page: Page[T] = await self._run(self._call)
        return page

    async def __aiter__(self) -> AsyncIterator[T]:
        page = await self.page()
        for each in page.items:
            yield each
        while page.next_cursor:
            page = await self._run(self._call.at(page.next_cursor))
            for each in page.items:
                yield each
