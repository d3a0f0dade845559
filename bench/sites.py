"""``python -m bench.sites``: the table of sites in docs/sizing.md, from the rates that stand there.

Nothing is measured here. The page states the rates, each with the bench that measured it; this
computes from them what a machine serves, and writes the table into the page. A test holds the
page's table to it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.core.files import write_whole

PAGE: Final = Path(__file__).parents[1] / "docs" / "sizing.md"
CORES: Final = (2, 4, 8)
PEOPLE: Final = (1_000, 50_000, 1_000_000)
_RATE: Final = re.compile(r"^\| `(\w+)` \| ([\d.]+) \|", re.MULTILINE)
_TABLE: Final = re.compile(r"(<!-- sites -->\n).*?(<!-- /sites -->)", re.DOTALL)
_HEAD: Final = (
    "| cores | people | frames a second, 1920 x 1080 | the same, 250 x 250 | doors | memory, GiB |"
)


def rates_in(page: str) -> dict[str, float]:
    """The rates that the ``page`` states, by name."""
    return {name: float(value) for name, value in _RATE.findall(page)}


def sites(rates: Mapping[str, float]) -> str:
    """The lines of the table: one for each number of cores and of people."""
    rows = [_row(rates, cores, people) for people in PEOPLE for cores in CORES]
    return "\n".join((_HEAD, re.sub(r"[^|]+", " --- ", _HEAD), *rows)) + "\n"


def with_sites(page: str) -> str:
    """The ``page`` with the table that its rates make."""
    return _TABLE.sub(lambda found: found[1] + sites(rates_in(page)) + found[2], page)


def _row(rates: Mapping[str, float], cores: int, people: int) -> str:
    def frames(milliseconds: float) -> float:
        """Frames a second, each searched among the people."""
        way = "codes_ms" if people >= rates["codes_from"] else "vectors_ms"
        search = rates[way] * people / 1e6
        return cores * rates["busy"] * 1e3 / (milliseconds + search)

    large, small = frames(rates["frame_ms"]), frames(rates["portrait_ms"])
    doors = large / rates["burst_frames"] * 60 / rates["bursts_a_minute"]
    memory = (
        rates["idle_mib"]
        + rates["people_mib"] * people / 1e3
        + rates["clients_mib"]
        + rates["core_mib"] * cores
    )
    cells = (str(cores), f"{people:,}", f"{large:.0f}", f"{small:.0f}", f"{doors:.0f}")
    return "| " + " | ".join((*cells, f"{memory / 1024:.1f}")) + " |"


if __name__ == "__main__":
    write_whole(PAGE, with_sites(PAGE.read_text(encoding="utf-8")))
