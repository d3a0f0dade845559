"""The rights of each scope, and the collections where they hold."""

from itertools import combinations

import pytest

from app.auth.principal import Principal, Scope
from app.errors import Forbidden

HELD = [frozenset(some) for n in range(1, 5) for some in combinations(Scope, n)]
ASKED = [frozenset(some) for n in range(4) for some in combinations(Scope, n)]


def principal(*scopes: Scope, collections: frozenset[str] | None = None) -> Principal:
    return Principal("key-1", frozenset(scopes), collections)


@pytest.mark.parametrize("held", HELD, ids=lambda held: " ".join(sorted(held)))
def test_one_of_the_scopes_is_enough_and_admin_always_is(held: frozenset[Scope]) -> None:
    for asked in ASKED:
        allowed = Scope.ADMIN in held or any(scope in asked for scope in held)
        try:
            principal(*held).require(asked)
        except Forbidden:
            assert not allowed
        else:
            assert allowed


def test_the_refusal_says_which_scope_is_needed() -> None:
    with pytest.raises(Forbidden, match="admin or enroll"):
        principal(Scope.READ).require(frozenset({Scope.ENROLL}))


def test_a_key_bound_to_collections_reaches_those_alone() -> None:
    bound = principal(Scope.ADMIN, collections=frozenset({"doors"}))
    bound.require_collection("doors")
    for other in ("gates", "Doors", "doors2", ""):
        with pytest.raises(Forbidden):
            bound.require_collection(other)


def test_a_key_bound_to_collections_may_not_do_what_concerns_all_of_them() -> None:
    with pytest.raises(Forbidden):
        principal(Scope.ADMIN, collections=frozenset({"doors"})).require_everywhere()


def test_an_unbound_key_reaches_everything() -> None:
    unbound = principal(Scope.READ)
    unbound.require_everywhere()
    unbound.require_collection("doors")


def test_a_key_bound_to_nothing_reaches_nothing() -> None:
    nowhere = principal(Scope.ADMIN, collections=frozenset())
    with pytest.raises(Forbidden):
        nowhere.require_everywhere()
    with pytest.raises(Forbidden):
        nowhere.require_collection("doors")
