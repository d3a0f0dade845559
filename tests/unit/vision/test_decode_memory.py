"""Decoding takes so many bytes a pixel and no more, whatever the file: docs/deploy.md says 16."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 2000, 2000
_DECODE = """
import re, sys
from pathlib import Path
from app.vision.decode import ImageLimits, decode_image

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

for file in sys.argv[1:]:
    data = Path(file).read_bytes()
    decode_image(data, ImageLimits(10**9, 10**9))  # whatever is made once
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    image = decode_image(data, ImageLimits(10**9, 10**9))
    print((peak() - before) / (image.shape[0] * image.shape[1]))
    del image
"""


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
        _file(tmp_path, "RGBA", "WEBP"),
    ]
    command = [sys.executable, "-c", _DECODE, *map(str, files)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    *others, webp = (float(line) for line in said.stdout.split())
    slack = 1.0  # a strip in several forms, and the file
    assert max(others) < 8 + slack, others
    assert webp < 16 + slack
