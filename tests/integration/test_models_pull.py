"""``kith models`` as an operator runs it, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.bundles.bundle import Bundle
from app.bundles.pull import pull
from app.bundles.recipe import CAMERAS
from tests.support.pictures import picture
from tests.support.published import published_models

PLAIN_CONTRACT = "face-782f9b7bbb40ba4d"
CAMERAS_CONTRACT = "face-df7bd06f0280fae5"
"""The default bundle of earlier releases: the galleries enrolled with it can be served still."""


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


def test_the_published_files_make_the_bundles_that_every_machine_has(tmp_path: Path) -> None:
    source = published_models(tmp_path)["embedder.onnx"].parent
    settings = {"KITH_DATA_DIR": str(tmp_path / "data"), "KITH_MODEL_SOURCE": str(source)}
    made = _kith("pull", **settings)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "data" / "models" / "face"
    bundle = Bundle.load(folder)
    assert bundle.manifest.contract_id == PLAIN_CONTRACT
    assert bundle.calibration.evidence["contract_id"] == PLAIN_CONTRACT
    assert PLAIN_CONTRACT in made.stderr

    before = (folder / "embedder.onnx").stat().st_mtime_ns
    again = _kith("pull", **settings | {"KITH_MODEL_SOURCE": str(tmp_path / "nowhere")})
    assert again.returncode == 0, again.stderr
    assert (folder / "embedder.onnx").stat().st_mtime_ns == before
    assert f"Model bundle {PLAIN_CONTRACT} is in {folder} already." in again.stderr

    other = _kith("pull", "--cameras", **settings)
    assert other.returncode == 0, other.stderr
    cameras = Bundle.load(tmp_path / "data" / "models" / "cameras")
    assert cameras.manifest.contract_id == CAMERAS_CONTRACT
    assert cameras.calibration.evidence["contract_id"] == CAMERAS_CONTRACT
    assert cameras.manifest.files["detector.onnx"] == bundle.manifest.files["detector.onnx"]

    shown = _kith("show", "cameras", **settings)
    assert CAMERAS_CONTRACT in shown.stdout
    assert "Apache-2.0" in shown.stdout


def test_a_folder_keeps_the_bundle_that_its_galleries_were_enrolled_with(tmp_path: Path) -> None:
    """In earlier releases the default folder had the adapted bundle."""
    source = published_models(tmp_path)["embedder.onnx"].parent
    settings = {"KITH_DATA_DIR": str(tmp_path / "data"), "KITH_MODEL_SOURCE": str(source)}
    folder = tmp_path / "data" / "models" / "face"
    pull(folder, source=source, recipe=CAMERAS)
    kept = _kith("pull", **settings)
    assert kept.returncode == 0, kept.stderr
    assert "keeps the bundle adapted to poor cameras" in " ".join(kept.stderr.split())
    assert Bundle.load(folder).manifest.contract_id == CAMERAS_CONTRACT

    for broken in ("manifest.json", "calibration.json", "detector.onnx"):
        (folder / broken).unlink()
        again = pull(folder, source=source, keep_contract=True)  # as a start does
        assert again.manifest.contract_id == CAMERAS_CONTRACT, broken

    took = _kith("pull", "--plain", "--to", str(folder), **settings)
    assert f"took the place of {CAMERAS_CONTRACT}" in " ".join(took.stderr.split())
    assert Bundle.load(folder).manifest.contract_id == PLAIN_CONTRACT
    assert pull(folder, source=source).manifest.contract_id == PLAIN_CONTRACT


def test_two_bundles_at_once_are_refused(tmp_path: Path) -> None:
    both = _kith("pull", "--plain", "--cameras", KITH_DATA_DIR=str(tmp_path))
    assert both.returncode != 0
    assert "--plain and --cameras are two bundles; give one of them." in both.stderr
    assert "Traceback" not in both.stderr


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
