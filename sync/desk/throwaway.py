"""A throw-away certificate authority and a server of it on loopback, to try out TLS as it will really be used."""

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

from sync.wire.messages import MARK, MARK_HEADER, VERSION, Hello
from sync.world import World

LOOPBACK = "127.0.0.1"
DAY = timedelta(days=1)
TIMEOUT_S = 5


class Authority(Struct, frozen=True):
    """Its own certificate for `LOOPBACK`, signed by itself, with its private key; both PEM."""

    pem: str
    key_pem: str


def authority(world: World) -> Authority:
    """A new one, good for a day around now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-check")])
    now = datetime.fromtimestamp(world.wall_ms() / 1000, UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), int.from_bytes(world.chance(16)) >> 1)
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Authority(certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


@contextlib.contextmanager
def answering_hello(of: Authority, world: World) -> Iterator[str]:
    """The address of a server that answers every call with `Hello`."""
    greeting = Hello(epoch="self-check", server_ms=world.wall_ms(), nonce="", oldest=VERSION, newest=VERSION)
    with serving(of, reply_to_all(msgspec.json.encode(greeting), "application/json", mark=True)) as url:
        yield url


def reply_to_all(body: bytes, media_type: str, *, mark: bool, status: int = 200) -> bytes:
    """The bytes of one HTTP reply."""
    lines = [
        f"HTTP/1.1 {status} -",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    lines += [f"{MARK_HEADER}: {MARK}"] if mark else []
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def serving(of: Authority, reply: bytes) -> Iterator[str]:
    """The address of a server that answers every call with ``reply``."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = Thread(target=_serve, args=(listener, _context(of), reply), name="throw-away server")
        thread.start()
        try:
            yield f"https://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            # Wakes the thread out of waiting for the next call.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


def _context(of: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        file.touch(mode=0o600)
        file.write_text(of.key_pem + of.pem)
        context.load_cert_chain(file)
    return context


def _serve(listener: socket.socket, context: ssl.SSLContext, reply: bytes) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        # A caller that does not trust us hangs up, which is what is being tried.
        with contextlib.suppress(OSError), plain:
            plain.settimeout(TIMEOUT_S)
            with context.wrap_socket(plain, server_side=True) as connection:
                _read_call(connection)
                connection.sendall(reply)


def _read_call(connection: ssl.SSLSocket) -> None:
    """Read one call to its end: hanging up with some of it unread would destroy the reply on its way."""
    with connection.makefile("rb") as lines:
        length = 0
        while line := lines.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        lines.read(length)
