"""Answers as objects: what the service sent, with types.

A field that this client does not know yet is there all the same, and a field that the service did
not send is an ``AttributeError`` when it is read. So a client and a service of different versions
get on with each other.
"""

from datetime import datetime
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

T = TypeVar("T")


class Model:
    """An answer, or a part of one. It cannot be changed; two are equal whose fields are."""

    _secret: ClassVar[frozenset[str]] = frozenset()
    """Fields that no log should hold, so ``repr`` does not show them."""

    def __init__(self, /, **fields: Any) -> None:  # noqa: ANN401 - any JSON
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is what the service sent; it is not changed.")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        shown = (
            f"{name}={'...' if name in self._secret and value else repr(value)}"
            for name, value in self.__dict__.items()
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    if not TYPE_CHECKING:  # else a misspelt field would have the type Any

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            raise AttributeError(
                f"{type(self).__name__} has no {name!r}: the service did not send it. It sent "
                f"{', '.join(self.__dict__) or 'nothing'}."
            )


class Page(Model, Generic[T]):
    """A part of a list; ``next_cursor`` leads to the next, and is None at the end."""

    items: list[T]
    next_cursor: str | None


class OtherEvent(Model):
    """An event of a type that this client does not know."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: str
    data: dict[str, Any]


class OtherWarning(Model):
    """A warning for a reason that this client does not know."""

    reason: str
    detail: str


def decoded(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any type, any JSON
    """JSON as ``kind``, which is a type as it stands in an annotation."""
    if value is None:
        return None
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list:
        (item,) = inner
        return [decoded(item, each) for each in value]
    if origin in (Union, UnionType):
        return decoded(_member(inner, value), value)
    if origin is Page:
        (item,) = inner
        return Page(**{**value, "items": [decoded(item, each) for each in value["items"]]})
    if isinstance(kind, type) and issubclass(kind, Model):
        known = hints(kind)
        return kind(**{name: decoded(known.get(name, Any), each) for name, each in value.items()})
    return datetime.fromisoformat(value) if kind is datetime else value


def as_json(value: Any) -> Any:  # noqa: ANN401 - any model, any JSON
    """A model as JSON again, with its secrets."""
    if isinstance(value, Model):
        return {name: as_json(each) for name, each in vars(value).items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


_HINTS: Final[dict[type[Model], dict[str, Any]]] = {}


def hints(kind: type[Model]) -> dict[str, Any]:
    """The types of a model's fields."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


def _member(kinds: tuple[Any, ...], value: Any) -> Any:  # noqa: ANN401 - any type, any JSON
    """The one of several types that ``value`` is; a model is known by what its fields may be."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Model):
            if isinstance(value, dict) and all(
                name not in value or _may_be(each, value[name])
                for name, each in hints(kind).items()
            ):
                return kind
        elif kind is datetime or get_origin(kind) is list:
            return kind
    return Any


_PLAIN: Final = (str, int, float, bool, NoneType)


def _may_be(kind: Any, value: Any) -> bool:  # noqa: ANN401 - any type, any JSON
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    return kind not in _PLAIN or isinstance(value, (int, float) if kind is float else kind)
