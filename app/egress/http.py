"""HTTP to a machine that a client named: to the checked address, without redirects and proxies, and
with a bound on time and size.
"""

import logging
import select
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import httpcore
import httpx

from app.egress.addresses import Address
from app.egress.allowance import Refused
from app.egress.dialling import Deadline, Egress, connected
from app.egress.failures import CallFailed, NotConnected
from app.egress.trust import Trust, UntrustedCertificate

MOST_BYTES: Final = 256 * 1024
"""Bytes that are read of one answer; the rest is not read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, its body cut at ``MOST_BYTES``."""

    status: int
    headers: httpx.Headers
    body: bytes


# They write addresses at INFO and headers at DEBUG, and both may hold secrets.
for _each in ("httpx", "httpcore"):
    logging.getLogger(_each).setLevel(logging.WARNING)


class Session:
    """Requests to one or more hosts before one deadline, which ``renew`` replaces; each host is
    looked up once.

    Cookies of an answer go with later requests to its host, as a login needs it.
    """

    def __init__(self, egress: Egress, trust: Trust, deadline: Deadline) -> None:
        self._deadline = deadline
        self._network = _Network(egress, trust, deadline)
        self._client = httpx.Client(
            transport=_Transport(self._network, trust.context()),
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": "kith", "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._client.close()

    def renew(self, deadline: Deadline) -> None:
        """Give the requests that follow another deadline; they use the same connections."""
        self._deadline = self._network.deadline = deadline

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        auth: httpx.Auth | None = None,
    ) -> Answer:
        """Send once. ``Refused`` for an address that is not allowed; else ``CallFailed``."""
        self._network.written = False
        with _in_words(self._network, self._deadline):
            request = self._client.build_request(
                method, url, headers=headers, content=content, timeout=self._deadline.left()
            )
            response = self._client.send(request, auth=auth, stream=True)
            try:
                body = b"".join(response.iter_raw())
            except (httpx.HTTPError, TimeoutError):
                body = b""  # the status came: the device has answered
            finally:
                response.close()
            return Answer(response.status_code, response.headers, body)


@contextmanager
def _in_words(network: "_Network", deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except (Refused, CallFailed):
        raise
    except UntrustedCertificate as error:
        raise CallFailed(str(error), sent=False) from None
    except (TimeoutError, httpx.TimeoutException):
        when = "the connection was made" if not network.written else "an answer came"
        raise CallFailed(f"the time was over before {when}", sent=network.written) from None
    except ssl.SSLError as error:
        raise CallFailed(str(error), sent=network.written) from None
    except OSError as error:
        if network.written:
            raise CallFailed(str(error), sent=True) from None
        raise NotConnected(str(error)) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        late = deadline.at <= time.monotonic()
        why = "the time was over before an answer came" if late else str(error)
        raise CallFailed(why or type(error).__name__, sent=network.written) from None


class _Network(httpcore.NetworkBackend):
    """Connects as ``Egress`` says."""

    def __init__(self, egress: Egress, trust: Trust, deadline: Deadline) -> None:
        self._egress = egress
        self._trust = trust
        self.deadline = deadline
        self._known: dict[tuple[str, int], list[Address]] = {}
        self.written = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline holds for all
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        addresses = self._known.get((host, port))
        if addresses is None:
            addresses = self._egress.addresses(host, port, self.deadline)
            self._known[host, port] = addresses
        return _Stream(connected(addresses, port, self.deadline), self, self._trust)


class _Stream(httpcore.NetworkStream):
    """A socket with a deadline, and a bound on what is read."""

    def __init__(self, connection: socket.socket, network: _Network, trust: Trust) -> None:
        self._socket = connection
        self._network = network
        self._trust = trust
        self._read = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        if self._read >= MOST_BYTES:
            raise httpcore.ReadError(f"the answer is longer than {MOST_BYTES:,} bytes")
        self._socket.settimeout(self._network.deadline.left())
        with _as_httpcore(httpcore.ReadError):
            data: bytes = self._socket.recv(min(max_bytes, MOST_BYTES - self._read))
        self._read += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        if buffer:
            self._read = 0  # of the answer to what is sent now
            self._network.written = True
            self._socket.settimeout(self._network.deadline.left())
            with _as_httpcore(httpcore.WriteError):  # an answer may have come first: it is read
                self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        try:
            self._socket.settimeout(self._network.deadline.left())
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        stream = _Stream(secured, self._network, self._trust)
        try:
            self._trust.check(secured.getpeercert(binary_form=True))
        except BaseException:
            stream.close()
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore has it
        if info == "is_readable":  # of a connection that waits: the device has closed it
            poll = select.poll()  # select.select fails from the descriptor 1024 on
            poll.register(self._socket, select.POLLIN)
            return bool(poll.poll(0))
        return None


@contextmanager
def _as_httpcore(failed: type[httpcore.NetworkError]) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise failed(str(error)) from None


class _Transport(httpx.BaseTransport):
    """A transport of httpx over httpcore with its own network, which ``httpx.HTTPTransport`` does
    not take. An answer's content coding is not undone, so that a small one cannot become a large
    one.
    """

    def __init__(self, network: _Network, context: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=network, retries=0, http2=False
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _as_httpx():
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                )
            )
        headers = [each for each in response.headers if each[0].lower() != b"content-encoding"]
        return httpx.Response(response.status, headers=headers, stream=_Body(response))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._response.iter_stream()

    def close(self) -> None:
        with _as_httpx():
            self._response.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error)) from error
    except httpcore.ProtocolError as error:
        # Its text may repeat what came, and a device may repeat what it got: an address, a secret.
        hung_up = str(error).startswith("Server disconnected")
        why = "the device hung up" if hung_up else "the answer is no HTTP"
        raise httpx.NetworkError(why) from None
    except (httpcore.NetworkError, httpcore.UnsupportedProtocol) as error:
        raise httpx.NetworkError(str(error)) from error
