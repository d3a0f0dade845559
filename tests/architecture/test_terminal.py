"""The output of a command is printed as it is: one module prints."""

import ast
from pathlib import Path
from typing import TypeGuard

_ROOT = Path(__file__).parent.parent.parent
_ONE_PLACE = _ROOT / "app" / "core" / "terminal.py"


def test_only_one_place_makes_consoles() -> None:
    """Any other would read brackets and colons in names as styles and pictures."""
    files = [each for room in ("app", "training") for each in (_ROOT / room).rglob("*.py")]
    assert _ONE_PLACE in files
    assert [str(each) for each in files if _prints_by_itself(each)] == [str(_ONE_PLACE)]


def _prints_by_itself(file: Path) -> bool:
    imports = [each for each in ast.walk(ast.parse(file.read_text())) if _is_of_rich(each)]
    return any(name.name in ("Console", "print") for each in imports for name in each.names)


def _is_of_rich(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich"
