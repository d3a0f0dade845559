"""``kith models`` as an operator runs it, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.bundles.bundle import Bundle
from tests.support.pictures import picture
from tests.support.published import published_models

PLAIN_CONTRACT = "face-782f9b7bbb40ba4d"
"""Of galleries enrolled before the default bundle was adapted: they can be served with it still."""


def _kith(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KITH_")}
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "models", *arguments],
        env=environment | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_published_files_make_the_bundle_that_every_machine_has(
    tmp_path: Path, face_bundle: Path
) -> None:
    source = published_models(tmp_path)["embedder.onnx"].parent
    settings = {"KITH_DATA_DIR": str(tmp_path / "data"), "KITH_MODEL_SOURCE": str(source)}
    made = _kith("pull", **settings)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "data" / "models" / "face"
    bundle = Bundle.load(folder)
    assert bundle.manifest.contract_id == Bundle.load(face_bundle).manifest.contract_id
    assert bundle.calibration.evidence["contract_id"] == bundle.manifest.contract_id
    assert bundle.manifest.contract_id in made.stderr

    before = (folder / "embedder.onnx").stat().st_mtime_ns
    again = _kith("pull", **settings | {"KITH_MODEL_SOURCE": str(tmp_path / "nowhere")})
    assert again.returncode == 0, again.stderr
    assert (folder / "embedder.onnx").stat().st_mtime_ns == before

    shown = _kith("show", str(folder))
    assert bundle.manifest.contract_id in shown.stdout
    assert "Apache-2.0" in shown.stdout

    plain = _kith("pull", "--plain", **settings)
    assert plain.returncode == 0, plain.stderr
    sface = Bundle.load(tmp_path / "data" / "models" / "sface")
    assert sface.manifest.contract_id == PLAIN_CONTRACT
    assert sface.calibration.evidence["contract_id"] == PLAIN_CONTRACT
    assert sface.manifest.files["detector.onnx"] == bundle.manifest.files["detector.onnx"]

    took = _kith("pull", "--to", str(tmp_path / "data" / "models" / "sface"), **settings)
    assert f"took the place of {PLAIN_CONTRACT}" in " ".join(took.stderr.split())
    assert Bundle.load(sface.folder).manifest.contract_id == bundle.manifest.contract_id


def test_a_folder_that_is_no_bundle_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    shown = _kith("show", str(tmp_path))
    assert shown.returncode != 0
    assert "is no model bundle" in " ".join(shown.stderr.split())
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("people", [0, 3])
def test_too_few_photos_cannot_calibrate_and_say_so(
    tmp_path: Path, fake_bundle: Path, people: int
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(people):
        (photos / f"p{seed}").mkdir()
        (photos / f"p{seed}" / "1.png").write_bytes(picture(seed))
    out = tmp_path / "out.json"
    done = _kith(
        "calibrate", str(photos), "--data", "few", "--bundle", str(fake_bundle), "--out", str(out)
    )
    assert done.returncode != 0
    assert "cannot calibrate" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_photos_of_many_people_calibrate_a_bundle(tmp_path: Path, fake_bundle: Path) -> None:
    photos = tmp_path / "photos"
    for seed in range(60):
        (photos / f"p{seed}").mkdir(parents=True)
        for shake in range(3):
            (photos / f"p{seed}" / f"{shake}.png").write_bytes(picture(seed, shake))
    left_out = tmp_path / "exclude.txt"
    left_out.write_text(
        "\ufeffp0  # somebody else\n# only a remark\np2 #2\nZo\u00eb\n p6\n", "utf-8"
    )
    also = tmp_path / "trained-on.txt"
    also.write_text("p1\n")
    (photos / "p3").rename(photos / "p2 #2")  # p2 stays: the whole line is a name
    (photos / "p4").rename(photos / "Zoe\u0308")
    (photos / "p7").rename(photos / " p6")
    (photos / "@eaDir").mkdir()
    (photos / "p5" / "IMG_1.heic").write_bytes(b"")
    bundle = shutil.copytree(fake_bundle, tmp_path / "bundle")
    out = bundle / "calibration.json"
    done = _kith(
        *("calibrate", str(photos), "--data", "blotches", "--bundle", str(bundle)),
        *("--exclude", str(left_out), "--exclude", str(also), "--out", str(out)),
    )
    assert done.returncode == 0, done.stderr
    evidence = json.loads(out.read_text())["evidence"]
    assert evidence["data"] == "blotches"
    assert evidence["identities"] == 55
    assert evidence["images"] == 165
    assert "Left out, heic_or_avif: 1 (" in done.stderr
    assert "Left out, junk: 1 (" in done.stderr
    calibrated = Bundle.load(bundle)  # the manifest was written with it
    assert calibrated.calibration.evidence == evidence
    assert evidence["contract_id"] == Bundle.load(fake_bundle).manifest.contract_id
