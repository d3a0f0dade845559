"""The one line with which settings are refused."""

import pytest

from app.errors import SettingsError
from app.settings import load_settings

URL = "postgresql://kith:secret@postgres/kith"


def refusal() -> str:
    """The one line that the settings are refused with."""
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "\n" not in refused.value.detail
    return refused.value.detail
