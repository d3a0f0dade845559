"""SQL is in repositories; each other module that has some is named here with a reason."""

import ast
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).parents[2] / "app"
_SQL: Final = {"select", "insert", "update", "delete", "exists", "text", "union_all"}
_EXCEPTIONS: Final = {
    "auth/binding.py": "auth's own: which collections a key reaches",
    "auth/service.py": "auth's own: keys have one service and one table",
    "auth/uses.py": "auth's own: one statement of a job",
    "core/bulk.py": "locks and sequences of any table",
    "core/db.py": "the lock of a writer's turn",
    "core/notifications.py": "notify, of no table",
    "gallery/crops.py": "the table of crops has no other reader",
    "gallery/templates.py": "the reader of the change log",
    "observability/health.py": "asks whether the database answers",
    "receipts/keeping.py": "receipts have no repository: one module reads, one writes",
    "receipts/service.py": "see above",
    "replication/history.py": "the whole protocol of the history, by its design",
}


def test_sql_is_in_repositories_or_named_here() -> None:
    found = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if "repository" not in path.name
        and path.relative_to(APP).parts[0] != "maintenance"  # works on whatever tables there are
        and _writes_sql(path)
    }
    assert found == set(_EXCEPTIONS)


def _writes_sql(path: Path) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "sqlalchemy"
        and _SQL & {name.name for name in node.names}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    )
