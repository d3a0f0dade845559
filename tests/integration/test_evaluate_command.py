"""``kith evaluate``: a folder of photos, or a collection, as a report."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli import main
from tests.support.fake_bundle import write_fake_bundle
from tests.support.lfw import people
from tests.support.pictures import picture
from tests.support.server import ServerProcess

_MAIN = "from app.cli import main; main()"


@dataclass(frozen=True)
class Said:
    """How the command ended and what it said."""

    status: int
    out: str
    err: str


class Kith:
    """The command in this process, on one data folder; the report goes to ``out``."""

    def __init__(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.data = tmp_path / "data"
        self.out = tmp_path / "out"
        monkeypatch.setenv("COLUMNS", "200")

    def evaluate(self, bundle: Path, *arguments: object, out: Path | None = None) -> Said:
        self._monkeypatch.setenv("KITH_DATA_DIR", str(self.data))
        self._monkeypatch.setenv("KITH_MODEL", str(bundle))
        given = ["kith", "evaluate", *map(str, arguments), "--out", str(out or self.out)]
        self._monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    def report(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / "report.json").read_text("utf-8"))
        return content

    def page(self) -> str:
        return (self.out / "report.html").read_text("utf-8")


@pytest.fixture
def kith(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kith:
    return Kith(tmp_path, monkeypatch, capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve people of three pictures, three of one."""
    made = tmp_path / "staff"
    for somebody in range(15):
        for shake in range(3 if somebody < 12 else 1):
            _put(made, f"Person {somebody}", f"{shake}.png", picture(somebody, shake))
    return made


def _put(folder: Path, person: str, name: str, data: bytes) -> None:
    (folder / person).mkdir(parents=True, exist_ok=True)
    (folder / person / name).write_bytes(data)


