"""``kith evaluate`` ends with one line that says what is wrong, and leaves no report."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.evaluate.command import Kith, assert_one_line, put
from tests.support.pictures import picture

_MAIN = "from app.cli import main; main()"


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        (
            b"person,shift\nPerson 1,day\nPersona 2,day\n",
            "line 3: nobody here is called 'Persona 2'",
        ),
        (b"person,shift\nPerson 1\n", "line 2: a person and 1 group are needed"),
        (b"name,shift\nPerson 1,day\n", "must begin with a header such as `person,site`"),
        (b"person,shift\nPerson 1,\xff\n", "is not UTF-8 text"),
    ],
)
def test_groups_that_do_not_fit_are_one_clear_line(
    kith: Kith, fake_bundle: Path, folder: Path, tmp_path: Path, csv: bytes, said: str
) -> None:
    (tmp_path / "groups.csv").write_bytes(csv)
    done = kith.evaluate(fake_bundle, folder, "--groups", tmp_path / "groups.csv")
    assert_one_line(done, said)
    assert not kith.out.exists()


def test_what_cannot_be_measured_is_one_clear_line(
    kith: Kith, fake_bundle: Path, tmp_path: Path
) -> None:
    made = tmp_path / "staff"
    made.mkdir()
    assert_one_line(kith.evaluate(fake_bundle, made), "has no folder with photos in it")
    put(made, "Ada", "1.png", picture(1))
    put(made, "Ada", "2.png", picture(1, 1))
    put(made, "Grace", "broken.png", b"\x89PNG")
    assert_one_line(
        kith.evaluate(fake_bundle, made),
        "1 of 2 people here have a usable image; at least two are needed",
    )
    shutil.rmtree(made / "Ada")
    put(made, "Ada", "1.png", picture(1))
    put(made, "Grace", "1.png", picture(2))
    assert_one_line(kith.evaluate(fake_bundle, made), "None of the 2 people has two usable images")
    assert_one_line(
        kith.evaluate(fake_bundle, made, "--collection", "hq"),
        "either a folder of photos or --collection",
    )
    assert_one_line(kith.evaluate(fake_bundle), "either a folder of photos or --collection")
    assert_one_line(kith.evaluate(fake_bundle, "--collection", "hq"), "There is no database yet")
    for rate in ("0", "1", "-0.1", "nan"):
        said = kith.evaluate(fake_bundle, made, "--target-fpir", rate)
        assert_one_line(said, "must lie between 0 and 1")
    assert not kith.out.exists()
    assert not kith.data.exists()
    put(tmp_path, "a", "file", b"")
    barred = tmp_path / "a" / "file" / "out"
    assert_one_line(kith.evaluate(fake_bundle, made, out=barred), "cannot be written to")


def test_an_interrupted_evaluation_ends_at_once_and_leaves_nothing(
    tmp_path: Path, fake_bundle: Path
) -> None:
    made, out = tmp_path / "staff", tmp_path / "out"
    put(made, "p0", "0.png", picture(1))
    for i in range(1, 3000):
        (made / f"p{i // 3}").mkdir(exist_ok=True)
        os.link(made / "p0" / "0.png", made / f"p{i // 3}" / f"{i}.png")
    process = subprocess.Popen(
        [sys.executable, "-c", _MAIN, "evaluate", str(made), "--out", str(out)],
        env={**os.environ, "KITH_MODEL": str(fake_bundle), "KITH_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not out.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "3000/3000" not in said
    assert not out.exists()


def test_a_database_of_another_kind_is_one_clear_line(kith: Kith, fake_bundle: Path) -> None:
    kith.data.mkdir()
    (kith.data / "kith.db").write_bytes(b"")
    assert_one_line(
        kith.evaluate(fake_bundle, "--collection", "hq"), "There is no gallery in the database"
    )
