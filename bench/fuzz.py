"""``python -m bench.fuzz [SECONDS] [SEED]``: the decoder against damaged files, at its full limits.

Ends with 1, and keeps the file, where an image raises what is not documented, takes more than two
seconds of CPU, or more memory than docs/deploy.md promises of it.
"""

import random
import re
import sys
import time
from pathlib import Path
from typing import Final

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.decode import ImageLimits, decode_image
from tests.support.memory import CODES, MEBIBYTE, PIXEL_BYTES
from tests.unit.vision.corpus import corpus
from tests.unit.vision.mutate import mutated

_LIMITS: Final = ImageLimits(10 * MEBIBYTE, 40_000_000)
_MOST_SECONDS: Final = 2.0
_MOST_BYTES: Final = PIXEL_BYTES * _LIMITS.max_pixels + CODES + 64 * MEBIBYTE


def main(seconds: float = 600.0, seed: int = 0) -> int:
    """Mutate and decode for so long; how it went is printed."""
    source, files, counts = random.Random(seed), corpus(), dict[str, int]()  # noqa: S311
    slowest, ends = 0.0, time.monotonic() + seconds
    idle = _memory("VmRSS")
    while time.monotonic() < ends:
        data = mutated(source, files)
        started = time.process_time()
        outcome = _outcome(data)
        took = time.process_time() - started
        slowest = max(slowest, took)
        counts[outcome] = counts.get(outcome, 0) + 1
        over = _memory("VmHWM") - idle > _MOST_BYTES
        if took > _MOST_SECONDS or over or outcome not in _EXPECTED:
            kept = Path(f"fuzz-{seed}-{sum(counts.values())}.bin")
            kept.write_bytes(data)
            print(f"{outcome}, {took:.2f} s, too much memory: {over}; kept as {kept}")
            return 1
    print(f"{sum(counts.values()):,} files, none over {slowest:.2f} s or its memory: {counts}")
    return 0


_EXPECTED: Final = {"read", "InvalidImage", "UnsupportedImage", "PayloadTooLarge"}


def _outcome(data: bytes) -> str:
    try:
        decode_image(data, _LIMITS)
    except (InvalidImage, UnsupportedImage, PayloadTooLarge) as refusal:
        return type(refusal).__name__
    except Exception as surprise:  # noqa: BLE001 - this is what is looked for
        return repr(surprise)
    return "read"


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(name + r":\s+(\d+)", status)
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    given = sys.argv[1:] + ["600", "0"][len(sys.argv) - 1 :]
    sys.exit(main(float(given[0]), int(given[1])))
