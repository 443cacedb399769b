"""How a PC becomes a device of a unit, and whether it still is one.

A code is good for one key, once, until it expires; it is stored by its hash only. The same code with the same key
again is a lost reply and gets the same device. A struck-off device gets nothing, whatever token it holds. A device that
a restore made Kota forget is known again by what Kota once signed for it, together with its own key.
"""

import hashlib
import logging
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.central.kota import Kota
from sync.central.problem import ProblemError
from sync.central.store import devices, directory, heartbeats
from sync.central.store.database import Connection, Store
from sync.central.store.devices import Device, EnrolCode
from sync.central.tokens import Claim, Tokens
from sync.wire import membership
from sync.wire.chain import genesis, log_of
from sync.wire.errors import Code
from sync.wire.membership import Membership
from sync.wire.messages import OLDEST, VERSION, Begin, Begun, Enrol, Enrolled, Hello, Prove, Token
from sync.words import SpokenError, mark
from sync.world import World, new_id

log = logging.getLogger(__name__)

# Crockford's base 32: 12 of them are 60 bits. What people mistake for one another is read as the one that is in it.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISTAKEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
CODE_CHARS = 12
GROUP_CHARS = 4
NAME_LIMIT = 200
FIRST_INCARNATION = 1
MOST_INCARNATIONS = 2**30


class UnknownUnitError(SpokenError):
    """No unit has that code."""

    sentence = mark("There is no unit {unit}; kota-central unit list shows all of them.")


class UnknownDeviceError(SpokenError):
    """No device has that id."""

    sentence = mark("There is no device {device}; kota-central device list shows all of them.")


def code_sha256(code: str) -> bytes:
    """The hash of a code as people type it: in either case, with or without dashes."""
    return hashlib.sha256(code.upper().translate(MISTAKEN).encode()).digest()


def make_code(connection: Connection, unit: str, expires_ms: int, world: World) -> str:
    """A new code for one PC of ``unit``; it is not kept and cannot be shown again. Raises `UnknownUnitError`."""
    if unit not in directory.units(connection):
        raise UnknownUnitError(unit=unit)
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in world.chance(CODE_CHARS))
    groups = [letters[start : start + GROUP_CHARS] for start in range(0, CODE_CHARS, GROUP_CHARS)]
    code = "-".join(groups)
    devices.add_code(connection, EnrolCode(code_sha256(code), unit, expires_ms))
    return code


def revoke(connection: Connection, device: str, at_ms: int) -> Device:
    """Strike a device off; a second time changes nothing. Raises `UnknownDeviceError`."""
    found = devices.find(connection, device)
    if found is None:
        raise UnknownDeviceError(device=device)
    if found.revoked_ms is None:
        devices.revoke(connection, device, at_ms)
    return found


def standing(connection: Connection, claim: Claim, *, under_wipe: bool = False) -> Device:
    """The device a token was given to, as it stands now; else 401 or 403.

    With ``under_wipe`` also one that was struck off and is to hear, or to say, that it must destroy what it has.
    """
    device = devices.find(connection, claim.device)
    if device is None:
        raise ProblemError(Code.TOKEN_NEEDED)
    if device.revoked_ms is not None and not (under_wipe and heartbeats.must_wipe(connection, device.id)):
        raise ProblemError(Code.DEVICE_REVOKED)
    return device


