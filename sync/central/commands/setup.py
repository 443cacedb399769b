"""``init`` and ``serve``."""

import ipaddress
import re
import socket
from pathlib import Path

from sync import resources
from sync.central.commands.answer import AddCommand, Answer, Asked
from sync.central.commands.directory import password_in
from sync.central.settings import SQLITE, Address, Listen, is_here
from sync.words import mark

DEFAULT_PORT = 8443
EVERYWHERE = "0.0.0.0"  # noqa: S104  # a server for the districts is meant to be reached by them
THIS_MACHINE = "127.0.0.1"

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")

CREATED = mark(
    "Kota is set up in {folder}. Desks will reach it at {url}. Keep a copy of the folder in a safe place."
)


def port_number(text: str) -> int:
    """An argument that is a port. Raises ``ValueError``."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def host_name(text: str) -> str:
    """An argument that is an IP address, or a name a certificate can be made out to. Raises ``ValueError``."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if HOST_NAME.fullmatch(text) is None:
            raise
        return text


def add_to(add: AddCommand) -> None:
    """Add these commands."""
    command = add("init", "make certificates, keys, database and settings in a new folder", init)
    command.add_argument(
        "--host",
        action="extend",
        nargs="+",
        type=host_name,
        metavar="NAME",
        help="name or IP address under which desks reach this machine (default: its own name)",
    )
    command.add_argument("--port", type=port_number, default=DEFAULT_PORT)
    command.add_argument(
        "--database",
        default=SQLITE,
        metavar="ADDRESS",
        help="sqlite, a file in the folder (default), or postgresql://user@host/name, an empty database",
    )
    command.add_argument(
        "--database-password-file", type=Path, help="a file with the password for --database; it is copied"
    )
    command = add("serve", "serve desks and platforms until told to stop", serve)
    command.add_argument("--host", help="address to listen on instead of the one in kota.toml")
    command.add_argument("--port", type=port_number, help="port instead of the one in kota.toml")


def init(asked: Asked) -> Answer:
    """Make everything."""
    hosts = tuple(dict.fromkeys(asked.options.host or [socket.gethostname(), THIS_MACHINE]))
    listen = Listen(THIS_MACHINE if all(map(is_here, hosts)) else EVERYWHERE, asked.options.port)
    asked.home.create(hosts, listen, resources.units(), asked.world, _address(asked))
    facts = {"home": str(asked.home.folder.resolve()), "url": asked.home.settings().urls()[0]}
    return Answer(facts, lambda words: [words.text(CREATED, folder=facts["home"], url=facts["url"])])


def _address(asked: Asked) -> Address:
    file = asked.options.database_password_file
    return Address(asked.options.database, None if file is None else password_in(file))


def serve(asked: Asked) -> Answer:
    """Serve until told to stop."""
    # Here, because a web server is most of what there is to load, and no other command needs it.
    from sync.central import serving  # noqa: PLC0415

    options = asked.options
    serving.serve(asked.home, asked.world, options.host, options.port, options.listening)
    return Answer({})
