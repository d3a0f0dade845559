"""PNG (ISO/IEC 15948): every colour type and depth, interlaced or not.

Only the header and the pixel data are handed to Pillow: text, profiles and later frames of an
animation are not looked at. Ancillary chunks with a wrong checksum are left out, as libpng does,
and what follows the pixel data may be missing. ``gAMA`` is applied, because browsers do so and a
picture of linear light is far too dark without; colour profiles are not.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from app.errors import InvalidImage
from app.vision.formats.tags import exif_orientation
from app.vision.limits import ImageLimits
from app.vision.pixels import (
    Samples,
    Span,
    Strip,
    bands,
    painted,
    span_of,
    to_rgb,
    upright,
    upright_pixels,
)
from app.vision.types import RgbImage

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 20_000
"""10 MiB in chunks of 8 KiB, as libpng writes them, are 1,300."""
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_DEPTHS: Final = {
    _GREY: (1, 2, 4, 8, 16),
    _RGB: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _GREY_ALPHA: (8, 16),
    _RGBA: (8, 16),
}
_CHANNELS: Final = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_SCREEN_GAMMA: Final = 2.2
_SAME_GAMMA: Final = 0.05
"""Exponents this close to one are not applied, as in libpng."""
_WITH_PROFILE: Final = (b"sRGB", b"iCCP", b"cICP")

_Band = tuple[slice, Samples]
_Words = Callable[[], Iterator[_Band]]


@dataclass(slots=True)
class _Chunks:
    """A file's header and pixel data, and the ancillary chunks before them."""

    header: bytes = b""
    pixels: list[bytes] = field(default_factory=list)
    others: dict[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Picture:
    """What the chunks say of the pixels. ``key`` is the sample that is transparent."""

    width: int
    height: int
    depth: int
    colour: int
    palette: NDArray[np.uint8]
    palette_alpha: NDArray[np.uint8] | None
    key: NDArray[np.int64] | None
    significant: int | None
    exponent: float | None


def read_png(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture, which is the first frame where it is animated."""
    chunks = _walk(data)
    picture = _picture(chunks, limits)
    orientation = exif_orientation(chunks.others.get(b"eXIf", b""))
    image = _load(picture, chunks)
    if _is_plain(picture, image):
        return to_rgb(upright(image, orientation))
    strips: Callable[[], Iterator[Strip]] = partial(_strips, picture, image)
    if picture.depth == 16 and not _high_bytes_will_do(picture, image):
        coloured = picture.colour in (_RGB, _RGBA)
        low = _load(picture, chunks, low_bytes=True) if coloured else None
        strips = partial(_deep_strips, picture, partial(_words_of, picture, image, low))
    return upright_pixels(painted(picture.width, picture.height, strips), orientation)


def _is_plain(picture: _Picture, image: Image.Image) -> bool:
    """Whether the samples are what is shown."""
    bare = picture.key is None and picture.exponent is None
    return bare and picture.depth <= 8 and image.mode in ("1", "L", "RGB")


def _high_bytes_will_do(picture: _Picture, image: Image.Image) -> bool:
    """Whether colours of 16 bits fill them, so that nothing is lost with their low bytes."""
    if picture.colour not in (_RGB, _RGBA):
        return False
    if picture.key is not None or picture.exponent is not None:
        return False
    return any(int(samples[..., :3].max()) >= 64 for _, samples in bands(image))


def _walk(data: bytes) -> _Chunks:
    """Chunk by chunk up to the first that follows the pixel data."""
    chunks, place, count = _Chunks(), len(_SIGNATURE), 0
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        count += 1
        if count > _MAX_CHUNKS:
            raise InvalidImage(f"The PNG has more than {_MAX_CHUNKS:,} chunks.")
        if chunks.pixels and name != b"IDAT":
            break
        body = data[place + 8 : place + 8 + length]
        _take(chunks, name, body, whole=_checksum_fits(data, place, length))
        place += length + 12
    if not chunks.header or not chunks.pixels:
        raise InvalidImage("The PNG is truncated or corrupt: it has no header or no pixels.")
    return chunks


def _checksum_fits(data: bytes, place: int, length: int) -> bool | None:
    """None where the file ends before the checksum."""
    stored = data[place + 8 + length : place + 12 + length]
    if len(stored) < 4:
        return None
    return zlib.crc32(data[place + 4 : place + 8 + length]) == int.from_bytes(stored, "big")


def _take(chunks: _Chunks, name: bytes, body: bytes, *, whole: bool | None) -> None:
    critical = not name[0] & 0x20
    if critical and whole is False:
        raise InvalidImage(f"The PNG is corrupt: the checksum of its {_text(name)} is wrong.")
    if not chunks.header and name != b"IHDR":
        raise InvalidImage("The PNG is corrupt: it does not begin with its header.")
    if name == b"IHDR":
        chunks.header = body
    elif name == b"IDAT":
        chunks.pixels.append(body)
    elif name == b"PLTE" or (whole and not critical):
        chunks.others.setdefault(name, body)


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _picture(chunks: _Chunks, limits: ImageLimits) -> _Picture:
    width, height, depth, colour, method, filtering, interlace = struct.unpack(
        ">IIBBBBB", chunks.header
    )
    limits.check_size(width, height)
    limits.check_samples(width, height, (depth + 7) // 8 * _CHANNELS.get(colour, 1))
    if depth not in _DEPTHS.get(colour, ()) or method or filtering or interlace > 1:
        raise InvalidImage("The PNG is corrupt: its header states a layout that does not exist.")
    alpha = chunks.others.get(b"tRNS")
    return _Picture(
        width,
        height,
        depth,
        colour,
        _palette(chunks.others.get(b"PLTE", b""), colour),
        _palette_alpha(alpha) if colour == _PALETTE and alpha else None,
        _key(alpha, depth) if alpha and colour in (_GREY, _RGB) else None,
        _significant(chunks.others.get(b"sBIT", b""), depth),
        _exponent(chunks.others),
    )


def _palette(body: bytes, colour: int) -> NDArray[np.uint8]:
    """(256, 3); black where the file has no entry."""
    if colour == _PALETTE and len(body) < 3:
        raise InvalidImage("The PNG is corrupt: it has no palette.")
    entries = np.frombuffer(body[: min(len(body) // 3, 256) * 3], np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(entries)] = entries
    return palette


def _palette_alpha(body: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(body[:256].ljust(256, b"\xff"), np.uint8)


def _key(body: bytes, depth: int) -> NDArray[np.int64] | None:
    """In samples as Pillow gives them, which stretches 1, 2 and 4 bits to eight."""
    values = np.frombuffer(body[: len(body) // 2 * 2], ">u2").astype(np.int64)
    return values * 255 // ((1 << depth) - 1) if depth < 8 else values


def _significant(body: bytes, depth: int) -> int | None:
    """How many bits of a sample the camera had, of those of 16; the largest of its channels."""
    bits = max(body[:3], default=0)
    return bits if depth == 16 and 0 < bits <= 16 else None


def _exponent(others: dict[bytes, bytes]) -> float | None:
    """What the samples, from 0 to 1, are raised to for a screen; None where it makes no change."""
    body = others.get(b"gAMA", b"")
    if len(body) != 4 or any(name in others for name in _WITH_PROFILE):
        return None
    gamma = int.from_bytes(body, "big") / 100_000
    if not 0.05 <= gamma <= 5.0:
        return None
    exponent = 1 / (gamma * _SCREEN_GAMMA)
    return None if abs(exponent - 1) < _SAME_GAMMA else exponent


def _load(picture: _Picture, chunks: _Chunks, *, low_bytes: bool = False) -> Image.Image:
    """The samples, or of 16-bit colours their high or low bytes.

    Grey with alpha of 16 bits has four bytes a pixel and is filtered as RGBA of eight bits is; so
    it is read as such, high and low byte beside each other.
    """
    depth, colour = picture.depth, picture.colour
    if (depth, colour) == (16, _GREY_ALPHA):
        depth, colour = 8, _RGBA
    header = chunks.header[:8] + bytes((depth, colour)) + chunks.header[10:]
    parts = [(b"IHDR", header), *((b"IDAT", body) for body in chunks.pixels), (b"IEND", b"")]
    if colour == _PALETTE:
        parts.insert(1, (b"PLTE", picture.palette.tobytes()))
    with PngImagePlugin.PngImageFile(io.BytesIO(_written(parts)), "") as image:
        if low_bytes:
            image.tile = [image.tile[0]._replace(args=f"{image.mode};16L")]
        image.load()
        return image


def _written(parts: list[tuple[bytes, bytes]]) -> bytes:
    pieces = [_SIGNATURE]
    for name, body in parts:
        checksum = zlib.crc32(body, zlib.crc32(name))
        pieces += [struct.pack(">I", len(body)), name, body, struct.pack(">I", checksum)]
    return b"".join(pieces)


def _strips(picture: _Picture, image: Image.Image) -> Iterator[Strip]:
    """Of samples of eight bits, or of fewer that were stretched to eight."""
    table = None if picture.exponent is None else _curve(np.arange(256) / 255, picture.exponent)
    for rows, samples in bands(image):
        if picture.colour == _PALETTE:
            alpha = None if picture.palette_alpha is None else picture.palette_alpha[samples]
            yield Strip(rows, _looked_up(table, picture.palette)[samples], alpha)
            continue
        whole = np.atleast_3d(samples * np.uint8(255) if samples.dtype == np.bool_ else samples)
        colours, alpha = whole[..., : _colours(picture)], whole[..., _colours(picture) :]
        transparent = _transparency(picture, colours)
        colours = _looked_up(table, colours)
        yield Strip(rows, colours, alpha[..., 0] if alpha.size else transparent)


def _looked_up(table: NDArray[np.uint8] | None, samples: Samples) -> NDArray[np.uint8]:
    return samples if table is None else table[samples]


def _deep_strips(picture: _Picture, words: _Words) -> Iterator[Strip]:
    """Of samples of 16 bits, whose white is found first."""
    count = _colours(picture)
    peaks = np.max([samples.max(axis=(0, 1)) for _, samples in words()], axis=0)
    white = _white(picture, float(peaks[:count].max()))
    table, opaque = _table(white, picture.exponent), _table(white, None)
    if peaks[count:].any() and peaks[-1] > white:
        opaque = _table(65535.0, None)
    for rows, samples in words():
        colours, alpha = samples[..., :count], samples[..., count:]
        transparent = _transparency(picture, colours)
        yield Strip(rows, table[colours], opaque[alpha[..., 0]] if alpha.size else transparent)


def _words_of(picture: _Picture, image: Image.Image, low: Image.Image | None) -> Iterator[_Band]:
    """(rows, width, channels) of 16 bits, from what ``_load`` gave."""
    if low is not None:
        for (rows, high), (_, rest) in zip(bands(image), bands(low), strict=True):
            yield rows, high.astype(np.uint16) << 8 | rest
    elif picture.colour == _GREY_ALPHA:
        for rows, pairs in bands(image):
            yield rows, np.ascontiguousarray(pairs).view(">u2").astype(np.uint16)
    else:
        for rows, grey in bands(image):
            yield rows, grey[..., None]


def _colours(picture: _Picture) -> int:
    return 3 if picture.colour in (_RGB, _RGBA) else 1


def _transparency(picture: _Picture, colours: Samples) -> NDArray[np.uint8] | None:
    if picture.key is None or len(picture.key) != colours.shape[2]:
        return None
    key = picture.key.astype(colours.dtype)
    alpha: NDArray[np.uint8] = (colours != key).any(axis=2) * np.uint8(255)
    return alpha


def _white(picture: _Picture, peak: float) -> float:
    """Of 16 bits. ``sBIT`` says how many the camera had; samples should fill all 16 all the same,
    and in many files do not.
    """
    if picture.significant is None:
        return span_of(0.0, peak, bits=16, kind="u").white
    white = 2.0**picture.significant - 1
    return white if peak <= white else 65535.0


def _table(white: float, exponent: float | None) -> NDArray[np.uint8]:
    """What each sample of 16 bits is in eight."""
    if exponent is None:
        return Span(0.0, white).table()
    return _curve(np.arange(1 << 16) / white, exponent)


def _curve(shares: NDArray[np.float64], exponent: float | None) -> NDArray[np.uint8]:
    bent = np.clip(shares, 0.0, 1.0) ** (exponent or 1.0)
    return (bent * 255.0 + 0.5).astype(np.uint8)
