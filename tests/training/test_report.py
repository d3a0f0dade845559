"""The report: it runs from images to a page, goes on where it stopped, and is what is committed."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.support.browser import HOSTILE, chromium, harmless, on_one_line
from training.report.build import SECTIONS, build_report
from training.report.page import code, literal, table, write_page
from training.report.rates import euclidean_pairs, known_or_not
from training.report.studies import LECUN, Studies

DOCS = Path(__file__).parents[2] / "docs" / "training"


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Studies:
    """Small files as MNIST and Omniglot are published, with scikit-learn's digits in them."""
    folder, bunch = tmp_path_factory.mktemp("data"), load_digits()
    images = np.stack([
        np.array(Image.fromarray((x * 15.9).astype(np.uint8)).resize((28, 28)))
        for x in bunch.images[:400]
    ])  # fmt: skip
    for name, array in (("images-idx3", images), ("labels-idx1", bunch.target[:400].astype("u1"))):
        head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / f"t10k-{name}-ubyte").write_bytes(head + array.tobytes())
    ink = np.zeros((400, 105, 105), bool)
    ink[:, 14:98, 14:98] = images.repeat(3, axis=1).repeat(3, axis=2) > 100
    np.savez(
        folder / "o.npz", images=np.packbits(ink, axis=-1), labels=np.arange(400, dtype="i4") // 4
    )
    return Studies(folder / "runs", mnist=folder, omniglot=folder / "o.npz", epochs=1)


def test_the_report_is_made_from_beginning_to_end(studies: Studies, tmp_path: Path) -> None:
    build_report(tmp_path, studies, sections=SECTIONS, seeds=1, command="made-by")
    text, page = ((tmp_path / f"report.{kind}").read_text() for kind in ("md", "html"))
    assert re.findall(r"^## (\d)\.", text, re.MULTILINE) == list("123456")
    assert text.count("`made-by --section") == 6
    plots = re.findall(r"!\[[^]]+\]\((\S+)\)", text)
    assert sorted(plots) == sorted(x.name for x in tmp_path.glob("*.png"))
    assert all(f'src="{plot}"' in page for plot in plots)
    assert "nan" not in text


def test_a_study_that_was_run_is_reopened_not_run_again(studies: Studies) -> None:
    first = studies.run(studies.characters, LECUN)
    again = studies.run(studies.characters, LECUN)
    assert first.history == again.history
    assert len(first.history) == 1


def test_one_section_alone_can_be_made(studies: Studies, tmp_path: Path) -> None:
    build_report(tmp_path, studies, sections=[3], seeds=1, command="made-by")
    assert {x.name for x in tmp_path.iterdir()} == {"report.md", "report.html", "3-losses.png"}


def test_known_classes_are_named_only_above_the_strangers() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.2]])
    others = np.array([[0.5, 0.8]] * 10)
    found = known_or_not(scores, np.array([0, 0, 0]), others, np.zeros(10, np.int64))
    assert found.rank.tolist() == [1, 2, 1]
    assert found.dir_at(0.01) == pytest.approx(1 / 3)


def test_pairs_judged_by_distance_count_the_nearer_as_the_more_similar() -> None:
    labels = np.repeat(np.arange(5), 4).astype(np.int64)
    z = (10 * labels[:, None] + np.random.default_rng(1).normal(size=(20, 2))).astype(np.float32)
    assert euclidean_pairs(z, labels).eer == 0


def test_a_page_is_one_text_in_markdown_and_html(tmp_path: Path) -> None:
    write_page(tmp_path, "a", "# A < B\n\n" + table(["x"], [["1"]]))
    page = (tmp_path / "a.html").read_text()
    assert "<title>A &lt; B</title>" in page
    assert "<td>1</td>" in page
    assert (tmp_path / "a.md").read_text().endswith("| 1 |\n")


def test_the_committed_report_is_whole_and_its_html_is_its_markdown(tmp_path: Path) -> None:
    text = (DOCS / "report.md").read_text()
    for plot in re.findall(r"!\[[^]]+\]\((\S+)\)", text):
        assert (DOCS / plot).is_file(), plot
    write_page(tmp_path, "report", text)
    assert (tmp_path / "report.html").read_bytes() == (DOCS / "report.html").read_bytes()


def test_the_name_of_a_run_is_shown_and_never_run(tmp_path: Path) -> None:
    write_page(tmp_path, "run", f"# {literal(HOSTILE)}\n\n{code(HOSTILE)}\n")
    with chromium() as browser, harmless(browser, tmp_path / "run.html") as page:
        assert on_one_line(page.locator("h1").text_content()) == on_one_line(HOSTILE)
        assert page.locator("code").text_content() == HOSTILE.replace("\n", " ")


def test_the_plots_of_a_page_are_shown_under_its_policy() -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto((DOCS / "report.html").as_uri())
        widths = page.evaluate("() => [...document.images].map(each => each.naturalWidth)")
        assert len(widths) == len(re.findall(r"!\[", (DOCS / "report.md").read_text()))
        assert min(widths) > 400