def test_a_folder_becomes_a_report_and_its_numbers(
    kith: Kith, fake_bundle: Path, folder: Path
) -> None:
    _put(folder, "Person 3", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    _put(folder, "Person 4", "copy.png", picture(4, 1))
    _put(folder, "Nobody <b>", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    done = kith.evaluate(fake_bundle, folder, "--target-fpir", "0.01")

    assert done.status == 0, done.err
    assert "failure to enrol (FTE)" in done.out
    assert "3 of 42" in done.out
    assert not [word for word in ("Person", "Nobody", ".png") if word in done.out + done.err]
    report = kith.report()
    assert (report["kind"], report["name"], report["target_fpir"]) == ("folder", "staff", 0.01)
    assert report["size"]["persons"] == 15
    assert report["size"]["mated_probes"] == 36
    refused = {each["image"]: each["reasons"] for each in report["enrolment"]["refused"]}
    assert refused == {
        "Nobody <b>/broken.jpg": ["invalid_image"],
        "Person 3/broken.jpg": ["invalid_image"],
        "Person 4/copy.png": ["duplicate_image"],
    }
    assert report["enrolment"]["people_without_any"] == ["Nobody <b>"]
    assert report["rank1"]["rate"] == 1
    assert report["kith_threshold"]["fnir"]["rate"] == 0
    page = kith.page()
    assert "Nobody &lt;b&gt;/broken.jpg" in page
    assert page.count('<svg class="chart"') == 3


def test_people_are_measured_with_as_many_photos_as_they_will_have(
    kith: Kith, fake_bundle: Path, folder: Path
) -> None:
    done = kith.evaluate(fake_bundle, folder, "--templates", "2", "--target-fpir", "0.01")
    assert done.status == 0, done.err
    report = kith.report()
    assert report["templates"] == 2
    size = report["size"]
    assert (size["templates_least"], size["templates_most"]) == (1, 2)
    assert (size["mated_probes"], size["stranger_probes"]) == (36, 39)
    assert "Nobody is enrolled with more than 2 images" in kith.page()
    single = kith.evaluate(fake_bundle, folder, "--templates", "1", out=kith.out / "single")
    assert single.status == 0, single.err
    for wrong, said in (("0", "must be 1 or more"), ("3", "somebody needs 4")):
        _one_line(kith.evaluate(fake_bundle, folder, "--templates", wrong), said)


def test_a_report_begins_with_a_verdict_and_what_to_do(
    kith: Kith, fake_bundle: Path, folder: Path
) -> None:
    _put(folder, "Person 3", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    done = kith.evaluate(fake_bundle, folder, "--target-fpir", "0.01")
    assert done.status == 0, done.err
    verdict = "It holds as far as can be seen"
    todo = ("1. Take 1 photo again", "2. Give 3 people who have a single photo another one")
    for said in (verdict, *todo):
        assert f"\n{said}" in f"\n{done.err}"
    page = kith.page()
    places = [page.index(each) for each in ("<h1>", verdict, "What to do", 'class="cards"')]
    assert places == sorted(places)


def test_what_is_no_photo_is_reported_by_kind(kith: Kith, fake_bundle: Path, folder: Path) -> None:
    """The walk of `kith enroll`."""
    _put(folder, "Person 3", "IMG_1.heic", b"\x00\x00\x00\x18ftypheic" + bytes(32))
    _put(folder, "Person 3/@eaDir", "1.png", picture(3, 1))
    _put(folder, "@eaDir", "1.png", picture(3, 1))
    _put(folder, ".", "loose.png", picture(99))
    _put(folder, os.fsdecode(b"Andr\xe9"), "1.png", picture(98))
    _put(folder, "Person 4", os.fsdecode(b"broken \xe9.jpg"), b"\xff\xd8\xff")
    for form, shake in (("Zoe\u0308", 0), ("Zo\u00eb", 1)):
        _put(folder, form, "1.png", picture(50, shake))

    done = kith.evaluate(fake_bundle, folder)

    assert done.status == 0, done.err
    left_out = {"heic_or_avif": 1, "bad_name": 1, "loose": 1, "junk": 2}
    report = kith.report()
    assert report["left_out"] == left_out
    for kind, count in left_out.items():
        assert f"Left out, {kind}: {count} (" in done.err
    assert "<dt>Left out</dt>" in kith.page()
    assert report["size"]["persons"] == 16
    assert report["size"]["mated_probes"] == 38
    (refused,) = report["enrolment"]["refused"]
    assert refused["image"] == "Person 4/broken \\xe9.jpg"


def test_groups_are_separated(kith: Kith, fake_bundle: Path, folder: Path, tmp_path: Path) -> None:
    lines = [f"Person {i},{'day' if i % 2 else 'night'}" for i in range(14)]
    file = tmp_path / "groups.csv"
    file.write_text("\ufeffperson,shift\n" + "\n".join(lines), encoding="utf-8")
    done = kith.evaluate(fake_bundle, folder, "--groups", file)
    assert done.status == 0, done.err
    report = kith.report()
    assert {g["group"]: g["persons"] for g in report["groups"]["shift"]} == {"day": 7, "night": 7}
    assert (
        report["people_without_group"] == ["Person 9"] or len(report["people_without_group"]) == 1
    )
    assert "By group" in kith.page()
    assert all(group["fpir"] and group["one_threshold_fpir"] for group in report["groups"]["shift"])


def test_a_group_for_whom_the_stated_rate_is_not_kept_is_said_in_words(
    kith: Kith, fake_bundle: Path, folder: Path, tmp_path: Path
) -> None:
    for somebody in range(6):  # under a second name
        for shake in range(3):
            _put(folder, f"Again {somebody}", f"{shake}.png", picture(somebody, shake))
    names = [f"{name} {i}" for name in ("Person", "Again") for i in range(6)]
    file = tmp_path / "groups.csv"
    file.write_text("person,list\n" + "".join(f"{name},\x1b[2Jold\n" for name in names))
    done = kith.evaluate(fake_bundle, folder, "--groups", file, "--target-fpir", "0.01")
    assert done.status == 0, done.err
    assert kith.report()["groups"]["list"][0]["outside"] == "exceeded"
    assert r"list \x1b[2Jold: 100" in done.err
    assert "of its strangers are named (36 of 36; 95" in done.err
    assert "more often than the stated 1" in done.err
    assert "there is 1 group here." in done.err
    assert "The stated rate is not kept for every group." in kith.page()


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
    _one_line(done, said)
    assert not kith.out.exists()


def _one_line(done: Said, said: str) -> None:
    """Bars show the progress on the same output."""
    assert done.status == 1
    spoken = [line for line in done.err.splitlines() if line.startswith("kith:")]
    text = done.err[done.err.index("kith:") :].replace("\n", " ")
    assert len(spoken) == 1
    assert said in text
    assert "Traceback" not in done.err


def test_what_cannot_be_measured_is_one_clear_line(
    kith: Kith, fake_bundle: Path, tmp_path: Path
) -> None:
    made = tmp_path / "staff"
    made.mkdir()
    _one_line(kith.evaluate(fake_bundle, made), "has no folder with photos in it")
    _put(made, "Ada", "1.png", picture(1))
    _put(made, "Ada", "2.png", picture(1, 1))
    _put(made, "Grace", "broken.png", b"\x89PNG")
    _one_line(
        kith.evaluate(fake_bundle, made),
        "1 of 2 people here have a usable image; at least two are needed",
    )
    shutil.rmtree(made / "Ada")
    _put(made, "Ada", "1.png", picture(1))
    _put(made, "Grace", "1.png", picture(2))
    _one_line(kith.evaluate(fake_bundle, made), "None of the 2 people has two usable images")
    _one_line(
        kith.evaluate(fake_bundle, made, "--collection", "hq"),
        "either a folder of photos or --collection",
    )
    _one_line(kith.evaluate(fake_bundle), "either a folder of photos or --collection")
    _one_line(kith.evaluate(fake_bundle, "--collection", "hq"), "There is no database yet")
    for rate in ("0", "1", "-0.1", "nan"):
        said = kith.evaluate(fake_bundle, made, "--target-fpir", rate)
        _one_line(said, "must lie between 0 and 1")
    assert not kith.out.exists()
    assert not kith.data.exists()
    _put(tmp_path, "a", "file", b"")
    barred = tmp_path / "a" / "file" / "out"
    _one_line(kith.evaluate(fake_bundle, made, out=barred), "cannot be written to")


def test_an_interrupted_evaluation_ends_at_once_and_leaves_nothing(
    tmp_path: Path, fake_bundle: Path
) -> None:
    made, out = tmp_path / "staff", tmp_path / "out"
    _put(made, "p0", "0.png", picture(1))
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


@pytest.mark.both_databases
def test_a_collection_is_evaluated_while_its_server_runs_and_left_as_it_is(
    server: Callable[..., ServerProcess],
    database_url: str,
    kith: Kith,
    tmp_path: Path,
    fake_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = server(KITH_DATABASE_URL=database_url)
    monkeypatch.setenv("KITH_DATABASE_URL", database_url)
    with running.client() as client:
        client.post("/collections", json={"id": "hq", "target_fpir": 0.05}).raise_for_status()
        for somebody in range(12):
            _enrol(client, f"p{somebody}", somebody, 3 if somebody < 9 else 1)
        _enrol(client, "gone", 99, 2, valid_until="2020-01-01T00:00:00Z")
        wrong = {"person_id": "p3", "verdict": "not_them"}  # a false positive raises the threshold
        said = client.post("/collections/hq/feedback", data=wrong, files={"image": picture(3, 9)})
        assert said.json()["false_positive"]
        before = client.get("/collections/hq").json()
        threshold = client.get("/collections/hq/threshold").json()

        done = kith.evaluate(fake_bundle, "--collection", "hq")

        assert done.status == 0, done.err
        assert client.get("/collections/hq").json() == before
        report = kith.report()
        assert (report["kind"], report["target_fpir"]) == ("collection", 0.05)
        assert report["size"]["persons"] == 12
        assert report["size"]["mated_probes"] == 27
        ours = report["kith_threshold"]
        assert ours["similarity"] == pytest.approx(threshold["similarity"], abs=1e-6)
        assert ours["stated"] == pytest.approx(threshold["fpir_interval"], rel=1e-3)
        assert report["enrolment"]["fte"] is None
        assert report["rank1"]["rate"] == 1
        assert {pair["person"] for pair in report["lookalikes"]} <= {
            f"p{i} (Somebody {i})" for i in range(12)
        }
        assert "keeps no record of the images" in kith.page()

        _one_line(kith.evaluate(fake_bundle, "--collection", "hr"), "There is no collection 'hr'")
        client.post("/collections", json={"id": "hr"}).raise_for_status()
        _one_line(kith.evaluate(fake_bundle, "--collection", "hr"), "0 of 0 people here")
        other = write_fake_bundle(tmp_path / "other", seed=1)
        _one_line(kith.evaluate(other, "--collection", "hq"), "cannot be compared")


def _enrol(client: httpx.Client, name: str, somebody: int, images: int, **fields: str) -> None:
    files = [("images", picture(somebody, shake)) for shake in range(images)]
    data = {"id": name, "name": f"Somebody {somebody}", **fields}
    client.post("/collections/hq/persons", data=data, files=files).raise_for_status()


def test_a_database_of_another_kind_is_one_clear_line(kith: Kith, fake_bundle: Path) -> None:
    kith.data.mkdir()
    (kith.data / "kith.db").write_bytes(b"")
    _one_line(
        kith.evaluate(fake_bundle, "--collection", "hq"), "There is no gallery in the database"
    )


@pytest.mark.data
def test_real_photographs_give_numbers_that_make_sense(
    photos: Path, face_bundle: Path, kith: Kith, tmp_path: Path
) -> None:
    """32 people of three photos, 16 of one."""
    made = tmp_path / "staff"
    several = [files for files in people(photos, least=4) if len(files) < 8][::4][:32]
    single = [files for files in people(photos, least=1) if len(files) == 1][:160:10]
    for files in several + single:
        for file in files[:3]:
            (made / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, made / file.parent.name)

    done = kith.evaluate(face_bundle, made, "--target-fpir", "0.01")

    assert done.status == 0, done.err
    report = kith.report()
    assert report["size"]["persons"] >= 46
    assert report["rank1"]["rate"] >= 0.97
    ours, single = report["kith_threshold"], report["one_threshold"]
    assert single["similarity"] == ours["similarity"]
    assert single["fnir"]["rate"] <= 0.1
    assert abs(report["photos_threshold"]["similarity"] - ours["similarity"]) < 0.1
    assert abs(report["site"]["shift"]) < 0.3
    assert ours["fpir"]["low"] <= 0.01 <= ours["fpir"]["high"]
    assert ours["fnir"]["rate"] <= 0.05
    assert report["enrolment"]["fte"]["rate"] < 0.15
    assert not report["support"]["shown"]
    point = next(p for p in report["operating_points"] if p["target"] == 0.01)
    assert point["larger"]["similarity"] > ours["similarity"]
    assert point["larger"]["persons"] == 10 * report["size"]["persons"]
