"""Enrolment: a one-time code and a key pair made on this PC become a device of a unit.

The key pair is on the disk before Kota is asked, so that asking again after a lost reply gets the same device. An
enrolment that fails leaves the home as it was, but for that key, and can be tried again with any code. A PC that is
enrolled is so again only if Kota has forgotten it, and then as the same device: its log goes on.
"""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from sync.desk import errors, keys, kota, wiping
from sync.desk.failures import Answered, Forgotten, LinkFailure, spoken
from sync.desk.home import Home
from sync.desk.link import Link
from sync.desk.store import device, rescue
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.wire.errors import Code
from sync.wire.messages import Enrol, Enrolled
from sync.world import World

PRIVATE_KEY_BYTES = 32
NAME_LIMIT = 200


class Invitation(Struct, frozen=True, kw_only=True):
    """The enrolment file of ``kota-central enrol-code --file``: where Kota is, how to trust it, and the code.

    ``server`` is an address, or several separated by spaces.
    """

    server: str
    ca: str
    code: str
    unit: str = ""


def read_invitation(file: Path) -> Invitation:
    """The invitation in ``file``. Raises `EnrolmentFileUnreadableError`."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Invitation)
    except (OSError, msgspec.DecodeError) as error:
        raise errors.EnrolmentFileUnreadableError(file=file) from error


def enrol(home: Home, invitation: Invitation, world: World, name: str) -> None:
    """Make ``home`` the home of a new device, which Kota shows as ``name``. Raises the `errors.DeskError` that fits."""
    link = _link(invitation)
    try:
        home.prepare()
        wiping.forget(home, world)
        database = Database(home.database, keys.load_or_make(home, world))
        try:
            _enrol(database, link, invitation, world, name[:NAME_LIMIT])
        finally:
            database.close()
    finally:
        link.close()


def _enrol(database: Database, link: Link, invitation: Invitation, world: World, name: str) -> None:
    known = database.read(device.identity)
    if known is not None:
        _enrol_again(database, known, link, invitation, name)
        return
    private = database.write(lambda c: device.keep_key(c, world.chance(PRIVATE_KEY_BYTES)))
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    answer = _ask(link, Enrol(code=invitation.code, public_key=public.hex(), name=name))
    who = Identity(
        device=answer.device,
        incarnation=answer.incarnation,
        unit=answer.unit,
        server=invitation.server,
        ca=invitation.ca,
        private_key=private,
        kota_key=bytes.fromhex(answer.kota_key),
        membership=answer.membership,
    )
    database.write(lambda c: _become(c, who, answer.epoch))


def _enrol_again(database: Database, known: Identity, link: Link, invitation: Invitation, name: str) -> None:
    """Become again what this PC was, if Kota has forgotten it: the same device, with its log."""
    already = errors.AlreadyEnrolledError(unit=known.unit.code)
    try:
        kota.Kota(link, known).sign_on()
    except Forgotten:
        pass
    except LinkFailure as failure:
        raise already from failure
    else:
        raise already
    public = Ed25519PrivateKey.from_private_bytes(known.private_key).public_key().public_bytes_raw()
    asked = Enrol(code=invitation.code, public_key=public.hex(), name=name, device=known.device)
    answer = _ask(link, asked)
    same = (answer.device, answer.unit.code, answer.kota_key) == (
        known.device,
        known.unit.code,
        known.kota_key.hex(),
    )
    if not same:
        raise already
    who = msgspec.structs.replace(
        known, server=invitation.server, ca=invitation.ca, membership=answer.membership
    )
    database.write(lambda c: device.save(c, who))


def _become(connection: Connection, who: Identity, epoch: str) -> None:
    device.enrolled(connection, who, epoch)
    # Entries that were saved from a damaged database while it could not be read who this PC was.
    rescue.chain_anew(connection, who)


def _link(invitation: Invitation) -> Link:
    addresses = invitation.server.split()
    if not addresses or not all(map(_usable, addresses)):
        raise errors.ServerAddressError(server=invitation.server)
    try:
        return Link(invitation.server, invitation.ca)
    except (ssl.SSLError, ValueError) as error:
        raise errors.CertificateUnreadableError from error


def _usable(server: str) -> bool:
    try:
        address = urlsplit(server)
        return address.scheme == "https" and bool(address.hostname) and address.port != 0
    except ValueError:
        return False


_SPOKEN: dict[Code, type[errors.DeskError]] = {
    Code.UNKNOWN_CODE: errors.CodeUnknownError,
    Code.CODE_EXPIRED: errors.CodeExpiredError,
    Code.CODE_USED: errors.CodeUsedError,
    # Of an enrolment only the code comes from a person.
    Code.UNREADABLE: errors.CodeUnknownError,
}


def _ask(link: Link, request: Enrol) -> Enrolled:
    try:
        return kota.enrol(link, request)
    except Answered as answer:
        raise _SPOKEN.get(answer.code, errors.HistoryDiffersError)() from answer
    except LinkFailure as failure:
        raise spoken(failure) from failure
