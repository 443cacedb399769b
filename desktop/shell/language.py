"""The language on the screen, switched at run time; and how moments and durations are said in it.

Each view gets the one `Language` of the window, reads its sentences in ``retranslate`` and connects that to
`changed`. Moments are shown in Indian Standard Time whatever the PC's own time zone is; digits are Latin, as police
forms write them. Nothing here may decide anything by the clock: it labels.
"""

from datetime import UTC, datetime, timedelta, timezone

from PySide6.QtCore import QObject, Signal

from sync.case.unit import Unit
from sync.words import Tongue, Words, mark
from sync.world import World

INDIA = timezone(timedelta(hours=5, minutes=30))

MONTHS = (
    mark("Jan"),
    mark("Feb"),
    mark("Mar"),
    mark("Apr"),
    mark("May"),
    mark("Jun"),
    mark("Jul"),
    mark("Aug"),
    mark("Sep"),
    mark("Oct"),
    mark("Nov"),
    mark("Dec"),
)


class Language(QObject):
    """The words in use. `changed` fires on the GUI thread after a switch, without payload."""

    changed = Signal()

    def __init__(self, tongue: Tongue, world: World) -> None:
        super().__init__()
        self._world = world
        self._words = {tongue: Words(tongue) for tongue in Tongue}
        self.words = self._words[tongue]
        # How far Kota's clock is ahead of this PC's; the screen shows Kota's time.
        self.ahead_ms = 0

    @property
    def tongue(self) -> Tongue:
        return self.words.tongue

    @property
    def other(self) -> Tongue:
        """What `switch` would change to."""
        return Tongue.ENGLISH if self.tongue is Tongue.HINDI else Tongue.HINDI

    def switch(self) -> None:
        """To the other language, everywhere at once."""
        self.words = self._words[self.other]
        self.changed.emit()

    def text(self, sentence: str, **values: object) -> str:
        """See `Words.text`."""
        return self.words.text(sentence, **values)

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """See `Words.count`."""
        return self.words.count(one, many, n, **values)

    def unit(self, unit: Unit) -> str:
        """The unit's name in this language."""
        return unit.name_hi if self.tongue is Tongue.HINDI else unit.name_en

    def now_ms(self) -> int:
        """Kota's time as well as it is known: the PC's clock, put right by the last verified reply."""
        return self._world.wall_ms() + self.ahead_ms

    def local(self, pc_ms: int) -> str:
        """A moment by this PC's clock, shown as Kota's time like every other on the screen."""
        return self.moment(pc_ms + self.ahead_ms)

    def clock(self) -> str:
        """Now, to the second."""
        return _india(self.now_ms()).strftime("%H:%M:%S")

    def moment(self, ms: int) -> str:
        """``14:03`` today, ``20 Nov 22:41`` this year, else with the year."""
        then, now = _india(ms), _india(self.now_ms())
        hour = then.strftime("%H:%M")
        if then.date() == now.date():
            return hour
        day = f"{then.day} {self.text(MONTHS[then.month - 1])}"
        return f"{day} {hour}" if then.year == now.year else f"{day} {then.year} {hour}"

    def moment_of(self, at: datetime) -> str:
        """The same for an aware datetime."""
        return self.moment(int(at.timestamp() * 1000))

    def ago(self, seconds: int) -> str:
        """How long ago, in one unit: ``7 seconds ago``."""
        if seconds < 60:
            return self.count("{n} second ago", "{n} seconds ago", max(0, seconds))
        if seconds < 3600:
            return self.count("{n} minute ago", "{n} minutes ago", seconds // 60)
        if seconds < 86_400:
            return self.count("{n} hour ago", "{n} hours ago", seconds // 3600)
        return self.count("{n} day ago", "{n} days ago", seconds // 86_400)

    def age(self, since_ms: int) -> str:
        """How long since a moment by Kota's clock, short enough for a list: ``4 min``, ``2 h 5 min``."""
        minutes = max(0, self.now_ms() - since_ms) // 60_000
        if minutes < 60:
            return self.text("{n} min", n=minutes)
        if minutes < 1440:
            return self.text("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
        return self.count("{n} day", "{n} days", minutes // 1440)

    def running(self, since_ms: int) -> str:
        """The time since a moment, running: ``04:31`` or ``2:04:31``; in days when it is no longer a matter of hours."""
        seconds = max(0, self.now_ms() - since_ms) // 1000
        if seconds >= 86_400:
            return self.age(since_ms)
        hours, rest = divmod(seconds, 3600)
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def _india(ms: int) -> datetime:
    # A clock that is years wrong must not bring the screen down.
    seconds = min(max(ms / 1000, 0), 253_402_000_000)
    return datetime.fromtimestamp(seconds, UTC).astimezone(INDIA)
