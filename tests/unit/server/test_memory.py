"""Large blocks leave the process when they are freed, also those beneath one that stays."""

import subprocess
import sys

_FREE_ALL_BUT_THE_LAST = """
import re
from pathlib import Path
from app.server.memory import give_large_blocks_back

def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

give_large_blocks_back()
bytearray(30 << 20)  # glibc alone learns from it that blocks of 30 MiB are to be kept
before = held()
blocks = [bytearray(b"x" * (10 << 20)) for _ in range(5)]
del blocks[:4]
print(held() - before)
"""


def test_what_was_freed_is_given_back() -> None:
    command = [sys.executable, "-c", _FREE_ALL_BUT_THE_LAST]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(said.stdout) < 15, said.stdout
