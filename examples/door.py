"""A door: KITH_KEY=... python examples/door.py http://kith:8000 front http://camera/latest.jpg"""

import sys
import time
from collections.abc import Iterator

import httpx

from kith_client import Kith

url, door, camera = sys.argv[1:]


def pictures() -> Iterator[bytes]:
    """The newest picture, each time that one is asked for."""
    while True:
        yield httpx.get(camera).raise_for_status().content
        time.sleep(0.1)


decision = Kith(url).door(door).decide(pictures())
print(decision)
sys.exit(0 if decision.granted else 1)  # here a lock would be opened, or not
