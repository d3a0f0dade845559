"""The files of the site that ``make docs`` builds: the pages, and the files that they link to.

Pages link as they do in the repository, so README.md is the site's first page and docs/ a folder.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).parents[1]
_LINK: Final = re.compile(r"\]\(([^()\s#:]+)")
_LOADED: Final = re.compile(r'<(?:script|img|iframe|link)[^>]* (?:src|href)="?(?:https?:)?//[^>]*>')


def shown() -> list[str]:
    """The site's files, by their paths in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    pages = [ROOT / name for name in listed.stdout.rstrip("\0").split("\0")]
    linked = (
        page.parent / link for page in pages for link in _LINK.findall(page.read_text("utf-8"))
    )
    files = {each.resolve() for each in [*pages, *linked] if each.is_file()}
    return sorted(name for each in files if not (name := _named(each)).startswith("tests/"))


def sections() -> dict[str, list[str]]:
    """The pages under each heading of docs/README.md, and the recipes; each page once."""
    found: dict[str, list[str]] = {"": ["README.md", "docs/README.md"]}
    recipes = ROOT / "docs" / "recipes" / "README.md"
    found["Recipes"] = [_named(recipes)]
    for page in (recipes, ROOT / "docs" / "README.md"):
        for part in re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE):
            heading = "Recipes" if page == recipes else part.partition("\n")[0]
            linked = [_named((page.parent / link).resolve()) for link in _LINK.findall(part)]
            taken = {each for pages in found.values() for each in pages}
            pages = [each for each in dict.fromkeys(linked) if each.endswith(".md")]
            if page == recipes:
                pages = [each for each in pages if each.startswith("docs/recipes/")]
            found.setdefault(heading, []).extend(each for each in pages if each not in taken)
    return {heading: pages for heading, pages in found.items() if pages}


def _named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def on_config(config: MkDocsConfig) -> None:
    """The navigation, by the index of the documentation; mkdocs calls this."""
    config.nav = [{heading or "Kith": pages} for heading, pages in sections().items()]


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """The theme's files, and ours by their paths in the repository; mkdocs calls this."""
    of_the_theme = [each for each in files if each.src_dir != config.docs_dir]
    directories = config.use_directory_urls
    return Files(
        [*of_the_theme, *(File(each, str(ROOT), config.site_dir, directories) for each in shown())]
    )


def on_post_page(output: str, **_: object) -> str:
    """Fail where a page loads something from elsewhere; mkdocs calls this."""
    if found := _LOADED.search(output):
        raise PluginError(f"A page would load something from elsewhere: {found[0]}")
    return output
