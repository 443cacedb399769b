"""What a desk says of itself every minute, and what Kota may order it to do in reply.

    POST /v1/heartbeat  Heartbeat -> Heard

A command is Kota's word under Kota's key, for one device in one epoch: whoever else gets hold of a reply can neither
make one up nor turn it on another PC.

    signature = Ed25519("kota-command-1" ‖ 0x00 ‖ device ‖ 0x00 ‖ id ‖ 0x00 ‖ kind ‖ 0x00 ‖ epoch)
"""

from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from sync.wire.messages import Reply


class CommandKind(StrEnum):
    """What Kota may order.

    ``wipe``: destroy the key, then the database. ``resnapshot``: take the whole feed anew. ``new_incarnation``: begin
    a new chain and send everything undelivered under it.
    """

    WIPE = "wipe"
    RESNAPSHOT = "resnapshot"
    NEW_INCARNATION = "new_incarnation"


class Command(Struct, frozen=True, kw_only=True):
    """One order. ``kind`` may be one this version does not know."""

    id: str
    kind: str
    signature: str


class Result(StrEnum):
    """What a desk made of a command.

    ``unverified``: the signature is not Kota's for this device and epoch; nothing was done.
    """

    DONE = "done"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"


class CommandAnswer(Struct, frozen=True, kw_only=True):
    """The desk's answer to one command, repeated until a heartbeat got through."""

    id: str
    result: Result


class Heartbeat(Struct, frozen=True, kw_only=True):
    """Facts of one desk; none of them is about a person.

    ``log`` and ``log_head`` are the end of its own chain, ``feed`` that of its unit's feed here; ``waiting`` and
    ``refused`` count entries, ``skipped`` events it cannot show. ``kota_ahead_ms`` is Kota's clock less the desk's,
    ``last_error`` the class of the last failure of its link.
    """

    incarnation: int
    log: int
    log_head: str
    waiting: int
    refused: int
    unit: str
    feed: int
    skipped: int
    app: str
    schema: int
    sqlite: str
    disk_free: int
    oldest_waiting_s: int | None = None
    kota_ahead_ms: int | None = None
    last_error: str | None = None
    answers: tuple[CommandAnswer, ...] = ()


class Heard(Reply, frozen=True, kw_only=True):
    """Kota keeps the heartbeat, and gives every command that is not answered."""

    commands: tuple[Command, ...] = ()


def command_bytes(device: str, command_id: str, kind: str, epoch: str) -> bytes:
    """What Kota signs to give a command."""
    return "\0".join(["kota-command-1", device, command_id, kind, epoch]).encode()


def sign_command(key: Ed25519PrivateKey, device: str, command_id: str, kind: str, epoch: str) -> Command:
    """The command as it travels."""
    signature = key.sign(command_bytes(device, command_id, kind, epoch))
    return Command(id=command_id, kind=kind, signature=signature.hex())


def command_signed_by(key: Ed25519PublicKey, device: str, command: Command, epoch: str) -> bool:
    """Whether ``key`` gave ``command`` to ``device`` in ``epoch``."""
    try:
        key.verify(bytes.fromhex(command.signature), command_bytes(device, command.id, command.kind, epoch))
    except (InvalidSignature, ValueError):
        return False
    return True
