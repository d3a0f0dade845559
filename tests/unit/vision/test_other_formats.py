"""Files that are not read are named by their format, and their senders learn what to do."""

import struct

import pytest

from app.errors import UnsupportedImage
from app.vision.decode import ImageLimits, decode_image

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
IPHONE = "Settings > Camera > Formats > Most Compatible"


def boxed(*brands: bytes) -> bytes:
    """The beginning of an ISO base media file: a major brand, and those it is compatible with."""
    body = brands[0] + bytes(4) + b"".join(brands[1:])
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + b"\0\0\0\x08mdat"


KINDS: dict[str, tuple[bytes, str, str]] = {
    "HEIC of an iPhone": (boxed(b"heic", b"mif1", b"MiHB", b"heic"), "HEIC", IPHONE),
    "HEIC by its second brand": (boxed(b"mif1", b"mif1", b"heic"), "HEIC", IPHONE),
    "HEIC series": (boxed(b"msf1", b"msf1", b"hevc"), "HEIC", IPHONE),
    "HEIF": (boxed(b"mif1", b"mif1"), "HEIC", IPHONE),
    "AVIF": (boxed(b"avif", b"avif", b"mif1"), "AVIF", "JPEG or PNG"),
    "AVIF by its second brand": (boxed(b"mif1", b"mif1", b"avif"), "AVIF", "JPEG or PNG"),
    "MP4": (boxed(b"isom", b"iso2", b"mp41"), "video (MP4 or MOV)", "single picture"),
    "MOV": (boxed(b"qt  ", b"qt  "), "video (MP4 or MOV)", "single picture"),
    "CR3": (boxed(b"crx ", b"isom"), "raw camera", "JPEG or PNG"),
    "JPEG XL": (b"\xff\x0a" + bytes(9), "JPEG XL", "JPEG or PNG"),
    "JPEG XL in a box": (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "JPEG or PNG"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", "JPEG or PNG"),
    "JPEG 2000 code": (b"\xff\x4f\xff\x51\0", "JPEG 2000", "JPEG or PNG"),
    "PDF": (b"%PDF-1.7\n", "PDF", "Export the page"),
    "PSD": (b"8BPS\0\1", "Photoshop", "JPEG or PNG"),
    "ICO": (b"\0\0\1\0\1\0", "icon", "JPEG or PNG"),
    "SVG": (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG", "JPEG or PNG"),
    "SVG with a head": (b"\xef\xbb\xbf<?xml version='1.0'?><!-- a --><svg/>", "SVG", "PNG"),
    "HTML": (b"<!DOCTYPE html><title>Sign in</title>", "web page", "the image itself"),
    "data URI": (b"data:image/png;base64,iVBO", "data URI", "Send the bytes"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST", "video (AVI)", "single picture"),
    "WebM": (b"\x1aE\xdf\xa3\1", "video", "single picture"),
    "ZIP": (b"PK\x03\x04\x14\0", "ZIP", "images that are in it"),
    "gzip": (b"\x1f\x8b\x08\0", "gzip", "the image itself"),
    "RAF": (b"FUJIFILMCCD-RAW 0201", "raw camera", "JPEG or PNG"),
    "ORF": (b"IIRO\x08\0\0\0", "raw camera", "JPEG or PNG"),
    "RW2": (b"IIU\0\x18\0\0\0", "raw camera", "JPEG or PNG"),
    "CR2": (b"II*\0\x10\0\0\0CR\2\0" + bytes(40), "raw camera", "JPEG or PNG"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_of_a_file_that_is_not_read_says_what_it_is_and_what_to_do(kind: str) -> None:
    data, name, advice = KINDS[kind]
    with pytest.raises(UnsupportedImage) as refusal:
        decode_image(data, LIMITS)
    assert name in refusal.value.detail
    assert advice in refusal.value.detail


@pytest.mark.parametrize("data", [b"x", b"\0\0\0\x18ftyp", b"<svg", b"ftypheic", bytes(99)])
def test_a_file_that_is_only_like_one_is_refused_too(data: bytes) -> None:
    with pytest.raises(UnsupportedImage, match=r"not read|no image"):
        decode_image(data, LIMITS)
