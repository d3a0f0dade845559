"""The evaluation of a collection in the console: whom it measures, what it says, whom it names."""

import html
import re
import threading

import pytest
from fastapi.testclient import TestClient

from app.core import reports
from app.decision.calibration import Calibration
from app.evaluation.gallery import Gallery
from app.evaluation.measure import Measurement
from app.gallery import evaluations, kept_reports
from tests.api.console import Visitor
from tests.api.support import enrol, make_collection
from tests.api.test_console_sessions import ADMIN
from tests.support.pictures import picture

PAGE = "/c/staff/threshold/evaluation"
MISSED = "/c/staff/threshold/missed"


@pytest.fixture
def visitor(client: TestClient) -> Visitor:
    """Twenty people of three photos, ten of one, and two who are one."""
    path = make_collection(client, target_fpir=0.01)
    for somebody in range(30):
        shakes = range(3 if somebody < 20 else 1)
        enrol(client, path, f"p{somebody}", *(picture(somebody, shake) for shake in shakes))
    enrol(client, path, "again", *(picture(0, shake) for shake in range(3)))
    visitor = Visitor(client)
    visitor.sign_in()
    return visitor


def text(visitor: Visitor, path: str) -> str:
    """The text of the page, which is asked for until its report is made."""
    while True:
        answer = visitor.get(path)
        assert answer.status_code == 200, answer.text[:500]
        plain = html.unescape(re.sub(r"<[^>]*>", " ", answer.text))
        if "being measured" not in plain:
            return " ".join(plain.split())


def test_the_report_begins_with_the_verdict_and_what_to_do(visitor: Visitor) -> None:
    said = text(visitor, PAGE)
    places = [said.index(each) for each in ("It ", "What to do", "Threshold that Kith sets")]
    assert places == sorted(places)
    assert "Of 63 photos of people who are enrolled" in said
    assert "Of 73 photos of strangers" in said
    assert "1 pair of people can be taken for each other." in said
    assert "Give 10 people who have a single photo another one" in said


def test_people_are_measured_with_as_many_photos_as_asked_for(visitor: Visitor) -> None:
    assert "Nobody is enrolled with more than 2 images" in text(visitor, f"{PAGE}?templates=2")
    assert "Of 63 photos of people who are enrolled" in text(visitor, f"{PAGE}?templates=2")
    assert "People are enrolled with all their images." in text(visitor, PAGE)
    too_many = text(visitor, f"{PAGE}?templates=3")
    assert "Nobody here has a photo to spare" in too_many
    assert "Nobody here has more than 3 usable images" in too_many
    assert visitor.get(f"{PAGE}?templates=11").status_code == 422


def test_a_target_is_weighed_against_the_people_it_would_miss(
    visitor: Visitor, client: TestClient
) -> None:
    now = text(visitor, MISSED)
    (missed,) = re.findall(r"At 1.%, about (\d+) of 1,000 photos", now)
    assert "Measured on 63 photos of the 31 people here" in now
    asked = text(visitor, f"{MISSED}?target=0.0001")
    found = re.search(r"At 0.01.%, about (\d+) of 1,000 .* instead of (\d+) at 1.%", asked)
    assert found is not None
    assert found[2] == missed
    assert int(found[1]) >= int(missed)
    (svg,) = re.findall(r'<svg class="chart".*?</svg>', visitor.get(MISSED).text, re.DOTALL)
    assert svg.count('class="mark kith"') == 1
    changed = {"target_fpir": 0.0001}
    client.patch("/collections/staff", json=changed, headers=ADMIN).raise_for_status()
    assert f"At 0.01 %, about {found[1]} of 1,000" in text(visitor, MISSED)


def test_nobody_is_named_who_was_removed(
    visitor: Visitor, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_reports, "CHANGED_SHARE", 1.0)
    assert "/people/again" in visitor.get(PAGE).text
    client.delete("/collections/staff/persons/again", headers=ADMIN).raise_for_status()
    kept = visitor.get(PAGE).text
    assert "31 people, 73 photos" in kept
    assert "/people/again" not in kept
    client.headers.update(ADMIN)
    enrol(client, "/collections/staff", "again", picture(99))
    assert "/people/again" not in visitor.get(PAGE).text


def test_of_many_people_some_are_drawn_and_the_rest_is_estimated(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluations, "_MOST_PEOPLE", 12)
    said = text(visitor, PAGE)
    assert "12 people, " in said
    assert "Chance chose them of 31." in said
    assert "Missed at N = 31" in said
    assert re.search(r"Estimated for 31 people from \d+ photos of 12", text(visitor, MISSED))
    monkeypatch.setattr(evaluations, "_MOST_PEOPLE", 100)
    monkeypatch.setattr(evaluations, "_MOST_FACES", 30)
    again = text(visitor, f"{PAGE}?templates=1")
    assert 8 < int(re.findall(r"(\d+) people, \d+ photos", again)[0]) < 31


def test_who_is_not_valid_now_is_not_measured(visitor: Visitor, client: TestClient) -> None:
    over = {"valid_until": "2020-01-01T00:00:00Z"}
    client.patch("/collections/staff/persons/p3", json=over, headers=ADMIN).raise_for_status()
    assert "30 people, 70 photos" in text(visitor, PAGE)


def test_a_measurement_that_takes_its_time_is_asked_for_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.0)
    first = visitor.get(f"{MISSED}?target=0.1").text
    assert "The people here are being measured." in first
    assert 'hx-get="http' not in first
    assert 'hx-get="/console/c/staff/threshold/missed?target=0.1"' in first
    assert "would not be recognised" in text(visitor, f"{MISSED}?target=0.1")


def test_measurements_with_several_numbers_of_photos_are_made_one_after_the_other(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, in_hand, most = threading.Event(), [0], [0]

    def measurement(gallery: Gallery, calibration: Calibration) -> Measurement:
        in_hand[0] += 1
        most[0] = max(most[0], in_hand[0])
        assert asked.wait(60)
        found = Measurement(gallery, calibration)
        in_hand[0] -= 1
        return found

    monkeypatch.setattr(evaluations, "Measurement", measurement)
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.2)
    for templates in ("", "1", "2"):
        assert "being measured" in visitor.get(f"{PAGE}?templates={templates}").text
    asked.set()
    for templates in ("", "1", "2"):
        text(visitor, f"{PAGE}?templates={templates}")
    assert most == [1]


def test_a_gallery_of_single_photos_says_what_it_takes(client: TestClient) -> None:
    path = make_collection(client)
    for somebody in range(5):
        enrol(client, path, f"p{somebody}", picture(somebody))
    visitor = Visitor(client)
    visitor.sign_in()
    for page in (PAGE, MISSED):
        said = text(visitor, page)
        assert "Nobody here has a photo to spare" in said
        assert "None of the 5 people has two usable images" in said
