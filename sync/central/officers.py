"""Who may sign in at the desks of a unit. Desks learn of it through their feed, so it works without a link.

The password itself is never kept and never an argument of a command; what travels is an argon2id verifier.
"""

import re

from argon2 import PasswordHasher

from sync.case.unit import Officer
from sync.central.enrolment import UnknownUnitError
from sync.central.events import publish
from sync.central.store import directory
from sync.central.store.database import Connection
from sync.central.store.directory import OfficerRow
from sync.wire.messages import OfficerPublished
from sync.words import SpokenError, mark
from sync.world import World

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
NAME_LIMIT = 100
PASSWORD_MIN = 8
PASSWORD_MAX = 200


class UnknownOfficerError(SpokenError):
    """No officer of that unit has that id."""

    sentence = mark(
        "There is no officer {officer} in unit {unit}; kota-central officer list shows all of them."
    )


class OfficerElsewhereError(SpokenError):
    """The id is in use in another unit."""

    sentence = mark(
        "Officer {officer} belongs to unit {unit}; remove them there first, or choose another id."
    )


class OfficerIdError(SpokenError):
    """An id that would be mistyped or misread."""

    sentence = mark(
        "{officer} cannot be an officer's id; use up to 32 English letters, digits, dots, dashes."
    )


class OfficerNameError(SpokenError):
    """No name, or one no screen has room for."""

    sentence = mark("The officer's name must have 1 to 100 letters.")


class PasswordError(SpokenError):
    """Too short to protect anything, or not a password at all."""

    sentence = mark("The password must have at least 8 characters and stand on one line.")


def verifier(password: str) -> str:
    """The argon2id verifier of a password; takes about 0.1 s. Raises `PasswordError`."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX or not password.isprintable():
        raise PasswordError
    return PasswordHasher().hash(password)


def check(connection: Connection, unit: str, officer: Officer) -> None:
    """Whether ``officer`` can be added to ``unit``.

    Raises `UnknownUnitError`, `OfficerIdError`, `OfficerNameError` or `OfficerElsewhereError`.
    """
    if unit not in directory.units(connection):
        raise UnknownUnitError(unit=unit)
    if ID.fullmatch(officer.id) is None:
        raise OfficerIdError(officer=officer.id)
    if not 1 <= len(officer.name) <= NAME_LIMIT or not officer.name.isprintable():
        raise OfficerNameError
    held = directory.find_officer(connection, officer.id)
    if held is not None and held.unit != unit and held.removed_ms is None:
        raise OfficerElsewhereError(officer=officer.id, unit=held.unit)


def add(connection: Connection, world: World, unit: str, officer: Officer, proof: str) -> None:
    """Let ``officer`` sign in at ``unit`` with the password of the verifier ``proof``; also changes name or password.

    Raises what `check` raises.
    """
    held = directory.find_officer(connection, officer.id, lock=True)
    check(connection, unit, officer)
    directory.save_officer(connection, OfficerRow(officer.id, unit, officer.name), held)
    publish(connection, world, {unit}, OfficerPublished(officer=officer, verifier=proof, active=True))


def remove(connection: Connection, world: World, unit: str, officer: str) -> None:
    """Let the officer sign in no more, from each desk's next contact on. Raises `UnknownOfficerError`."""
    held = directory.find_officer(connection, officer, lock=True)
    if held is None or held.unit != unit or held.removed_ms is not None:
        raise UnknownOfficerError(officer=officer, unit=unit)
    directory.save_officer(connection, OfficerRow(held.id, unit, held.name, world.wall_ms()), held)
    gone = OfficerPublished(officer=Officer(held.id, held.name), verifier="", active=False)
    publish(connection, world, {unit}, gone)
