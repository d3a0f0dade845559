"""The memory of decoding any file stays within the bound of docs/deploy.md."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.memory import CODES, MEBIBYTE, PIXEL_BYTES
from tests.unit.vision.hostile import PIXELS, hostile_files

WIDTH, HEIGHT = 2000, 2000
_DECODE = """
import re, sys, time
from pathlib import Path
from app.errors import AppError
from app.vision.decode import ImageLimits, decode_image

def line(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

for file in sys.argv[2:]:
    data = Path(file).read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    before, started = line("VmRSS"), time.process_time()
    try:
        said = decode_image(data, ImageLimits(10**9, int(sys.argv[1]))).shape
    except AppError as error:
        said = type(error).__name__
    print(line("VmHWM") - before, time.process_time() - started, said, sep=";")
"""


def _costs(files: list[Path], pixels: int) -> list[tuple[int, float, str]]:
    """Bytes and seconds of CPU that each file takes, and what comes of it."""
    command = [sys.executable, "-c", _DECODE, str(pixels), *map(str, files)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(";") for line in said.splitlines()]
    return [(int(memory), float(seconds), outcome) for memory, seconds, outcome in rows]


def _file(folder: Path, mode: str, kind: str, *, turned: bool = False) -> Path:
    deep = {"F": np.float32, "I": np.int32}.get(mode)
    size = (WIDTH, HEIGHT)
    colour = (9, 9, 9, 200) if mode == "RGBA" else 0
    plain = Image.new(mode, size, colour) if deep is None else Image.fromarray(np.zeros(size, deep))
    stream, exif = io.BytesIO(), Image.Exif()
    if turned:
        exif[0x0112] = 6
    plain.save(stream, kind, exif=exif)
    file = folder / f"{mode}.{kind}"
    file.write_bytes(stream.getvalue())
    return file


def test_no_file_takes_more_memory_a_pixel_than_is_promised(tmp_path: Path) -> None:
    files = [
        _file(tmp_path, "RGB", "JPEG", turned=True),
        _file(tmp_path, "RGBA", "PNG"),
        _file(tmp_path, "F", "TIFF"),
        _file(tmp_path, "I", "TIFF"),
        _file(tmp_path, "RGB", "WEBP", turned=True),
        _file(tmp_path, "RGBA", "WEBP"),
    ]
    # Each in a process of its own: what one leaves in the allocator's hands may count for the next.
    costs = [_costs([each], 10**9)[0] for each in files]
    *others, opaque, clear = (memory / (WIDTH * HEIGHT) for memory, _, _ in costs)
    slack = 1.0  # a strip in several forms, and the file
    assert max(others) < 8 + slack, others
    assert max(opaque, clear) < PIXEL_BYTES + slack


@pytest.fixture(scope="module")
def hostile_costs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, float, str]]:
    folder, files = tmp_path_factory.mktemp("hostile"), []
    contents = hostile_files()
    for name, data in contents.items():
        files.append(folder / name.replace(" ", "-"))
        files[-1].write_bytes(data)
    return dict(zip(contents, _costs(files, PIXELS), strict=True))


def test_no_small_file_takes_more_memory_than_is_promised(
    hostile_costs: dict[str, tuple[int, float, str]],
) -> None:
    file_and_lists = 64 * MEBIBYTE  # a file of 10 MiB in several forms, and a list of its parts
    for name, (memory, _, outcome) in hostile_costs.items():
        codes = CODES if name.startswith("WebP") else 0
        assert memory < PIXEL_BYTES * PIXELS + codes + file_and_lists, (name, memory, outcome)


def test_no_small_file_takes_minutes(hostile_costs: dict[str, tuple[int, float, str]]) -> None:
    """Before: 88 s for TIFF of strips, 9 s for run lengths. CPU time, so load changes it little."""
    for name, (_, seconds, outcome) in hostile_costs.items():
        assert seconds < 8, (name, seconds, outcome)


REFUSED = {
    "BMP of run lengths": "UnsupportedImage",
    "TIFF of a million tiles": "InvalidImage",
    "TIFF of 15,000 JPEGs": "InvalidImage",
    "TIFF of 64-bit colours": "PayloadTooLarge",
    "JPEG of 2.4 million segments": "InvalidImage",
    "PNG of 800,000 chunks": "InvalidImage",
    "PNG of one column": "PayloadTooLarge",
    "PNG of 16-bit colours": "PayloadTooLarge",
    "GIF of five million blocks": "InvalidImage",
}


def test_what_no_camera_writes_is_refused_and_the_rest_is_read(
    hostile_costs: dict[str, tuple[int, float, str]],
) -> None:
    for name, (_, _, outcome) in hostile_costs.items():
        if name in REFUSED:
            assert outcome == REFUSED[name], (name, outcome)
        else:
            assert outcome.startswith("("), (name, outcome)
