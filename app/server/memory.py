"""Memory that the C library and Pillow keep after it was freed."""

import ctypes
from contextlib import suppress
from typing import Final

from PIL import Image

_MMAP_THRESHOLD: Final = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE: Final = 8 * 1024 * 1024
_BLOCK: Final = 512 * 1024
_BLOCKS: Final = 64
"""Bytes of a block of a picture, and how many that are free Pillow keeps: 32 MiB."""


def give_large_blocks_back() -> None:
    """Return images and bodies to the system as soon as they are freed.

    glibc returns a freed block if it is larger than a threshold, which it raises with every large
    block freed, up to 32 MiB. Smaller blocks then stay in the heaps of many threads, which cannot
    shrink. Measured under a flood of bodies of 5 MiB and images of 4 Mpixel: 194 MiB over idle
    without this call, 93 MiB with it. Other C libraries neither have this call nor need it.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def keep_pixels() -> None:
    """Use the memory of one picture for the next.

    Pillow takes a picture's memory in blocks of 16 MiB, which are new each time: the system then
    clears each page. A picture of 12 million pixels took 62 ms of CPU to decode so, and takes 39
    in small blocks of which some are kept; at half its size 33 and 27. These are Pillow's settings
    PILLOW_BLOCK_SIZE and PILLOW_BLOCKS_MAX, which it reads as it is imported.
    """
    pool = Image.core  # type: ignore[attr-defined] # Pillow does not say what it exports
    pool.set_block_size(_BLOCK)
    pool.set_blocks_max(_BLOCKS)
