"""A picture that is searched: decoded once, never copied as a whole, and decoded at its full size
only where a face in it needs that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image

from app.vision.types import RgbImage

_TURNS: Final = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}  # Pillow turns counter-clockwise
_LARGEST_SHRINK: Final = 8
_ROUNDING: Final = 1e-6
_Place = tuple[float, float, float, float]
_WHOLE_GAP: Final = 1.0
_GAP: Final = 2.0
"""How much is left for the exact average once whole blocks of pixels were averaged, which takes a
quarter of the time: 1.6 ms of a frame of 1920 x 1080, not 6.7. Nothing is, where blocks come out
even. Elsewhere 1.0 would move pixels: faces of 30 px in 12 million pixels were lost by it.
"""


@dataclass(frozen=True, slots=True)
class Enough:
    """How far a picture may be shrunk while it is decoded: ``most`` times, and to no fewer than
    ``side`` pixels of its longer side.
    """

    side: int
    most: int

    def shrink(self, width: int, height: int) -> int:
        """1, 2, 4 or 8: a divisor of both sides, so that every pixel stands for whole pixels."""
        found = 1
        while (
            2 * found <= min(self.most, _LARGEST_SHRINK)
            and max(width, height) >= 2 * found * self.side
            and width % (2 * found) == height % (2 * found) == 0
        ):
            found *= 2
        return found


WHOLE: Final = Enough(side=1, most=1)


class Picture:
    """Upright and RGB. ``pixels`` is smaller than the picture by ``shrunk`` in each direction. Not
    thread-safe.
    """

    def __init__(
        self,
        pixels: Image.Image,
        shrunk: int = 1,
        decode: Callable[[], Image.Image] | None = None,
    ) -> None:
        self.pixels, self.shrunk, self._decode = pixels, shrunk, decode
        self._copy: Image.Image | None = None  # the first that was made of the whole picture
        self.width, self.height = pixels.width * shrunk, pixels.height * shrunk

    @staticmethod
    def of(image: "RgbImage | Picture") -> "Picture":
        """The ``image`` itself, or a picture of its pixels."""
        return image if isinstance(image, Picture) else Picture(Image.fromarray(image))

    def whole(self) -> Image.Image:
        """The pixels at full size, for which the picture is decoded once more where it must be."""
        if self._decode is not None:
            self.pixels, self.shrunk, self._decode = self._decode(), 1, None
        return self.pixels

    def turned(self, degrees: int) -> "Picture":
        """Turned clockwise by 0, 90, 180 or 270 degrees."""
        turn = _TURNS.get(degrees)
        return self if turn is None else Picture(self.whole().transpose(turn))

    def resized(self, size: tuple[int, int], box: _Place | None = None) -> Image.Image:
        """The picture, or what ``box`` (left, upper, right, lower, in its pixels) shows of it, at
        ``size`` (width, height), which is no larger. Every pixel counts: nothing aliases.
        """
        if box is None and size == self.pixels.size:
            return self.pixels
        place = box or (0, 0, self.width, self.height)
        even, copy = self._is_even(self.pixels, place, size), self._copy
        if not even and copy is not None and self._is_even(copy, place, size):
            return self._shrunk(copy, place, size, even=True)
        made = self._shrunk(self.pixels, place, size, even=even)
        if box is None and self._copy is None:
            self._copy = made
        return made

    def _shrunk(
        self, source: Image.Image, place: _Place, size: tuple[int, int], *, even: bool
    ) -> Image.Image:
        left, upper, right, lower = self._in(source, place)
        return source.resize(
            size,
            Image.Resampling.BOX,
            box=(left, upper, min(right, source.width), min(lower, source.height)),
            reducing_gap=_WHOLE_GAP if even else _GAP,
        )

    def _in(self, source: Image.Image, place: _Place) -> _Place:
        """The ``place`` in the pixels of ``source``, which shows the whole picture."""
        across, down = source.width / self.width, source.height / self.height
        left, upper, right, lower = place
        return left * across, upper * down, right * across, lower * down

    def _is_even(self, source: Image.Image, place: _Place, size: tuple[int, int]) -> bool:
        """Whether each pixel of ``size`` is the average of whole pixels of ``source``."""
        left, upper, right, lower = self._in(source, place)
        factors = (right - left) / size[0], (lower - upper) / size[1]
        return all(each > 1 - _ROUNDING and abs(each - round(each)) < _ROUNDING for each in factors)
