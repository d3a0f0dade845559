"""The report in a real browser: on a desk, on a phone and on paper, with hostile names."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.evaluation.document import Source
from app.evaluation.gallery import Refusal
from app.evaluation.groups import read_groups
from app.evaluation.measure import evaluate
from app.evaluation.report.page import as_html
from tests.support.browser import HOSTILE, chromium, harmless, on_one_line
from tests.unit.evaluation.galleries import calibration, gallery

_CLIPPED = """() => [...document.querySelectorAll('svg.chart')].flatMap(svg => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter(text => {
        const box = text.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1
            || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
    }).map(text => text.textContent);
})"""
_OVERLAPPING = """() => [...document.querySelectorAll('svg.chart')].flatMap(svg => {
    const boxes = [...svg.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()]);
    return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) =>
        p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom
    ).map(([b]) => a.textContent + ' / ' + b.textContent));
})"""
_SMALLEST = """() => Math.min(...[...document.querySelectorAll('svg.chart text')]
    .map(text => text.getBoundingClientRect().height))"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on made-up people, with every part that a report can have."""
    long = "a-very-long-file-name-as-cameras-and-exports-make-them-2026-05-04T10-20-30.jpeg"
    refused = [Refusal("p3", f"p3/{long}", ("low_quality", "extreme_pose"), "Face the camera.")]
    people = gallery([1, 2, 3, 4] * 20, refused=refused)
    lines = "".join(f"p{i},{'north' if i % 2 else 'south'},{20 + i % 4 * 10}\n" for i in range(70))
    groups = read_groups(f"person,site,age\n{lines}", people.people, file="groups")
    source = Source("folder", "staff", datetime(2026, 5, 4, tzinfo=UTC), "0.1", "made up", "none")
    found = evaluate(people, calibration(), target_fpir=0.01, groups=groups)
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(as_html(source, found), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(params=[(1200, 900), (390, 844)], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    width, height = request.param
    opened = browser.new_page(viewport={"width": width, "height": height})
    asked: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda each: asked.append(each.url))
    opened.on("console", lambda each: complaints.append(each.text))
    opened.on("pageerror", lambda each: complaints.append(str(each)))
    opened.goto(report.as_uri())
    assert asked == [report.as_uri()]
    assert complaints == []
    yield opened
    opened.close()


def test_nothing_is_wider_than_the_screen_and_every_label_is_read(page: Page) -> None:
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    assert page.locator("svg.chart").count() == 3
    assert page.evaluate(_CLIPPED) == []
    assert page.evaluate(_OVERLAPPING) == []
    assert page.evaluate(_SMALLEST) >= 11
    assert page.locator("h1").inner_text() == "staff"


def test_the_lines_are_drawn_within_the_axes(page: Page) -> None:
    for chart in page.locator("svg.chart").all():
        frame = chart.bounding_box()
        drawn = chart.locator("polyline, polygon, rect").all()
        assert frame is not None
        assert len(drawn) >= 2
        for each in drawn:
            box = each.bounding_box()
            assert box is not None
            assert box["x"] >= frame["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"]
            assert box["height"] <= frame["height"]


def test_it_prints_in_full_width_on_a_few_sheets(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    page.emulate_media(media="print")
    assert (
        page.evaluate("() => getComputedStyle(document.querySelector('main')).maxWidth") == "none"
    )
    page.close()
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") <= 14


def test_names_of_people_and_files_are_shown_and_never_run(
    browser: Browser, tmp_path: Path
) -> None:
    people = gallery([1, 2, 3, 4] * 20, refused=[Refusal("p3", HOSTILE, (HOSTILE,), HOSTILE)])
    people = replace(
        people,
        titles=[f"{HOSTILE}{i}" for i in range(80)],
        images=[f"{HOSTILE}/{i}" for i in range(200)],
    )
    lines, group = io.StringIO(), HOSTILE.strip()
    csv.writer(lines).writerows([("person", group), *((f"p{i}", group) for i in range(70))])
    groups = read_groups(lines.getvalue(), people.people, file="groups")
    found = evaluate(people, calibration(), target_fpir=0.01, groups=groups)
    source = Source("collection", HOSTILE, datetime(2026, 5, 4, tzinfo=UTC), "1", HOSTILE, "none")
    file = tmp_path / "report.html"
    file.write_text(as_html(source, found), encoding="utf-8")
    with harmless(browser, file) as page:
        assert on_one_line(page.locator("h1").text_content()) == on_one_line(HOSTILE)
        names = page.locator("td.name").all_text_contents()
        listed = found.misses[:40]
        assert {each.image for each in listed} | {each.person for each in listed} <= {*names}
        assert HOSTILE in names  # the image that was refused
        assert page.locator("h3").all_text_contents() == [group]
        assert page.locator("h3 + .scroll tbody td").first.text_content() == group
