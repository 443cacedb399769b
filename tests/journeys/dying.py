"""Runs one of our programs as it is and kills it -9 at a point that has a name.

    python -m tests.journeys.dying POINT MODULE ARGUMENT…       dies when it comes to POINT for the first time
    python -m tests.journeys.dying --list=FILE MODULE ARGUMENT… lives, and writes the points it passes into FILE

Points lie before and after every commit, named by the tables it writes; before and after every answer of Kota's; and
before and after every call of a desk's. They are set from here, around the seams of the libraries: the programs know
nothing of them, pay nothing for them, and nothing in a real installation can set one.
"""

import contextlib
import os
import re
import runpy
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

LIST = "--list="
WRITES = re.compile(r"(?:UPDATE|INSERT INTO|DELETE FROM) (\w+)")


class Points:
    """The points of this process, and what to do at each."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._list = Path(wanted.removeprefix(LIST)) if wanted.startswith(LIST) else None
        self._lock = threading.Lock()
        self._written = threading.local()

    def come_to(self, name: str) -> None:
        if self._list is not None:
            with self._lock, self._list.open("a") as names:
                names.write(f"{name}\n")
        elif name == self._wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    def lay(self, program: str) -> None:
        """Put them around everything that commits, and around the calls or the answers of ``program``."""
        event.listen(Engine, "before_cursor_execute", self._write)
        event.listen(Engine, "rollback", self._forget)
        commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            name = "commit of " + " ".join(sorted(self._tables()))
            written = bool(self._tables())
            self._tables().clear()
            if written:
                self.come_to(f"before {name}")
            commit(dialect, connection)
            if written:
                self.come_to(f"after {name}")

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
        if program.startswith("sync.central"):
            self._set_around_answers()
        else:
            self._set_around_calls()

    def _tables(self) -> set[str]:
        if not hasattr(self._written, "tables"):
            self._written.tables = set()
        tables: set[str] = self._written.tables
        return tables

    def _write(self, _: Connection, __: object, statement: str, *___: object) -> None:
        match = WRITES.match(statement)
        if match is not None:
            self._tables().add(match[1])

    def _forget(self, _: Connection) -> None:
        self._tables().clear()

    def _set_around_calls(self) -> None:
        # Here, because loading the other end as well takes longer than the life of many of these processes.
        from sync.desk.link import Link, Request  # noqa: PLC0415

        inner = Link._call

        @contextlib.contextmanager
        def calling(link: Link, request: Request, *rest: Any) -> Iterator[Any]:
            name = f"call {request.method} {request.path}"
            self.come_to(f"before {name}")
            with inner(link, request, *rest) as reply:
                self.come_to(f"after {name}")
                yield reply

        Link._call = calling  # type: ignore[method-assign, assignment]

    def _set_around_answers(self) -> None:
        from sync.central.http import app  # noqa: PLC0415

        build = app.build

        def built(*arguments: Any) -> Any:
            inner = build(*arguments)

            async def answering(scope: Any, receive: Any, send: Any) -> None:
                name = f"answer to {scope['method']} {scope['path']}"

                async def sending(message: Any) -> None:
                    if message["type"] == "http.response.start":
                        self.come_to(f"before {name}")
                    await send(message)

                await inner(scope, receive, sending)
                self.come_to(f"after {name}")

            return answering

        app.build = built  # type: ignore[assignment]


if __name__ == "__main__":
    point, module, *arguments = sys.argv[1:]
    Points(point).lay(module)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
