"""Kota's word that a PC is a device of a unit, kept by the PC: it holds even when Kota itself has forgotten.

A Kota that was restored from a backup from before the enrolment knows the PC by it again. To the desk it is a text
without meaning, to be kept and sent. It says nothing of whether the PC was struck off since.
"""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

TAG = b"kota-membership-1\0"
LIMIT_CHARS = 8 * 1024


class Membership(Struct, frozen=True, kw_only=True):
    """What Kota knew of the PC when it was enrolled; ``public_key`` in hex."""

    device: str
    unit: str
    public_key: str
    name: str
    enrolled_ms: int


def write(key: Ed25519PrivateKey, membership: Membership) -> str:
    """The text that the desk keeps: body and signature in hex. The same for the same PC, always."""
    body = msgspec.json.encode(membership)
    return f"{body.hex()}.{key.sign(TAG + body).hex()}"


def read(key: Ed25519PublicKey, text: str) -> Membership | None:
    """What ``text`` says, if ``key`` signed it."""
    if len(text) > LIMIT_CHARS:
        return None
    try:
        body, signature = map(bytes.fromhex, text.split("."))
        key.verify(signature, TAG + body)
        return msgspec.json.decode(body, type=Membership)
    except (InvalidSignature, ValueError):
        return None
