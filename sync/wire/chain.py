"""Numbered hash chains: what makes a hole, a swap or a changed byte in a feed or a log *detectable*.

    genesis        = SHA-256(tag ‖ 0x00 ‖ owner₁ ‖ 0x00 ‖ owner₂ …)
    head(n)        = SHA-256(head(n-1) ‖ n as 8 bytes, big-endian ‖ SHA-256(body n))
    signature(n)   = Ed25519(tag ‖ "-head" ‖ 0x00 ‖ owner₁ ‖ 0x00 … ‖ n as 8 bytes ‖ head(n))

The body is hashed on its own, so that retention may erase a body and leave the chain provable. One signature over a
head covers everything below it. Each end only ever computes its own head; a head that arrives is compared, never
adopted.
"""

from collections.abc import Iterable
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

HASH_BYTES = 32


class Owner(Struct, frozen=True):
    """Whose chain it is. Two owners can never share a head, so chains cannot be passed off as one another."""

    tag: bytes
    names: tuple[str, ...]

    def prefix(self, mark: bytes = b"") -> bytes:
        return b"\0".join([self.tag + mark, *(name.encode() for name in self.names)])


def feed_of(unit: str) -> Owner:
    """The events Kota publishes to ``unit``."""
    return Owner(b"kota-feed-1", (unit,))


def log_of(device: str, incarnation: int) -> Owner:
    """The entries of one device; a device restored from an image starts a new incarnation."""
    return Owner(b"kota-log-1", (device, str(incarnation)))


class Head(Struct, frozen=True):
    """The end of a chain as far as somebody knows it."""

    number: int
    hash: bytes


def genesis(owner: Owner) -> Head:
    """The head of an empty chain."""
    return Head(0, sha256(owner.prefix()).digest())


def extend(head: Head, body: bytes) -> Head:
    """The head after one more body."""
    number = head.number + 1
    return Head(number, sha256(head.hash + number.to_bytes(8) + sha256(body).digest()).digest())


def extend_all(head: Head, bodies: Iterable[bytes]) -> list[Head]:
    """The head after each of ``bodies``."""
    heads = []
    for body in bodies:
        head = extend(head, body)
        heads.append(head)
    return heads


def _signed_bytes(owner: Owner, head: Head, context: str) -> bytes:
    return b"\0".join([owner.prefix(b"-head"), context.encode()]) + head.number.to_bytes(8) + head.hash


def sign(key: Ed25519PrivateKey, owner: Owner, head: Head, *, context: str = "") -> bytes:
    """The signature that vouches for the whole chain up to ``head``.

    ``context`` binds it to more than the owner: Kota adds its epoch to the feeds it signs.
    """
    return key.sign(_signed_bytes(owner, head, context))


def signed_by(
    key: Ed25519PublicKey, owner: Owner, head: Head, signature: bytes, *, context: str = ""
) -> bool:
    """Whether ``signature`` is ``key``'s over ``head``."""
    try:
        key.verify(signature, _signed_bytes(owner, head, context))
    except InvalidSignature:
        return False
    return True
