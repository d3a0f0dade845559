"""SQL that is compiled once a process. Each engine would compile every statement again, which is a
sixth of the cost of a test of the API: its service has an engine of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_STATEMENTS = 4000  # four times as many as Kith has, for both databases


@contextmanager
def sharing_what_is_compiled() -> Iterator[None]:
    """Until the block ends the engines of Kith share one cache.

    A statement in it is found again by its dialect, so those of one kind are taken for equal: Kith
    makes all of them with the same options.
    """
    compiled = LRUCache[Any, Any](_STATEMENTS)

    def sharing(*arguments: Any, **options: Any) -> Engine:  # noqa: ANN401
        engine = create_engine(*arguments, **options)
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    with pytest.MonkeyPatch.context() as during:
        for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
            during.setattr(kind, "__eq__", _same_kind)
            during.setattr(kind, "__hash__", lambda self: hash(type(self)))
        for room in ("sqlite", "postgresql"):
            during.setattr(f"app.core.{room}.create_engine", sharing)
        yield


def _same_kind(one: Dialect, other: object) -> bool:
    return type(one) is type(other)
