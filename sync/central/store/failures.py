"""How the failures of a database are said."""

from sync.words import SpokenError, mark


class StoreFailedError(Exception):
    """The database could not take or give anything just now (locked, disk full, away). Nothing of the write is kept."""


class NewerDatabaseError(SpokenError):
    """A newer program has written this database."""

    sentence = mark(
        "The database was made by a newer version of this program; install that version. Nothing was changed."
    )


class DatabaseDamagedError(SpokenError, StoreFailedError):
    """It is not a database of ours, or no longer one."""

    sentence = mark(
        "The database {file} is damaged. Stop Kota, keep what is there, and put the newest backup in place with "
        "kota-central restore; the desks give back what the backup lacks."
    )


class DatabaseMissingError(SpokenError):
    """The folder is a Kota's, and its database is not in it."""

    sentence = mark(
        "The database {file} is not there. If a restore was cut off, carry it out again; else put the newest backup "
        "in place with kota-central restore."
    )


class KotaRunningError(SpokenError):
    """Somebody else has the database open."""

    sentence = mark(
        "Kota is running on this database, or another kota-central command is. Stop it, on every node, and try again. "
        "Nothing was changed."
    )


class DatabaseReplacedError(StoreFailedError):
    """The database was replaced by a backup while this Kota had lost sight of it: it must be started anew."""


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
