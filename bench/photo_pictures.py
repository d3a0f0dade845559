"""``python -m bench.photo_pictures``: makes docs/photos.png, the picture of docs/photos.md.

The face is Eileen Collins's: a photograph by NASA, in the public domain, that scikit-image has.
Each panel is what an enrolment is sent, and its caption what the service says of it.
"""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from skimage.data import astronaut

from app.analysis import build_analyser, build_enroller
from app.bundles.bundle import Bundle
from app.gallery.enrolment import ImageFile, Rejection, Template
from app.inference.upright import turned
from app.settings import Settings

_FILE: Final = Path("docs/photos.png")
_SIDE, _CAPTION, _COLUMNS = 170, 44, 4
_FACE: Final = (130, 20, 330, 220)  # of the photograph, in pixels, with room around the face


def main() -> None:
    """Write the picture."""
    panels = [_panel(name, image) for name, image in _photos().items()]
    rows = -(-len(panels) // _COLUMNS)
    size = (_COLUMNS * _SIDE, rows * (_SIDE + _CAPTION))
    sheet = Image.new("RGB", size, "white")
    for place, panel in enumerate(panels):
        row, column = divmod(place, _COLUMNS)
        sheet.paste(panel, (column * _SIDE, row * (_SIDE + _CAPTION)))
    sheet.quantize(64, dither=Image.Dither.NONE).save(_FILE, "PNG", optimize=True)


def _photos() -> dict[str, Image.Image]:
    whole = Image.fromarray(astronaut()).crop(_FACE)
    pair = Image.new("RGB", (400, 200))
    pair.paste(whole, (0, 0))
    pair.paste(whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (200, 0))
    return {
        "as it should be": whole,
        "turned by 180 degrees": whole.rotate(180),
        "turned by 90 degrees": whole.rotate(90),
        "cut at the side": whole.crop((100, 0, 200, 200)),
        "cut at the top": whole.crop((0, 85, 200, 200)),
        "two faces alike in size": pair,
        "small": whole.resize((40, 40), Image.Resampling.BOX),
        "blurred and dark": whole.filter(ImageFilter.GaussianBlur(6)).point(lambda v: v // 7),
    }


def _panel(name: str, image: Image.Image) -> Image.Image:
    shown, text = _examined(image)
    panel = Image.new("RGB", (_SIDE, _SIDE + _CAPTION), "white")
    shown.thumbnail((_SIDE - 8, _SIDE - 8))
    panel.paste(shown, ((_SIDE - shown.width) // 2, (_SIDE - shown.height) // 2))
    draw = ImageDraw.Draw(panel)
    draw.text((4, _SIDE), name, fill="black")
    draw.text((4, _SIDE + 14), text, fill="black")
    return panel


def _examined(image: Image.Image) -> tuple[Image.Image, str]:
    """The image with the box of the face that is taken, and what becomes of it."""
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), model=Path("data/models/face"))
        bundle = Bundle.load(settings.bundle_dir)
        enroller = build_enroller(build_analyser(bundle, settings), settings)
        stream = BytesIO()
        image.save(stream, "PNG")
        templates, rejected = enroller.examine([ImageFile(None, stream.getvalue())])
    return _taken(image, templates[0]) if templates else (image.copy(), _refused(rejected[0]))


def _taken(image: Image.Image, template: Template) -> tuple[Image.Image, str]:
    upright = Image.fromarray(turned(np.asarray(image), template.turned_degrees))
    box = template.sample.box
    corners = (box.x, box.y, box.x + box.width, box.y + box.height)
    ImageDraw.Draw(upright).rectangle(corners, outline=(0, 220, 0), width=2)
    quality = template.sample.quality
    score = f"quality {quality.score:.2f}" if quality else ""
    back = f"\nturned back: {template.turned_degrees} degrees" if template.turned_degrees else ""
    return upright, f"enrolled, {score}{back}"


def _refused(rejection: Rejection) -> str:
    return "refused:\n" + "\n".join(rejection.reasons)


if __name__ == "__main__":
    main()
