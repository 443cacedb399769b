"""Who Kota is to its desks: an epoch, a key that signs feeds, and a clock that only labels."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.world import World


@dataclass(frozen=True)
class Kota:
    """``epoch`` names this history (it changes when a backup is restored); ``key`` vouches for every feed."""

    epoch: str
    key: Ed25519PrivateKey
    world: World

    def now_ms(self) -> int:
        """Kota's time in milliseconds, for the ``server_ms`` of a reply."""
        return self.world.wall_ms()

    def public_key(self) -> str:
        """What a desk checks signatures with: 32 bytes, hex."""
        return self.key.public_key().public_bytes_raw().hex()
