"""A webcam that sees a face in the public domain: Eileen Collins, by NASA."""

import io
from pathlib import Path

from PIL import Image
from skimage import data

_FRAMES = 4


def astronaut(width: int = 512, shift: int = 0) -> Image.Image:
    """Her photo, moved to the right by ``shift`` pixels."""
    image = Image.fromarray(data.astronaut())
    moved = Image.new("RGB", image.size, (90, 90, 90))
    moved.paste(image, (shift, 0))
    return moved.resize((width, width))


def jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def video(folder: Path, image: Image.Image) -> Path:
    """Motion JPEG, which Chromium plays again and again."""
    file = folder / "webcam.mjpeg"
    file.write_bytes(jpeg(image) * _FRAMES)
    return file


def webcam(file: Path) -> list[str]:
    """Arguments of a Chromium whose only camera shows the video."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={file}",
    ]
