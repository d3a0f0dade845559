"""Decorators that make one function a method of both clients: it gives a call, and they run it."""

import functools
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    overload,
)

from kith_client.calls import Call
from kith_client.model import Page
from kith_client.pages import AsyncPages, Pages
from kith_client.streams import AsyncEventStream, EventStream

if TYPE_CHECKING:
    from kith_client.client import AsyncKith, Kith

P = ParamSpec("P")
T = TypeVar("T")


class _Operation(Generic[P, T]):
    """A function that gives a call. ``Kith.identify.call(...)`` is that call, which is not sent."""

    def __init__(self, make: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._make = make
        functools.update_wrapper(self, make)  # type: ignore[arg-type]  # its name and docstring

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """The request that would be sent."""
        return self._make(None, *args, **kwargs)

    def _of(self, client: object, run: Callable[[Call[T]], Any]) -> Callable[P, Any]:
        """The same function as a method of one client, which runs the call."""

        @functools.wraps(self._make)
        def asked(_: object, *args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401
            return run(self.call(*args, **kwargs))

        return MethodType(asked, client)


class method(_Operation[P, T]):  # noqa: N801 - a decorator
    """``kith.identify(...)`` is the answer; of an ``AsyncKith`` it is awaited."""

    @overload
    def __get__(self, client: None, owner: object) -> Self: ...
    @overload
    def __get__(self, client: "Kith", owner: object) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, client: "AsyncKith", owner: object
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: "Kith | AsyncKith | None", owner: object) -> Any:
        return self if client is None else self._of(client, client.run)


class listing(_Operation[P, Page[T]], Generic[P, T]):  # noqa: N801 - a decorator
    """``kith.list_persons(...)`` is the whole list, for ``for`` or ``async for``."""

    @overload
    def __get__(self, client: None, owner: object) -> Self: ...
    @overload
    def __get__(self, client: "Kith", owner: object) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(self, client: "AsyncKith", owner: object) -> Callable[P, AsyncPages[T]]: ...
    def __get__(self, client: "Kith | AsyncKith | None", owner: object) -> Any:
        return self if client is None else self._of(client, client.pages)


class streaming(_Operation[P, Any], Generic[P]):  # noqa: N801 - a decorator
    """``kith.stream_events(...)`` is each event as it happens, for ``for`` or ``async for``."""

    @overload
    def __get__(self, client: None, owner: object) -> Self: ...
    @overload
    def __get__(self, client: "Kith", owner: object) -> Callable[P, EventStream]: ...
    @overload
    def __get__(self, client: "AsyncKith", owner: object) -> Callable[P, AsyncEventStream]: ...
    def __get__(self, client: "Kith | AsyncKith | None", owner: object) -> Any:
        return self if client is None else self._of(client, client.events)
