"""A desk's real window in its own process, worked through `tests.journeys.hands`."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Self

from sync.words import Tongue, Words

ANSWER_MARGIN_S = 20


class OrderFailedError(AssertionError):
    """The window did not show or do what the story says it must."""


class Window:
    """One run of the window on ``home``. Leaving the context closes it by kill if it still runs."""

    def __init__(self, home: Path, passphrase_file: Path) -> None:
        self.home = home
        environment = {**os.environ, "KOTA_DESK_PASSPHRASE_FILE": str(passphrase_file), "KOTA_LANGUAGE": "hi"}
        with (home / "window.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.journeys.hands", "--home", str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._listener = Thread(target=self._listen, name="listener")
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def order(self, **order: Any) -> dict[str, Any]:
        """Give one order and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=float(order.get("within_s", 0)) + ANSWER_MARGIN_S)
        except Empty:
            line = ""
        if not line:
            log = (self.home / "window.log").read_text()
            raise OrderFailedError(f"The window fell silent at {order}: {log[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        if not answer["done"]:
            raise OrderFailedError(f"{order}: {answer['problem']}; on the screen: {answer.get('read')}")
        return answer

    def press(self, keys: str) -> None:
        self.order(press=keys)

    def write(self, text: str, pause_ms: int = 0) -> None:
        self.order(write=text, pause_ms=pause_ms)

    def until(self, *words: str, within_s: float = 15) -> None:
        self.order(until=list(words), within_s=within_s)

    def gone(self, *words: str, within_s: float = 15) -> None:
        self.order(gone=list(words), within_s=within_s)

    def read(self) -> list[str]:
        texts: list[str] = self.order(read=True)["read"]
        return texts

    def picture(self, file: Path) -> None:
        self.order(picture=str(file))

    def kill(self) -> None:
        """Kill -9, as a power cut would."""
        self._process.kill()
        self._release()

    def close(self) -> int:
        """Close it as its user would; the exit code."""
        self.order(close=True)
        return self._release()

    @property
    def ended(self) -> bool:
        """Whether its user has closed it."""
        return self._process.poll() is not None

    def _release(self) -> int:
        code = self._process.wait(ANSWER_MARGIN_S)
        self._listener.join(ANSWER_MARGIN_S)
        for end in (self._process.stdin, self._process.stdout):
            if end is not None and not end.closed:
                end.close()
        return code


def said(sentence: str, tongue: Tongue = Tongue.HINDI, **values: object) -> str:
    """What the screen shows for ``sentence``, as far as it is known: its longest piece between unknown values."""
    found = Words(tongue).text(sentence)
    pieces = re.split(r"\{\w+\}", found.format(**values) if values else found)
    return max((piece.strip(" ·") for piece in pieces), key=len)


def waiting(n: int) -> str:
    """What the strip says of ``n`` entries that are saved here and not yet at Kota."""
    one, many = "{n} entry saved here, not yet at Kota", "{n} entries saved here, not yet at Kota"
    return Words(Tongue.HINDI).count(one, many, n)
