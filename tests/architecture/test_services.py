"""Every service that a route uses is a typed field of the object that ``bootstrap`` builds."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from fastapi import params

from app.auth.guard import MayDecide, MayRead
from app.auth.routes import router as keys
from app.container import Services
from app.gallery.collection_routes import router as collections
from app.gallery.person_routes import router as persons
from app.observability.routes import router as operations
from app.recognition.routes import router as recognition
from app.web.services import provided


def named(call: Callable[..., Any]) -> Iterator[type[Any]]:
    """The classes under which ``call`` and what it depends on take the services."""
    for annotation in get_type_hints(call, include_extras=True).values():
        if get_origin(annotation) is not Annotated:
            continue
        kind, *rest = get_args(annotation)
        for each in rest:
            if isinstance(each, params.Depends) and each.dependency is not None:
                if each.dependency is provided:
                    yield kind
                yield from named(each.dependency)


def test_every_room_gets_the_services_that_it_declares() -> None:
    """``provided`` is untyped: this holds what each room believes to get against what there is."""
    rooms = (collections, persons, recognition, keys, operations)
    calls = [route.endpoint for room in rooms for route in room.routes]  # type: ignore[attr-defined]
    calls += [get_args(guard)[1].dependency for guard in (MayDecide, MayRead)]
    believed = {kind for call in calls for kind in named(call)}
    assert len(believed) == 4
    for kind in believed:
        assert issubclass(Services, kind), kind
