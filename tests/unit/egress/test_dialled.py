"""Calls go to the checked address alone, and to the device that the certificate names."""

import http.server
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from app.egress.allowance import Allowance, Refused
from app.egress.dialling import Deadline, Egress
from app.egress.failures import CallFailed
from app.egress.http import Session
from app.egress.trust import Trust
from tests.unit.egress.devices import LOOPBACK, Names, fine, get, serving


def test_the_device_gets_the_name_and_is_dialled_by_the_checked_address() -> None:
    names = Names(["127.0.0.1"])
    with serving() as device:
        url = f"http://lock.example:{device.server_port}/open?door=1"
        assert get(Egress(LOOPBACK, names), url) == (200, b"open")
    assert names.asked == ["lock.example"]
    assert device.asked == [("GET", "/open?door=1", f"lock.example:{device.server_port}")]


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1", "127.0.0.1"]])
def test_a_public_name_of_a_private_address_is_refused(answers: list[str]) -> None:
    with serving() as device, pytest.raises(Refused, match="KITH_EGRESS_ALLOW"):
        get(Egress(Allowance(), Names(answers)), f"http://evil.example:{device.server_port}/")
    assert device.asked == []


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
)
def test_the_systems_own_names_and_addresses_are_checked_too(host: str) -> None:
    with serving() as device, pytest.raises(Refused):
        get(Egress(Allowance()), f"http://{host}:{device.server_port}/")
    assert device.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001"])
def test_digits_that_a_c_library_reads_as_an_address_are_none(host: str) -> None:
    found = {each[4][0] for each in socket.getaddrinfo(host, 80)}
    assert found == {"127.0.0.1"}  # what would be dialled otherwise
    with serving() as device, pytest.raises(Refused, match="is no address"):
        get(Egress(LOOPBACK), f"http://{host}:{device.server_port}/")
    assert device.asked == []


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "[::ffff:0.0.0.0]", "169.254.169.254"])  # noqa: S104
def test_what_is_never_spoken_to_is_not_even_where_all_is_allowed(host: str) -> None:
    with serving() as device, pytest.raises(Refused, match="never"):
        get(Egress(Allowance.parse("0.0.0.0/0,::/0")), f"http://{host}:{device.server_port}/")
    assert device.asked == []


def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    """The first answer is public; a second look would find this machine."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])

    def once(handler: http.server.BaseHTTPRequestHandler) -> None:
        fine(handler)
        handler.close_connection = True

    with serving(once) as device:
        url = f"http://rebound.example:{device.server_port}/"
        with Session(Egress(LOOPBACK, names), Trust(), Deadline.after(20)) as session:
            assert [session.send("GET", url).status for _ in range(2)] == [200, 200]
    assert names.asked == ["rebound.example"]


def test_of_several_addresses_only_the_allowed_are_dialled() -> None:
    names = Names(["169.254.169.254", "10.0.0.1", "127.0.0.1"])
    with serving() as device:
        assert get(Egress(LOOPBACK, names), f"http://lock.example:{device.server_port}/")[0] == 200


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    def elsewhere(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving(elsewhere) as device:
        assert get(Egress(LOOPBACK), f"http://127.0.0.1:{device.server_port}/") == (307, b"")
    assert len(device.asked) == 1


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as device, serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
        assert get(Egress(LOOPBACK), f"http://127.0.0.1:{device.server_port}/")[0] == 200
    assert (len(device.asked), proxy.asked) == (1, [])


def test_a_resolver_that_hangs_ends_with_the_deadline() -> None:
    free = threading.Event()

    def hanging(host: str, port: int) -> list[str]:
        del host, port
        free.wait()
        return []

    with pytest.raises(CallFailed, match="before the connection was made") as error:
        get(Egress(LOOPBACK, hanging), "http://lock.example/", seconds=0.2)
    free.set()
    assert not error.value.sent


def test_a_machine_without_threads_can_look_names_up_again_once_it_has_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serving() as device:
        url = f"http://lock.example:{device.server_port}/"
        egress = Egress(LOOPBACK, lambda _host, _port: ["127.0.0.1"])
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", none_left)
            for _ in range(100):  # more than are looked up at once
                with pytest.raises(CallFailed, match="can't start new thread") as error:
                    get(egress, url)
                assert not error.value.sent
        assert get(egress, url) == (200, b"open")


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(CallFailed, match=r"lock\.invalid cannot be looked up") as error:
        get(Egress(LOOPBACK), "http://lock.invalid/")
    assert not error.value.sent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of lock.example, with its key."""
    file = tmp_path_factory.mktemp("tls") / "lock.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=lock.example", "-addext", "subjectAltName=DNS:lock.example"]
    subprocess.run(
        [*command.split(), *names, "-keyout", str(file), "-out", f"{file}.crt"],
        check=True,
        capture_output=True,
    )
    return file


def _trust(certificate: Path) -> dict[str, Trust]:
    pem = Path(f"{certificate}.crt").read_text()
    digest = subprocess.run(
        ["openssl", "x509", "-in", f"{certificate}.crt", "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pinned = digest.rpartition("=")[2].strip().replace(":", "").lower()
    return {
        "authority": Trust(authority=pem),
        "digest": Trust(sha256=pinned),
        "other digest": Trust(sha256="0" * 64),
        "machine": Trust(),
    }


@pytest.mark.parametrize(
    ("host", "trust", "why"),
    [
        ("lock.example", "authority", None),
        ("lock.example", "digest", None),
        ("other.example", "digest", None),
        ("other.example", "authority", "not valid for"),
        ("lock.example", "other digest", "not the given one"),
        ("lock.example", "machine", "verify failed"),
    ],
)
def test_tls_verifies_the_name_or_the_digest_before_anything_is_sent(
    certificate: Path, host: str, trust: str, why: str | None
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", certificate)
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with serving(context=context) as device:
        url = f"https://{host}:{device.server_port}/"
        egress, known = Egress(LOOPBACK, Names(["127.0.0.1"])), _trust(certificate)[trust]
        if why is None:
            assert get(egress, url, trust=known) == (200, b"open")
        else:
            with pytest.raises(CallFailed, match=why) as error:
                get(egress, url, trust=known)
            assert not error.value.sent
            assert device.asked == []
    assert names == [host]
