"""Images as people have them: a path, bytes, an open file, a picture of Pillow, an array."""

import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import numpy
    import PIL.Image

    Image: TypeAlias = (
        str | os.PathLike[str] | bytes | IO[bytes] | PIL.Image.Image | numpy.ndarray[Any, Any]
    )
else:
    Image = Any

_QUALITY: Final = 95
"""Quality of the JPEG that a picture in memory becomes; colour is kept at full resolution."""


class NamedBytes(io.BytesIO):
    """A file in memory that has a name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def as_file(image: Image, name: str) -> tuple[str, bytes]:
    """The name and the bytes of an image; ``name`` is for an image that has none.

    A text is a path. A picture or array is sent as JPEG; an array has rows of pixels, uint8, grey
    or in the order red, green, blue. OpenCV's order is blue first: give it ``array[..., ::-1]``.
    """
    if isinstance(image, (bytes, bytearray, memoryview)):
        return name, bytes(image)
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        return path.name, path.read_bytes()
    if hasattr(image, "read"):
        given = getattr(image, "name", None)
        return Path(given).name if isinstance(given, str) else name, image.read()
    return f"{name}.jpg", _jpeg(image)


def _jpeg(image: Any) -> bytes:  # noqa: ANN401 - either library may be missing
    try:
        from PIL import Image as Pillow
        from PIL import ImageOps
    except ImportError:
        raise TypeError(
            f"{type(image).__name__} is no path, no bytes and no file; "
            "for pictures and arrays install kith-client[images]"
        ) from None
    if hasattr(image, "__array_interface__") and not isinstance(image, Pillow.Image):
        image = Pillow.fromarray(image)
    if not isinstance(image, Pillow.Image):
        raise TypeError(f"{type(image).__name__} is no image")
    stream = io.BytesIO()
    upright = ImageOps.exif_transpose(image).convert("RGB")  # what is saved has no EXIF
    upright.save(stream, "JPEG", quality=_QUALITY, subsampling=0)
    return stream.getvalue()
