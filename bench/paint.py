"""``python -m bench.paint``: how soon a browser shows something of each page of the console.

Chromium on this machine asks a real server over loopback, with the small bundle of the tests. Each
page is opened several times; the table has the milliseconds from its request to its first paint.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.support.browser import chromium
from tests.support.console_site import furnish
from tests.support.fake_bundle import write_fake_bundle
from tests.support.server import ADMIN_KEY, ServerProcess

_PAINTED: Final = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return paint ? paint.startTime : null;
}"""


def main() -> None:
    """Open every page, and print a table, the slowest page first."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5, help="that each page is opened")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        bundle = write_fake_bundle(Path(folder) / "fake")
        server = ServerProcess(Path(folder) / "data", bundle, KITH_EGRESS_ALLOW="127.0.0.1").start()
        try:
            painted = _painted(server, times)
        finally:
            server.kill()
    table = Table("page", "first paint, p50 ms", "slowest ms")
    for path, found in sorted(painted.items(), key=lambda each: -statistics.median(each[1])):
        table.add_row(path, f"{statistics.median(found):.0f}", f"{max(found):.0f}")
    Console().print(table)


def _painted(server: ServerProcess, times: int) -> dict[str, list[float]]:
    """Milliseconds to the first paint with content, by page."""
    with server.client() as api:
        paths = furnish(api)
    home = f"{server.url}/console"
    painted: dict[str, list[float]] = {}
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{home}/sign-in")
        page.fill("#key", ADMIN_KEY)
        page.keyboard.press("Enter")
        page.wait_for_selector("nav")
        for path in paths:
            for _ in range(times):
                page.goto(home + path)
                page.wait_for_function(_PAINTED)
                painted.setdefault(path, []).append(page.evaluate(_PAINTED))
    return painted


if __name__ == "__main__":
    main()
