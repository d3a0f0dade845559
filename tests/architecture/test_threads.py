"""Every thread that lasts as long as the process survives an error; others end by themselves."""

from pathlib import Path

APP = Path(__file__).parents[2] / "app"
SHORT_LIVED = {
    "agent/stream.py": "ends with its camera, and the agent opens another",
    "core/reports.py": "makes one report",
    "core/threads.py": "makes those that last",
    "egress/dialling.py": "looks up one name",
    "webhooks/sender.py": "sends what one endpoint is to get now",
}


def test_no_thread_that_lasts_ends_with_an_error() -> None:
    found = {
        str(file.relative_to(APP))
        for file in APP.rglob("*.py")
        if "threading.Thread(" in file.read_text()
    }
    assert found == set(SHORT_LIVED)