class Enrolment:
    """Answers ``hello``, ``enrol``, ``token`` and ``incarnation``."""

    def __init__(self, store: Store, kota: Kota, tokens: Tokens) -> None:
        self._store = store
        self._kota = kota
        self._tokens = tokens

    def hello(self) -> Hello:
        """Who is here, and a nonce."""
        return Hello(
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
            nonce=self._tokens.nonce(),
            oldest=OLDEST,
            newest=VERSION,
        )

    async def enrol(self, enrol: Enrol) -> Enrolled:
        """Raises `ProblemError` 404, 409 or 410 for the code, 422 for a key or name that is none."""
        key = _public_key(enrol)
        device = await self._store.write(lambda c: self._enrol(c, enrol, key))
        units = await self._store.read(directory.units)
        return Enrolled(
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
            device=device.id,
            incarnation=device.incarnation,
            unit=units[device.unit],
            kota_key=self._kota.public_key(),
            membership=self._membership(device),
        )

    def _enrol(self, connection: Connection, enrol: Enrol, key: bytes) -> Device:
        code = devices.find_code(connection, code_sha256(enrol.code))
        if code is None:
            raise ProblemError(Code.UNKNOWN_CODE)
        if code.device is not None:
            return _again(devices.find(connection, code.device), key)
        now = self._kota.now_ms()
        if now >= code.expires_ms:
            raise ProblemError(Code.CODE_EXPIRED)
        device_id = _former(connection, enrol) or new_id(self._kota.world)
        device = Device(
            id=device_id,
            unit=code.unit,
            public_key=key,
            name=enrol.name,
            enrolled_ms=now,
            incarnation=FIRST_INCARNATION,
            last=genesis(log_of(device_id, FIRST_INCARNATION)),
        )
        devices.add(connection, device)
        devices.use_code(connection, code.code_sha256, device_id, now)
        return device

    async def begin(self, claim: Claim, begin: Begin) -> Begun:
        """A log for the device that nobody else writes. Raises `ProblemError`: `standing`'s."""
        incarnation = await self._store.write(lambda c: _begin(c, claim, begin))
        log.warning("device %s begins incarnation %d", claim.device, incarnation)
        return Begun(epoch=self._kota.epoch, server_ms=self._kota.now_ms(), incarnation=incarnation)

    async def token(self, prove: Prove) -> Token:
        """Raises `ProblemError` 401 when the proof fails, 403 when the device was struck off."""
        claim = Claim(prove.device, prove.incarnation)
        forgotten = await self._store.read(lambda c: self._forgotten(c, prove))
        if forgotten is not None:
            # Nothing is written for somebody who only has the text.
            self._tokens.prove(prove, bytes.fromhex(forgotten.public_key))
            await self._store.write(lambda c: _return(c, forgotten))
        device = await self._store.read(lambda c: standing(c, claim, under_wipe=True))
        token = self._tokens.prove(prove, device.public_key)
        return Token(
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
            token=token,
            membership=self._membership(device),
        )

    def _membership(self, device: Device) -> str:
        return membership.write(
            self._kota.key,
            Membership(
                device=device.id,
                unit=device.unit,
                public_key=device.public_key.hex(),
                name=device.name,
                enrolled_ms=device.enrolled_ms,
            ),
        )

    def _forgotten(self, connection: Connection, prove: Prove) -> Membership | None:
        """What Kota itself once said of a device it does not know: it was restored from a backup from before."""
        if not prove.membership or devices.find(connection, prove.device) is not None:
            return None
        said = membership.read(self._kota.key.public_key(), prove.membership)
        known = said is not None and said.device == prove.device and said.unit in directory.units(connection)
        return said if known else None


def _begin(connection: Connection, claim: Claim, begin: Begin) -> int:
    devices.lock(connection, claim.device)
    device = standing(connection, claim)
    if not 1 <= begin.after < MOST_INCARNATIONS:
        raise ProblemError(Code.UNREADABLE)
    # Beyond both: a Kota restored from a backup may know of fewer than the device has used.
    incarnation = max(device.incarnation, begin.after) + 1
    devices.advance(connection, device.id, incarnation, genesis(log_of(device.id, incarnation)))
    return incarnation


def _return(connection: Connection, said: Membership) -> None:
    if devices.find(connection, said.device) is not None:
        return
    log.warning("device %s of unit %s was forgotten by a restore and came back", said.device, said.unit)
    device = Device(
        id=said.device,
        unit=said.unit,
        public_key=bytes.fromhex(said.public_key),
        name=said.name,
        enrolled_ms=said.enrolled_ms,
        incarnation=FIRST_INCARNATION,
        last=genesis(log_of(said.device, FIRST_INCARNATION)),
    )
    devices.add(connection, device)


def _former(connection: Connection, enrol: Enrol) -> str | None:
    """What the PC was called before Kota forgot it; None if it never was, or is somebody's name."""
    try:
        name = str(UUID(enrol.device))
    except ValueError:
        return None
    return name if name == enrol.device and devices.find(connection, name) is None else None


def _again(device: Device | None, key: bytes) -> Device:
    if device is None or device.public_key != key:
        raise ProblemError(Code.CODE_USED)
    if device.revoked_ms is not None:
        raise ProblemError(Code.DEVICE_REVOKED)
    return device


def _public_key(enrol: Enrol) -> bytes:
    if not 1 <= len(enrol.name) <= NAME_LIMIT:
        raise ProblemError(Code.UNREADABLE)
    try:
        key = bytes.fromhex(enrol.public_key)
        Ed25519PublicKey.from_public_bytes(key)
    except ValueError as error:
        raise ProblemError(Code.UNREADABLE) from error
    return key
