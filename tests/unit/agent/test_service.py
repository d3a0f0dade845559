"""Any answer of another machine, however odd, is a refusal or a wait and ends no agent."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.agent.service import DoorOfService, ServiceAway
from app.core.clock import SystemClock
from app.errors import InvalidRequest

Answers = Callable[..., DoorOfService]


@pytest.fixture
def answers() -> Iterator[Answers]:
    """A door of a machine that answers everything with a status, headers and a body."""
    servers: list[HTTPServer] = []
    doors: list[DoorOfService] = []

    def begin(status: int, body: bytes = b"{}", **headers: str) -> DoorOfService:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None: ...

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}"
        doors.append(DoorOfService(url, "front", "kith_x", SystemClock()))
        return doors[-1]

    yield begin
    for door in doors:
        door.__exit__(None, None, None)
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize(
    ("said", "wait"), [("7", 7.0), ("inf", 60.0), ("nan", 0.0), ("-5", 0.0), ("soon", 0.0)]
)
def test_a_wait_is_a_number_within_bounds(answers: Answers, said: str, wait: float) -> None:
    with pytest.raises(ServiceAway) as raised:
        answers(503, Retry_After=said).report("ok", None)
    assert raised.value.wait == wait


@pytest.mark.parametrize("said", ["NaN", '"soon"', "null", "[]"])
def test_a_report_that_is_answered_with_no_number_is_refused(answers: Answers, said: str) -> None:
    with pytest.raises(InvalidRequest, match="is no Kith"):
        answers(200, b'{"next_in_s": %b}' % said.encode()).report("ok", None)


@pytest.mark.parametrize("said", ["Infinity", "1e99"])
def test_the_next_report_is_within_an_hour(answers: Answers, said: str) -> None:
    assert answers(200, b'{"next_in_s": %b}' % said.encode()).report("ok", None) == 3600


@pytest.mark.parametrize(
    "said", ["Mon, 04 May 2026 12:01:00 +99999999999999", "Mon, 99999999999999999999 May 2026", "x"]
)
def test_a_time_that_is_none_says_nothing_of_the_clocks(answers: Answers, said: str) -> None:
    decided = answers(200, b'{"decision": "denied"}', Date=said).check()
    assert decided.clock_differs == 0
