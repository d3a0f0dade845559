"""Changes made while a picture is examined count for the decision."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Container
from app.errors import NotFound
from app.gallery.schemas import PersonPatch
from app.inference.analyser import Analyser
from app.recognition.results import VerifiedFace
from app.recognition.schemas.verification import VerifyOptions
from app.settings import Settings
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, running

PAST = datetime(2000, 1, 1, tzinfo=UTC)


def verified(container: Container) -> VerifiedFace:
    verify = container.services.verification.verify
    return verify("doors", "ada", picture(1), VerifyOptions(), request_id="r")


def test_who_is_removed_or_no_longer_valid_when_a_picture_is_examined_is_not_verified(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(settings, tmp_path / "a") as container:
        persons, analyse = container.services.persons, Analyser.analyse

        def after_it(change: Callable[[], object]) -> None:
            def analysed(*given: Any, **named: Any) -> Any:  # noqa: ANN401
                found = analyse(*given, **named)
                change()
                return found

            monkeypatch.setattr(Analyser, "analyse", analysed)

        make_collection(container)
        enrol(container, "ada", 1)
        assert verified(container).is_valid
        after_it(lambda: persons.update("doors", "ada", PersonPatch(valid_until=PAST)))
        assert not verified(container).is_valid
        after_it(lambda: persons.delete("doors", "ada"))
        with pytest.raises(NotFound):
            verified(container)
