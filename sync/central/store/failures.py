"""How the failures of a database are said."""

from sync.words import SpokenError, mark


class StoreFailedError(Exception):
    """The database could not take or give anything just now (locked, disk full, away). Nothing of the write is kept."""


class NewerDatabaseError(SpokenError):
    """A newer program has written this database."""

    sentence = mark(
        "The database was made by a newer version of this program; install that version. Nothing was changed."
    )


class DatabaseDamagedError(SpokenError):
    """It is not a database of ours, or no longer one."""

    sentence = mark(
        "{file} is not a readable Kota database; keep the file and restore a backup. Nothing was changed."
    )


class DatabaseAddressError(SpokenError):
    """The address of a database is none, or has the password in it."""

    sentence = mark(
        "The address of the database must be sqlite or look like postgresql://user@host/name, without a password; "
        "the password belongs into a file."
    )


class DriverMissingError(SpokenError):
    """The optional part that speaks to PostgreSQL is not there."""

    sentence = mark("This installation cannot use PostgreSQL; install kota-alert-desk[central,postgresql].")


class ServerUnreachableError(SpokenError):
    """The PostgreSQL server does not let us in."""

    sentence = mark(
        "The PostgreSQL database {database} cannot be used ({reason}); check its address, the password, and that the "
        "server runs."
    )


class UnsafeServerError(SpokenError):
    """The PostgreSQL server is set up in a way that can lose what it has confirmed."""

    sentence = mark(
        "The PostgreSQL database {database} could lose what it has confirmed: {setting} is {value}; it must be {must}. "
        "Correct the settings of the server and try again."
    )


class NoKotaInDatabaseError(SpokenError):
    """The PostgreSQL database is empty, or of something else."""

    sentence = mark(
        "There is no Kota in the PostgreSQL database {database}; name the right one in kota.toml. Nothing was changed."
    )


class DatabaseTakenError(SpokenError):
    """The PostgreSQL database has a Kota, or something else, in it."""

    sentence = mark(
        "The PostgreSQL database {database} is not empty; name an empty one with --database. Nothing was changed."
    )
