"""The changelog knows the version of the package, and each release has its day."""

import re
import tomllib

from tests.support.pages import ROOT

_HEADING = re.compile(r"^## \[(Unreleased|\d+\.\d+\.\d+)\](?: - (\d{4}-\d{2}-\d{2}))?$")
_KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
_TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _numbers(version: str) -> list[int]:
    return [int(each) for each in version.split(".")]


def test_its_newest_release_is_that_of_the_package_or_the_next_one_is_it() -> None:
    headings = [line for line in _TEXT.splitlines() if line.startswith("## ")]
    found = [match for line in headings if (match := _HEADING.match(line))]
    assert len(found) == len(headings)
    assert [match[1] for match in found if match[1] == "Unreleased"] == [found[0][1]]
    released = [match[1] for match in found[1:]]
    assert all(match[2] for match in found[1:])
    assert released == sorted(released, key=_numbers, reverse=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    coming = re.findall(r"^This will be (\d+\.\d+\.\d+)", _TEXT, re.MULTILINE)
    assert project["version"] in {*released[:1], *coming}
    assert not set(coming) & set(released)


def test_its_kinds_of_changes_are_those_of_its_form() -> None:
    kinds = re.findall(r"^### (.+)$", _TEXT, re.MULTILINE)
    assert kinds
    assert set(kinds) <= _KINDS
