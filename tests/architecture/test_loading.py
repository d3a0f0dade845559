"""A command loads what it needs: no camera is watched after a second of imports for a service."""

import json
import subprocess
import sys

from app.cli.commands import cli_for
from app.core.db import Base

_PROGRAM = """
import json, sys
from app.cli.commands import cli_for
found = {}
for command in ("--version", "sync", "identify", "persons", "door", "keys", "models"):
    cli_for([command])
    found[command] = sorted({name.partition(".")[0] for name in sys.modules})
    if command == "keys":
        from app.core.db import Base
        found["tables"] = sorted(Base.metadata.tables)
print(json.dumps(found))
"""
_HEAVY = {"alembic", "faiss", "fastapi", "numpy", "onnxruntime", "pydantic", "sqlalchemy"}


def test_each_command_loads_what_it_needs() -> None:
    """In one process: what a command loads, those after it have as well."""
    cli_for([])
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(done.stdout)
    assert found.pop("tables") == sorted(Base.metadata.tables)  # app.cli.databases has them all
    loaded = {command: _HEAVY & set(names) for command, names in found.items()}
    assert loaded["--version"] == set()
    assert loaded["sync"] == loaded["identify"] == loaded["persons"] == set()
    assert loaded["door"] == {"numpy"}  # it looks at pictures, and leaves the deciding to a service
    assert loaded["keys"] == {"alembic", "numpy", "pydantic", "sqlalchemy"}
    assert loaded["models"] >= {"onnxruntime"}
    assert not loaded["models"] & {"faiss", "fastapi"}
