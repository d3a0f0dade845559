"""Damages inputs: in a test for a second, by ``make fuzz`` for as long as is asked."""

import copy
import hashlib
import json
import random
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import anyio
import numpy as np
from starlette.requests import Request
from starlette.types import Message

from app.bundles.bundle import Bundle
from app.bundles.contract import contract_id
from app.bundles.recipe import PLAIN
from app.decision.cohort import Cohort
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.errors import (
    AppError,
    BundleError,
    InvalidImage,
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedImage,
    UnsupportedMediaType,
)
from app.gallery.schemas import NewPersonWithFaces
from app.vision.decode import ImageLimits, decode_image
from app.web.uploads import OPTIONAL_IMAGES, submission
from tests.support.fake_bundle import former_calibration, write_fake_bundle
from tests.unit.vision.corpus import corpus
from tests.unit.vision.mutate import mutated


class Target(Protocol):
    """Something that reads what others wrote."""

    name: str
    documented: frozenset[str]
    """The errors that it may answer with."""

    def draw(self, source: random.Random) -> bytes:
        """A damaged input; all that ``read`` needs."""
        ...

    def read(self, data: bytes) -> None:
        """Read it. Raises what the reader raises, ``AssertionError`` for nonsense read."""
        ...


def outcome(target: Target, data: bytes) -> str:
    """``read``, the name of a documented error, or the surprise itself."""
    try:
        target.read(data)
    except AppError as refusal:
        name = type(refusal).__name__
        is_explained = not (isinstance(refusal, BundleError) and "\n" in refusal.detail)
        return name if is_explained and name in target.documented else repr(refusal)
    except Exception as surprise:  # noqa: BLE001 - this is what is looked for
        return repr(surprise)
    return "read"


def documented(target: Target, found: str) -> bool:
    """Whether an ``outcome`` is one that may be."""
    return found == "read" or found in target.documented


def _names(*errors: type[AppError]) -> frozenset[str]:
    return frozenset(each.__name__ for each in errors)


class Images:
    """The decoder, at its full limits."""

    name = "images"
    documented = _names(InvalidImage, UnsupportedImage, PayloadTooLarge)
    limits = ImageLimits(10 * 1024 * 1024, 40_000_000)

    def __init__(self) -> None:
        self._files = corpus()

    def draw(self, source: random.Random) -> bytes:
        """A file of any format."""
        return mutated(source, self._files)

    def read(self, data: bytes) -> None:
        """Decode it."""
        decode_image(data, self.limits)


class Forms:
    """The reader of ``multipart/form-data``, down to the fields and images of an enrolment.

    An input is the content type, a line break, and the body, which comes in pieces.
    """

    name = "forms"
    documented = _names(InvalidRequest, UnsupportedMediaType)

    def draw(self, source: random.Random) -> bytes:
        """The body is damaged, and now and then what the head says of it."""
        head, body = b"multipart/form-data; boundary=b0undary", mutated(source, _FORMS)
        if not source.randrange(8):
            head = mutated(source, [head, b'Multipart/Form-Data;charset=utf-8;boundary="b0undary"'])
        return head.replace(b"\n", b" ") + b"\n" + body

    def read(self, data: bytes) -> None:
        """Understand it as a person with images."""
        head, _, body = data.partition(b"\n")
        step = 1 + zlib.crc32(data) % (len(body) + 1)
        pieces = [body[at : at + step] for at in range(0, len(body), step)] or [b""]

        async def read() -> None:
            messages: Iterator[Message] = iter(
                {"type": "http.request", "body": each, "more_body": i + 1 < len(pieces)}
                for i, each in enumerate(pieces)
            )

            async def receive() -> Message:
                return next(messages)

            scope = {
                "type": "http",
                "method": "POST",
                "path": "/",
                "headers": [(b"content-type", head)],
            }
            found = await submission(NewPersonWithFaces, OPTIONAL_IMAGES)(Request(scope, receive))
            assert found.fingerprint
            assert all(each.data in body for each in found.images)

        anyio.run(read)


def _part(head: str, data: bytes) -> bytes:
    return b"--b0undary\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + data


