"""A door: KITH_KEY=... python examples/door.py http://kith:8000 front http://camera/latest.jpg"""

import os
import sys
import time
from datetime import UTC, datetime

import httpx  # or requests: the same calls

kith, door, camera = sys.argv[1:]
times, frames = [], []
for number in range(5):
    times.append(datetime.now(UTC).isoformat())
    frames.append(("images", (f"{number}.jpg", httpx.get(camera).raise_for_status().content)))
    time.sleep(0.2)
answer = httpx.post(
    f"{kith}/v1/doors/{door}/decisions",
    headers={"Authorization": f"Bearer {os.environ['KITH_KEY']}"},
    data={"captured_at": times},
    files=frames,
    timeout=2,  # a later answer is none, and the door stays shut: never ask again with these frames
)
decision = answer.raise_for_status().json()
print(decision["decision"], decision["reason"], (decision["person"] or {}).get("id", ""))
sys.exit(0 if decision["decision"] == "granted" else 1)  # here a lock would be opened, or not
