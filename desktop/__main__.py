"""``kota-desk``: the window; with a command, the desk without one.

Qt is imported only where a window or its fonts are wanted, so that commands start fast.
"""

import logging
import sys
from argparse import ArgumentParser

from sync import pace
from sync.desk import cli
from sync.desk.home import Home, passphrase_in_file
from sync.world import Machine


def main(argv: list[str] | None = None) -> int:
    """Carry out one command line; returns the exit code."""
    pace.answer_at_once()
    parser = ArgumentParser(
        prog="kota-desk", description="The desk of a control room. Without a command it opens the window."
    )
    cli.add_options(parser)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    cli.add_commands(commands)
    check = commands.add_parser("self-check", help="whether this installation can do its work")
    check.add_argument("--json", action="store_true", help="answer with one JSON object")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if options.command == "self-check":
        from desktop import self_check  # noqa: PLC0415  # Qt takes longer to load than most commands to run

        return self_check.main(Machine(), as_json=options.json)
    if options.command is not None:
        return cli.carry_out(options)
    from desktop import app  # noqa: PLC0415  # the same

    return app.build(Home.find(options.home, passphrase_in_file), Machine(), options.language).run()


if __name__ == "__main__":
    sys.exit(main())
