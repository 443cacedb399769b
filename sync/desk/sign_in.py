"""Whether somebody is the officer they say they are; needs no link.

An unknown officer costs as much time and gets the same answer as a wrong password.
"""

import logging

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from sync.case.unit import Officer
from sync.desk.errors import WrongPasswordError

_log = logging.getLogger(__name__)
_hasher = PasswordHasher()


def verify(known: tuple[Officer, str] | None, password: str) -> Officer:
    """The officer, if ``password`` is theirs; ``known`` is the officer with the verifier. Raises `WrongPasswordError`."""
    if known is None:
        _work_as_for_a_known_officer(password)
        raise WrongPasswordError
    officer, verifier = known
    try:
        _hasher.verify(verifier, password)
    except InvalidHashError as error:
        _log.warning("the verifier of officer %s cannot be read", officer.id)
        raise WrongPasswordError from error
    except VerificationError as error:
        raise WrongPasswordError from error
    return officer


def _work_as_for_a_known_officer(password: str) -> None:
    hash_secret_raw(
        password.encode(),
        bytes(_hasher.salt_len),
        time_cost=_hasher.time_cost,
        memory_cost=_hasher.memory_cost,
        parallelism=_hasher.parallelism,
        hash_len=_hasher.hash_len,
        type=Type.ID,
    )
