"""Runs steps that are written once, for the client that waits and the one that awaits.

Steps are a generator: it yields what it asks for, gets the answer, and returns the result. An error
is raised in the generator, where it asked.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

Asked = TypeVar("Asked")
T = TypeVar("T")


def followed(steps: Generator[Asked, Any, T], perform: Callable[[Asked], Any]) -> T:
    """The result of the steps."""
    try:
        asked = next(steps)
        while True:
            try:
                answer = perform(asked)
            except Exception as error:  # noqa: BLE001 - it is raised again, where it was asked
                asked = steps.throw(error)
            else:
                asked = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


async def followed_async(
    steps: Generator[Asked, Any, T], perform: Callable[[Asked], Awaitable[Any]]
) -> T:
    """``followed`` for a client that is awaited."""
    try:
        asked = next(steps)
        while True:
            try:
                answer = await perform(asked)
            except Exception as error:  # noqa: BLE001 - it is raised again, where it was asked
                asked = steps.throw(error)
            else:
                asked = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
