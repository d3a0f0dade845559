"""Works on a few items at a time, and gives each result as soon as it is there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def results(
    items: Iterable[Item], work: Callable[[Item], Result], *, at_once: int
) -> Iterator[Result]:
    """The result of each item, in the order in which they end. A failure ends all of it: what is
    in progress is finished, and nothing more is begun.
    """
    running: set[Future[Result]] = set()
    with ThreadPoolExecutor(at_once) as pool:
        for item in items:
            running.add(pool.submit(work, item))
            if len(running) == at_once:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)


async def async_results(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], *, at_once: int
) -> AsyncIterator[Result]:
    """``results`` for ``async for``."""
    running: set[asyncio.Future[Result]] = set()
    try:
        for item in items:
            running.add(asyncio.ensure_future(work(item)))
            if len(running) == at_once:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    yield each.result()
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                yield each.result()
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
