"""Only Kota is believed to be Kota, over real TLS on loopback; and a wait can be ended at once."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from threading import Event, Thread

import msgspec
import pytest

from sync.desk import errors, throwaway
from sync.desk.failures import LinkFailure, NotKota, NotTrusted, OtherHistory, Unreachable, spoken
from sync.desk.kota import hello
from sync.desk.link import JSON, Link, trusting
from sync.desk.projection import LinkProblem
from sync.desk.throwaway import Authority
from sync.wire.messages import Hello
from sync.world import Machine

GREETING = msgspec.json.encode(Hello(epoch="e", server_ms=1, nonce="n", oldest=1, newest=1))


@pytest.fixture(scope="module")
def ours() -> Authority:
    return throwaway.authority(Machine())


@pytest.fixture(scope="module")
def foreign() -> Authority:
    return throwaway.authority(Machine())


@contextlib.contextmanager
def link_to(server: str, trusted: Authority, epoch: str | None = None) -> Iterator[Link]:
    with contextlib.closing(Link(server, trusted.pem, epoch)) as link:
        yield link


def failure_of(server: str, trusted: Authority, epoch: str | None = None) -> LinkFailure:
    with link_to(server, trusted, epoch) as link, pytest.raises(LinkFailure) as found:
        hello(link)
    return found.value


def test_kota_is_believed(ours: Authority) -> None:
    with throwaway.serving(ours, throwaway.reply_to_all(GREETING, JSON, mark=True)) as server:
        with link_to(server, ours, "e") as link:
            assert hello(link).nonce == "n"
        assert type(failure_of(server, ours, "other")) is OtherHistory


def test_the_next_address_is_taken_when_one_cannot_be_reached_or_is_not_kota(
    ours: Authority, foreign: Authority
) -> None:
    nobody = "https://127.0.0.1:1"
    reply = throwaway.reply_to_all(GREETING, JSON, mark=True)
    portal = throwaway.reply_to_all(b"<html>", "text/html", mark=False)
    with throwaway.serving(ours, reply) as kota, throwaway.serving(foreign, reply) as other:
        for servers in (f"{nobody} {kota}", f"{other} {nobody} {kota}"):
            with link_to(servers, ours, "e") as link:
                assert hello(link).nonce == hello(link).nonce == "n"
        assert type(failure_of(f"{nobody} {nobody}", ours)) is Unreachable
    with (
        throwaway.serving(ours, portal) as wrong,
        throwaway.serving(ours, reply) as kota,
        link_to(f"{wrong} {kota}", ours, "e") as link,
    ):
        # What was sent may have been done: only the next call goes elsewhere.
        with pytest.raises(NotKota):
            hello(link)
        assert hello(link).nonce == "n"


@pytest.mark.parametrize(
    ("body", "media_type", "mark"),
    [
        (b"<html>Log in to the network</html>", "text/html", False),
        (b"<html>Log in to the network</html>", "text/html", True),
        (GREETING, JSON, False),
        (GREETING, "text/html", True),
        (b'{"epoch":"e"}', JSON, True),
        (b"", JSON, True),
    ],
)
def test_a_portal_is_not_kota_even_with_a_trusted_certificate(
    ours: Authority, body: bytes, media_type: str, mark: bool
) -> None:
    with throwaway.serving(ours, throwaway.reply_to_all(body, media_type, mark=mark)) as server:
        assert type(failure_of(server, ours)) is NotKota


def test_a_program_too_old_to_push_is_told_so_and_not_that_the_histories_differ(ours: Authority) -> None:
    problem = b'{"epoch":"e","server_ms":1,"error":"update_needed"}'
    head = (
        f"HTTP/1.1 426 X\r\nX-Kota-Sync: 1\r\nContent-Type: {JSON}\r\nContent-Length: {len(problem)}\r\n\r\n"
    )
    with throwaway.serving(ours, head.encode() + problem) as server:
        failure = failure_of(server, ours, "e")
    assert failure.problem is LinkProblem.OUTDATED
    assert isinstance(spoken(failure), errors.ProgramOutdatedError)


def test_a_redirect_is_not_followed(ours: Authority) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://portal.invalid/\r\nContent-Length: 0\r\n\r\n"
    with throwaway.serving(ours, moved) as server:
        assert type(failure_of(server, ours)) is NotKota


def test_a_foreign_authority_is_not_trusted(ours: Authority, foreign: Authority) -> None:
    with throwaway.serving(foreign, throwaway.reply_to_all(GREETING, JSON, mark=True)) as server:
        assert type(failure_of(server, ours)) is NotTrusted


def test_another_name_on_the_certificate_is_not_trusted(ours: Authority) -> None:
    with throwaway.serving(ours, throwaway.reply_to_all(GREETING, JSON, mark=True)) as server:
        assert type(failure_of(server.replace("127.0.0.1", "localhost"), ours)) is NotTrusted


@contextlib.contextmanager
def plain_server(answer: bytes | None, arrived: Event | None = None) -> Iterator[str]:
    """Speaks no TLS: sends ``answer`` and hangs up, or says nothing at all."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                if arrived:
                    arrived.set()
                if answer is None:
                    connection.recv(65536)
                    connection.recv(65536)
                else:
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_what_does_not_speak_tls_is_not_kota(ours: Authority) -> None:
    with plain_server(b"HTTP/1.1 302 Found\r\nLocation: http://portal.invalid/\r\n\r\n") as server:
        assert type(failure_of(server, ours)) is NotKota


def test_a_line_that_goes_dead_in_the_handshake_is_a_dead_line(ours: Authority) -> None:
    with plain_server(b"") as server:
        assert type(failure_of(server, ours)) is Unreachable


def test_nobody_listening_is_unreachable(ours: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    assert type(failure_of(f"https://127.0.0.1:{port}", ours)) is Unreachable


def test_a_wait_for_kota_ends_at_once_when_interrupted(ours: Authority) -> None:
    arrived = Event()
    with plain_server(None, arrived) as server, link_to(server, ours) as link:
        failures: list[LinkFailure] = []

        def call() -> None:
            with pytest.raises(LinkFailure) as found:
                hello(link)
            failures.append(found.value)

        caller = Thread(target=call)
        caller.start()
        assert arrived.wait(5)
        link.interrupt()
        caller.join(2)

        assert not caller.is_alive()
        assert type(failures[0]) is Unreachable
        with pytest.raises(Unreachable):
            hello(link)


def test_only_the_given_authority_is_trusted(ours: Authority) -> None:
    assert len(trusting(ours.pem).get_ca_certs()) == 1
    with pytest.raises(ssl.SSLError):
        trusting("no certificate")