_FORMS: Final = [
    b"\r\n".join([*parts, b"--b0undary--\r\n"])
    for parts in (
        [_part('name="id"', b"ada"), _part('name="images"; filename="a.png"', bytes(range(256)))],
        [
            _part('name="metadata"', b'{"team": ["a", 1, null, true], "floor": -1.5e3}'),
            _part('name="valid_from"', b"2026-01-01T00:00:00+01:00"),
            _part('name="name"\r\nContent-Type: text/plain; charset=UTF-8', "Zoë".encode()),
        ],
        [
            _part("name=images; filename*=UTF-8''%e2%82%ac.png", b"\x89PNG\r\n\x1a\n" * 30),
            _part('name="images"; filename=""\r\nContent-Type: image/jpeg', b"\r\n--b0undar"),
            _part('name="subject"\r\nContent-Transfer-Encoding: 8bit', b"largest"),
        ],
    )
]


class Bundles:
    """The loader of bundles: its manifest and its calibration.

    An input is both, with a zero byte between. In most the manifest states what is there, so that
    it is what is said that decides, and not the digests.
    """

    name = "bundles"
    documented = _names(BundleError)

    def __init__(self, folder: Path) -> None:
        self._folder = write_fake_bundle(folder / "bundle", dimension=128)  # as the recipe's
        self._manifest = (self._folder / "manifest.json").read_bytes()
        real = json.loads((PLAIN / "calibration.json").read_text(encoding="utf-8"))
        real["evidence"].update(contract_id=json.loads(self._manifest)["contract_id"])
        self._calibrations = [
            (self._folder / "calibration.json").read_bytes(),
            json.dumps(former_calibration()).encode(),
            json.dumps(real).encode(),
        ]

    def draw(self, source: random.Random) -> bytes:
        """Bytes, or values, of either file or of both."""
        calibration = source.choice(self._calibrations)
        how = source.randrange(4)
        if how == 0:
            return mutated(source, [self._manifest]) + b"\0" + calibration
        if how == 1:
            calibration = mutated(source, [calibration])
        else:
            value = json.loads(calibration)
            for _ in range(source.choice([1, 1, 2, 4])):
                _change(source, value)
            calibration = json.dumps(value).encode()
        return self._stating(calibration, source if how == 3 else None) + b"\0" + calibration

    def _stating(self, calibration: bytes, source: random.Random | None) -> bytes:
        manifest = json.loads(self._manifest)
        manifest["files"]["calibration.json"].update(
            sha256=hashlib.sha256(calibration).hexdigest(), bytes=len(calibration)
        )
        if source is not None:
            _change(source, manifest)
        with suppress(KeyError, TypeError, AttributeError):
            manifest["contract_id"] = contract_id(manifest)
        return json.dumps(manifest).encode()

    def read(self, data: bytes) -> None:
        """Load it; what is loaded lets no more than one stranger in a hundred in."""
        manifest, _, calibration = data.partition(b"\0")
        (self._folder / "manifest.json").write_bytes(manifest)
        (self._folder / "calibration.json").write_bytes(calibration)
        bundle = Bundle.load(self._folder)
        typical, nobody = (
            bundle.calibration.typical,
            Cohort.of(np.empty((0, bundle.manifest.dimension), np.float32)),
        )
        for persons in (1, 1000, 100_000):
            size = GallerySize(persons, persons)
            found = GalleryRates(bundle.calibration, nobody, size).typical.threshold(0.01)
            assert np.isfinite([found.similarity, *found.interval]).all()
            assert found.similarity >= typical.mean + typical.deviation
        json.dumps(dict(bundle.calibration.evidence), allow_nan=False).encode()


_VALUES: Final[list[Any]] = [
    0, 1, -1, 2, 0.5, -0.0, 1e-300, 1e308, -1e308, float("inf"), -float("inf"), float("nan"),
    10**400, 2**63, True, None, "", "0.1", "nan", "\ud800", "../x", [], {}, [1.0, 2.0], {"a": {}},
]  # fmt: skip


def _change(source: random.Random, value: Any) -> None:  # noqa: ANN401 - any JSON
    """One value somewhere within becomes another, goes, or comes twice."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = source.choice(keys)
        inner = value[key]
        if not isinstance(inner, dict | list) or not source.randrange(4):
            break
        value = inner
    number = isinstance(inner, float)
    if number and source.randrange(2):
        value[key] = inner * source.choice([-1, 10, 0.1, 1 + 1e-9, 2, 0.5])
    elif not source.randrange(6):
        del value[key]
    elif isinstance(value, list) and not source.randrange(4):
        value.insert(key, copy.deepcopy(inner))
    else:
        value[key] = copy.deepcopy(source.choice(_VALUES))
