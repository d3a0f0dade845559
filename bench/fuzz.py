"""``python -m bench.fuzz [SECONDS] [SEED] [TARGET...]``: damaged images, forms and bundles, at the
full limits, for SECONDS each; all three, or those that are named.

Ends with 1, and keeps the input, where one raises what is not documented, takes more than two
seconds of CPU, or more memory than docs/deploy.md promises of an image.
"""

import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.support.fuzzed import Bundles, Forms, Images, Target, documented, outcome
from tests.support.memory import CODES, MEBIBYTE, PIXEL_BYTES

_MOST_SECONDS: Final = 2.0
_MOST_BYTES: Final = PIXEL_BYTES * Images.limits.max_pixels + CODES + 64 * MEBIBYTE
_TARGETS: Final[dict[str, Callable[[Path], Target]]] = {
    "forms": lambda _: Forms(),
    "bundles": Bundles,
    "images": lambda _: Images(),
}


def main(seconds: float = 600.0, seed: int = 0, names: list[str] | None = None) -> int:
    """Damage and read each target for so long; how it went is printed."""
    for name in names or list(_TARGETS):
        with tempfile.TemporaryDirectory() as temporary:
            if not _held(_TARGETS[name](Path(temporary)), seconds, seed):
                return 1
    return 0


def _held(target: Target, seconds: float, seed: int) -> bool:
    source, counts = random.Random(seed), Counter[str]()  # noqa: S311
    slowest, ends = 0.0, time.monotonic() + seconds
    idle = _memory("VmRSS")
    while time.monotonic() < ends:
        data = target.draw(source)
        started = time.process_time()
        found = outcome(target, data)
        took = time.process_time() - started
        slowest = max(slowest, took)
        counts[found] += 1
        over = _memory("VmHWM") - idle > _MOST_BYTES
        if took > _MOST_SECONDS or over or not documented(target, found):
            kept = Path(f"fuzz-{target.name}-{seed}-{counts.total()}.bin")
            kept.write_bytes(data)
            print(f"{found}, {took:.2f} s, too much memory: {over}; kept as {kept}")
            return False
    print(
        f"{counts.total():,} {target.name}, none over {slowest:.2f} s or its memory: "
        f"{dict(counts)}",
        flush=True,
    )
    return True


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(name + r":\s+(\d+)", status)
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    given = sys.argv[1:] + ["600", "0"][len(sys.argv) - 1 :]
    sys.exit(main(float(given[0]), int(given[1]), given[2:]))
