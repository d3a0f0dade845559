"""Large blocks leave the process when they are freed, also those beneath one that stays; the memory
of pictures is used again."""

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


_KEPT = """
import re, resource
from pathlib import Path
from PIL import Image
from app.server.memory import give_large_blocks_back, keep_pixels

def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

give_large_blocks_back()
keep_pixels()
Image.new("RGB", (1920, 1080))
before = faults()
for _ in range(20):
    Image.new("RGB", (1920, 1080))
print((faults() - before) // 20)
before = held()
Image.new("RGB", (8000, 8000))
print(held() - before)
"""


def test_a_picture_takes_the_memory_of_the_one_before_and_no_more_is_kept_than_is_said() -> None:
    """A frame has 2,025 pages."""
    command = [sys.executable, "-c", _KEPT]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    pages, mebibytes = map(int, said.stdout.split())
    assert pages < 200, said.stdout
    assert mebibytes < 36, said.stdout
