"""The commands in the README work as printed."""

import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import skimage.data
from PIL import Image, ImageEnhance

from tests.support.server import ServerProcess

_README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_session_in_the_readme_works_as_printed(
    tmp_path: Path, face_bundle: Path, server: Callable[..., ServerProcess]
) -> None:
    process = server(face_bundle, KITH_ADMIN_KEY="")
    photo = Image.fromarray(skimage.data.astronaut())
    (tmp_path / "ada-1.jpg").write_bytes(_jpeg(photo))
    darker = ImageEnhance.Brightness(photo.rotate(5)).enhance(0.8)
    (tmp_path / "ada-2.jpg").write_bytes(_jpeg(darker))
    port = str(urlsplit(process.url).port)
    where = {"KITH_DATA_DIR": str(process.data_dir), "KITH_PORT": port}

    answers = _run(_session(), tmp_path, where)

    collection, enrolled, before, threshold, after = answers
    assert collection["id"] == "hq"
    assert enrolled["person"]["face_count"] == 1
    assert before["faces"][0]["person_id"] == "ada"
    assert before["policy"]["threshold"] == round(threshold["similarity"], 4)
    assert after["faces"][0]["decision"] == "unknown"


def _session() -> str:
    found = re.search(r"<!-- session -->\n```sh\n(.*?)```", _README, re.DOTALL)
    assert found, "the README has no session"
    assert '$(cat "${KITH_DATA_DIR:-data}/admin.key")' in found[1]
    assert "http://127.0.0.1:${KITH_PORT:-8000}/" in found[1]
    return found[1]


def _run(script: str, folder: Path, settings: dict[str, str]) -> list[Any]:
    """The JSON answers of a shell script, in order."""
    ran = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    decoder, text, answers = json.JSONDecoder(), ran.stdout, []
    while text.strip():
        answer, end = decoder.raw_decode(text.lstrip())
        answers.append(answer)
        text = text.lstrip()[end:]
    return answers


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=92)
    return stream.getvalue()
