"""The rooms of one signed-in seat around one desk: what the officer wants goes to the lane, what changes comes back.

It is the only place that joins rooms to the desk. It reads on the GUI thread (each read under 16 ms) and writes only
through the bridge. It must never say *saved* before the store has.
"""

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from desktop.alarm.ringer import Ringer
from desktop.alarm.sound import Player
from desktop.alarm.window import AlarmWindow
from desktop.bridge import Bridge
from desktop.case.page import CasePage
from desktop.lock.page import LockPage
from desktop.queue.model import QueueModel
from desktop.queue.view import QueueView
from desktop.shell.language import Language
from desktop.shell.shortcuts import Key
from desktop.shell.window import MainWindow
from sync.case.entry import EntryData, Note
from sync.case.unit import Officer
from sync.desk.desk import Desk
from sync.desk.errors import DatabaseDamagedError, WipedError
from sync.desk.projection import Changed, TimelineLine
from sync.words import SpokenError

SECOND_MS = 1000


class Workplace(QObject):
    """See the module. `close` stops every timer and keeps what is typed; `lost` carries why there is no desk any more."""

    lost = Signal(object)

    def __init__(
        self, desk: Desk, bridge: Bridge, window: MainWindow, language: Language, player: Player
    ) -> None:
        super().__init__()
        self._desk, self._bridge, self._window, self._language = desk, bridge, window, language
        self.officer: Officer | None = None
        # What was last handed to the lane to keep, for an alert that is opened again before the lane is done.
        self._drafts: dict[tuple[str, str], str] = {}
        self.alarm, self.ringer = AlarmWindow(language), Ringer(player)
        self.lock, self.case = LockPage(language), CasePage(language, desk.unit)
        self.queue = QueueView(language, QueueModel(language, desk.queue_rows, desk.queue, self))
        self.work = QWidget()
        sides = QHBoxLayout(self.work)
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setSpacing(0)
        sides.addWidget(self.queue, 1)
        sides.addWidget(self.case, 2)
        self._second = QTimer(self, interval=SECOND_MS)
        self._second.timeout.connect(self._tick)
        self._connect()
        window.strip.show_sound(works=player.works)
        window.show_page(self.work)
        self._second.start()
        self._leave_seat()
        self._on_changed(Changed(status=True, officers=True))

    def _connect(self) -> None:
        self._bridge.changed.connect(self._on_changed)
        self._window.key_pressed.connect(self._on_key)
        # Queued: by then the window has its place and its parts have theirs.
        self._window.shown.connect(self._show_alarm, Qt.ConnectionType.QueuedConnection)
        self.lock.sign_in_wanted.connect(self._sign_in)
        self.queue.chosen.connect(self._open)
        self.case.entry_wanted.connect(self._record)
        self.case.draft_kept.connect(self._keep_draft)
        self.alarm.answered.connect(lambda: self._on_key(Key.ACKNOWLEDGE))
        self.ringer.sound_told.connect(lambda works: self._window.strip.show_sound(works=works))

    def close(self) -> None:
        """The window closes: what is typed goes to the lane, and everything falls silent."""
        self._second.stop()
        self.case.note.stop()
        self.ringer.stop()
        self.alarm.stop()

    def forget(self) -> None:
        """Take everything this desk showed off the screen, for good."""
        self.case.clear()
        self.work.deleteLater()
        self.lock.deleteLater()
        self._window.strip.show_officer(None)
        self._window.strip.show_status(None)
        self._window.show_waiting(0)

    # ---- what changes ----------------------------------------------------------------------------------------

    def _on_changed(self, change: Changed) -> None:
        if not self._alive():
            return
        if change.officers:
            self.lock.show_officers(self._desk.officers())
        self.queue.refresh()
        self.case.setVisible(not self.queue.empty)
        shown = self.case.alert_id
        if shown is not None and self.officer is not None:
            case = self._desk.case(shown)
            if case is None:
                self.case.clear()
            else:
                self.case.update_case(case)
        self._show_alarm()

    def _tick(self) -> None:
        if self._alive():
            self.case.tick()
            self.alarm.tick()

    def _alive(self) -> bool:
        """Show the status; False when there is none any more: Kota has had this PC wiped, or the file is damaged."""
        if not self._second.isActive():
            return False
        try:
            self._show_status()
        except (WipedError, DatabaseDamagedError) as error:
            self.close()
            self.lost.emit(error)
            return False
        return True

    def _show_status(self) -> None:
        status = self._desk.status()
        self._language.ahead_ms = status.kota_ahead_ms
        self._window.strip.show_status(status)
        self._window.show_waiting(status.waiting)
        self.queue.show_status(status)

    def _show_alarm(self) -> None:
        if not self._second.isActive():
            return  # Closed meanwhile; this was still on its way.
        rows = self._desk.alarming()
        if rows:
            self.ringer.start(live=any(row.live for row in rows))
        else:
            self.ringer.stop()
        if rows and not self._window.isVisible():
            return  # The alarm has no place beside a window that has none yet; `shown` comes at once.
        corner = self._window.mapToGlobal(QPoint(4, self._window.strip.height() + 4))
        appears = bool(rows) and not self.alarm.isVisible()
        self.alarm.show_alarming(rows, locked=self.officer is None, beside=QRect(corner, self.queue.size()))
        if appears:
            # Our keys answer the alarm. Where the system lets no window come forward by itself, it flashes instead,
            # and a click on the alarm remains.
            if self._window.isMinimized():
                self._window.showNormal()
            QApplication.alert(self._window)
            self._window.activateWindow()

    # ---- who sits here ---------------------------------------------------------------------------------------

    def _sign_in(self, officer: str, password: str) -> None:
        self._bridge.submit(lambda: self._desk.sign_in(officer, password), self._take_seat, self.lock.refuse)

    def _take_seat(self, officer: Officer) -> None:
        self.officer = officer
        self.lock.reset()
        self._window.strip.show_officer(officer)
        self._window.show_page(self.work)
        alarming = self._desk.alarming()
        chosen = self.queue.chosen_id()
        if alarming:
            self._go_to(alarming[0].alert_id)
        elif chosen is not None:
            self._open(chosen)
        self.queue.list.setFocus()
        self._show_alarm()

    def _leave_seat(self) -> None:
        # The order matters: a draft belongs to the officer who is leaving.
        self.case.note.keep_draft()
        self.officer = None
        self.case.clear()
        self.lock.reset()
        self._window.strip.show_officer(None)
        self._window.show_page(self.lock)
        self.lock.take_focus()
        self._show_alarm()

    # ---- what the officer wants ------------------------------------------------------------------------------

    def _on_key(self, key: Key) -> None:
        match key:
            case Key.LANGUAGE:
                self._language.switch()
            case Key.HELP:
                self._window.toggle_help()
            case Key.LOCK if self.officer is not None:
                self._leave_seat()
            case Key.ACKNOWLEDGE:
                self._answer()
            case Key.DISPATCH | Key.NOTE if self._window.stack.currentWidget() is self.work:
                self.case.press(key)

    def _answer(self) -> None:
        self._window.raise_()
        self._window.activateWindow()
        if self.officer is None:
            self._window.show_page(self.lock)
            self.lock.take_focus()
            return
        waiting = [row.alert_id for row in self._desk.alarming()]
        if waiting:
            self._window.show_page(self.work)
            if self.case.alert_id not in waiting:
                self._go_to(waiting[0])
            self.case.press(Key.ACKNOWLEDGE)

    def _go_to(self, alert_id: str) -> None:
        number = self._desk.row_of(alert_id)
        if number is not None:
            self.queue.choose(number)
        if self.case.alert_id != alert_id:
            self._open(alert_id)

    def _open(self, alert_id: str) -> None:
        officer, case = self.officer, self._desk.case(alert_id)
        if officer is None or case is None or alert_id == self.case.alert_id:
            return
        # Before the draft is read: leaving the other case keeps what was typed there.
        self.case.note.keep_draft()
        known = self._drafts.get((officer.id, alert_id))
        self.case.open(case, self._desk.draft(officer.id, alert_id) if known is None else known)

    def _record(self, alert_id: str, data: EntryData) -> None:
        officer = self.officer
        if officer is None:
            return

        def done(_line: TimelineLine) -> None:
            # What was typed behind it is the draft of another note already.
            if isinstance(data, Note) and self._drafts.get((officer.id, alert_id), "").strip() == data.text:
                self._drafts[officer.id, alert_id] = ""
            self.case.saved(alert_id, data)
            self._on_changed(Changed(alerts=frozenset({alert_id}), status=True))

        def failed(error: SpokenError) -> None:
            self.case.failed(alert_id, data, error.say(self._language.words))

        self._bridge.submit(lambda: self._desk.record(officer, alert_id, data), done, failed)

    def _keep_draft(self, alert_id: str, text: str) -> None:
        officer = self.officer
        if officer is None:
            return
        self._drafts[officer.id, alert_id] = text

        def done(_: None) -> None:
            if self.case.alert_id == alert_id:
                self.case.note.draft_stored(text)

        def failed(error: SpokenError) -> None:
            if self.case.alert_id == alert_id:
                self.case.note.say_wrong(error.say(self._language.words))

        self._bridge.submit(lambda: self._desk.keep_draft(officer.id, alert_id, text), done, failed)
