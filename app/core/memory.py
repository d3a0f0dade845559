"""What the C library does with memory that nobody needs any more."""

import ctypes
from contextlib import suppress
from typing import Final

_MMAP_THRESHOLD: Final = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE: Final = 8 * 1024 * 1024


def give_large_blocks_back() -> None:
    """Have images and bodies leave the process as soon as they are freed.

    glibc raises its threshold for that with every large block freed, up to 32 MiB; from then on
    they lie in the heaps of many threads, which cannot shrink. Measured under a flood of bodies of
    5 MiB and images of 4 Mpixel: 194 MiB over idle without this, 93 with it. Other C libraries have
    no such call, and need none.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
