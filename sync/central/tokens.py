"""Nonces and tokens: how a device proves its key, by Kota's clock alone.

Both are signed by Kota and kept nowhere, so any Kota of the same secret can check them. Whether the device may still
come in is asked of the directory at every request (`sync.central.enrolment.standing`), never of the token.
"""

import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from msgspec import Struct

from sync.central.problem import ProblemError
from sync.wire.errors import Code
from sync.wire.messages import TOKEN_SCHEME, Prove, token_challenge
from sync.world import World

NONCE_LASTS_S = 5 * 60
TOKEN_LASTS_S = 8 * 60 * 60
NONCE_BYTES = 16


class Claim(Struct, frozen=True, array_like=True):
    """Which device a token was given to."""

    device: str
    incarnation: int


class _WorldSigner(TimestampSigner):
    """Stamps with the time of a `World`."""

    world: World

    def get_timestamp(self) -> int:
        return self.world.wall_ms() // 1000


class Tokens:
    """Gives and checks nonces and tokens under ``secret``."""

    def __init__(self, world: World, secret: bytes) -> None:
        self._world = world
        self._nonces = _serializer(world, secret, "kota-nonce-1")
        self._tokens = _serializer(world, secret, "kota-token-1")

    def nonce(self) -> str:
        """For one `Prove` within `NONCE_LASTS_S`."""
        return str(self._nonces.dumps(self._world.chance(NONCE_BYTES).hex()))

    def prove(self, prove: Prove, public_key: bytes) -> str:
        """A token, if the nonce is ours and fresh and the signature is of ``public_key``; else 401."""
        _load(self._nonces, prove.nonce, NONCE_LASTS_S)
        challenge = token_challenge(prove.device, prove.incarnation, prove.nonce)
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(prove.signature), challenge)
        except (InvalidSignature, ValueError) as error:
            raise ProblemError(Code.TOKEN_NEEDED) from error
        return str(self._tokens.dumps([prove.device, prove.incarnation]))

    def claim(self, authorization: str | None) -> Claim:
        """Whose token stands in an ``Authorization`` header; else 401."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != TOKEN_SCHEME:
            raise ProblemError(Code.TOKEN_NEEDED)
        return msgspec.convert(_load(self._tokens, token, TOKEN_LASTS_S), Claim)


def _serializer(world: World, secret: bytes, salt: str) -> URLSafeTimedSerializer:
    signer = type("_Signer", (_WorldSigner,), {"world": world})
    return URLSafeTimedSerializer(
        secret,
        salt=salt,
        signer=signer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _load(serializer: URLSafeTimedSerializer, text: str, lasts_s: int) -> object:
    try:
        loaded: object = serializer.loads(text, max_age=lasts_s)
    except BadData as error:
        raise ProblemError(Code.TOKEN_NEEDED) from error
    return loaded
