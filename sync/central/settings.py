"""What stands in ``kota.toml``: where Kota listens, how desks reach it, where its database is. No secrets."""

import ipaddress
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

SQLITE = "sqlite"

TEMPLATE = """\
# Settings of this Kota. Change them while it is stopped; secrets are in other files.

# "sqlite" is a file in this folder. "postgresql://user@host/name" is a database that any number of Kotas may share;
# its password stands in secrets/database-password, or where PostgreSQL's own programs look for it.
database = {database}

[listen]
# The address of this machine to listen on: "0.0.0.0" is every network, "127.0.0.1" is this machine only.
host = {listen}
port = {port}

[public]
# The names and addresses under which desks reach Kota; the certificate is made out to these. Where several Kotas share
# a database, these are the addresses of all of them: a desk goes to the next when one does not answer. They stand in
# this order in enrolment files, but for those that mean "this machine".
hosts = {hosts}

[intake]
# How many messages a platform may send to this machine at once, and each second in the long run. Above it they are
# answered "later" (429) before they are taken; the platform sends them again.
burst = 2000
per_second = 200
"""


class Listen(Struct, frozen=True):
    """Where the server listens."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)]


class Public(Struct, frozen=True):
    """How desks reach it."""

    hosts: Annotated[tuple[str, ...], Meta(min_length=1)]


class Allowance(Struct, frozen=True):
    """How many messages one source may send."""

    burst: Annotated[int, Meta(ge=1)] = 2000
    per_second: Annotated[int, Meta(ge=1)] = 200


class Address(Struct, frozen=True):
    """Where the database is to be: as in ``kota.toml``, with the password if it needs one."""

    database: str = SQLITE
    password: str | None = None


EMBEDDED = Address()


class Settings(Struct, frozen=True):
    """What stands in ``kota.toml``."""

    listen: Listen
    public: Public
    database: str = SQLITE
    intake: Allowance = Allowance()

    def urls(self) -> tuple[str, ...]:
        """The addresses for enrolment files: not those that mean this machine, unless all do."""
        hosts = [host for host in self.public.hosts if not is_here(host)] or self.public.hosts
        return tuple(url(host, self.listen.port) for host in hosts)


def is_here(host: str) -> bool:
    """Whether a name or an address means the machine it is said on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url(host: str, port: int) -> str:
    """The ``https`` address of a host name, an IPv4 or an IPv6 address."""
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def write(listen: Listen, hosts: tuple[str, ...], database: str) -> str:
    """A new ``kota.toml``."""
    return TEMPLATE.format(
        # Every JSON string and list of strings is one of TOML as well.
        listen=msgspec.json.encode(listen.host).decode(),
        port=listen.port,
        hosts=msgspec.json.encode(hosts).decode(),
        database=msgspec.json.encode(database).decode(),
    )
