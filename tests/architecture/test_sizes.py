"""A reader takes in a function at one look and a file in one sitting; no module imports itself,
directly or through others.
"""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "training", "migrations")


def files(*folders: str) -> list[Path]:
    return sorted(chain.from_iterable((ROOT / each).rglob("*.py") for each in folders))


def functions(*folders: str) -> Iterator[tuple[str, int]]:
    """Name and lines of every function, from its ``def`` to its end."""
    for file in files(*folders):
        if is_written(file):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                name = f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
                yield name, node.end_lineno - node.lineno + 1


def lengths(*folders: str) -> dict[str, int]:
    """Lines of every file."""
    return {
        str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines())
        for file in files(*folders)
        if not is_written(file)
    }


def is_written(file: Path) -> bool:
    """Whether a program wrote it, to be looked up in and not to be read."""
    return "Written by ``make" in file.read_text("utf-8").partition("\n")[0]


def p90(sizes: dict[str, int]) -> int:
    """The least size that nine of ten do not exceed."""
    return sorted(sizes.values())[-(-9 * len(sizes) // 10) - 1]


@pytest.mark.parametrize(
    ("folders", "most_lines", "nine_of_ten"),
    [
        (PACKAGES, 300, 190),
        (("tests",), 400, 260),
        (("bench", "docker"), 230, 210),
        (("clients",), 300, 220),
    ],
)
def test_a_file_is_read_in_one_sitting(
    folders: tuple[str, ...], most_lines: int, nine_of_ten: int
) -> None:
    sizes = lengths(*folders)
    assert {name: size for name, size in sizes.items() if size > most_lines} == {}
    longest = sorted(sizes, key=lambda name: -sizes[name])[: len(sizes) // 10 + 8]
    assert p90(sizes) <= nine_of_ten, [(name, sizes[name]) for name in longest]


@pytest.mark.parametrize(
    ("folders", "most_lines", "nine_of_ten"),
    [
        (PACKAGES, 60, 20),
        (("tests",), 65, 20),
        (("bench", "docker"), 40, 23),
        (("clients",), 40, 23),
    ],
)
def test_a_function_is_read_in_one_look(
    folders: tuple[str, ...], most_lines: int, nine_of_ten: int
) -> None:
    sizes = dict(functions(*folders))
    assert {name: size for name, size in sizes.items() if size > most_lines} == {}
    assert p90(sizes) <= nine_of_ten


def test_no_module_imports_itself_through_others() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    assert sum(map(len, imports.values())) > 1000
    TopologicalSorter(imports).prepare()  # CycleError names the circle
